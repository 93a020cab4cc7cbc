package io.posthorn.protocol;

import io.posthorn.protocol.handshake.TransportParameters;
import org.jspecify.annotations.Nullable;

/** What the application has an endpoint tell each new peer, beside its settings. */
public final class Announcement {
  private byte @Nullable [] registrationFingerprint;

  /** Tells nothing yet. */
  public Announcement() {}

  /**
   * Has peers that are met from now on told what the application's codec knows.
   *
   * @param fingerprint 32 bytes, copied
   */
  public void registrations(byte[] fingerprint) {
    registrationFingerprint = fingerprint.clone();
  }

  /** Adds it to the parameters of a handshake. */
  public TransportParameters addTo(TransportParameters parameters) {
    parameters.registrationFingerprint = registrationFingerprint;
    return parameters;
  }
}
