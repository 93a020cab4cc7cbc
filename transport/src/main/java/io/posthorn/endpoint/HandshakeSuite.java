package io.posthorn.endpoint;

import io.posthorn.Security;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.NoiseXX;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The one suite that an endpoint speaks (PROTOCOL.md §8), with the secrets that it needs: makes
 * either side of a handshake.
 */
final class HandshakeSuite {
  private final EndpointResources shared;
  private final StaticKey identity;
  private final byte @Nullable [] preSharedKey;
  private final int code;

  /**
   * Makes the suite that the options' security asks for.
   *
   * @param identity this endpoint's; erased by {@link #destroy}
   */
  HandshakeSuite(EndpointResources shared, StaticKey identity) {
    Security security = shared.options().security();
    this.shared = shared;
    this.identity = identity;
    this.preSharedKey = security.preSharedKey();
    this.code =
        !security.isEncrypted()
            ? WireLimits.SUITE_CLEAR
            : preSharedKey == null ? WireLimits.SUITE_NOISE_XX : WireLimits.SUITE_NOISE_XX_PSK3;
  }

  /** Its code on the wire. */
  int code() {
    return code;
  }

  /** The side of whoever opens a connection by this id of its own. */
  Handshake initiator(long initiatorConnectionId) {
    return watched(
        code == WireLimits.SUITE_CLEAR
            ? ClearHandshake.initiator(initiatorConnectionId, shared.random())
            : NoiseXX.initiator(identity, initiatorConnectionId, preSharedKey, shared.random()));
  }

  /** The side of whoever answers the one that opens a connection by this id. */
  Handshake responder(long initiatorConnectionId) {
    return watched(
        code == WireLimits.SUITE_CLEAR
            ? ClearHandshake.responder(initiatorConnectionId, shared.random())
            : NoiseXX.responder(identity, initiatorConnectionId, preSharedKey, shared.random()));
  }

  /**
   * Whether a key is this end's: M2 tells its instance to anybody who asks, so that alone proves
   * nothing. Without encryption there are no keys, and nobody is refused for one.
   */
  boolean isOwn(byte[] key) {
    return code == WireLimits.SUITE_CLEAR || Arrays.equals(key, identity.publicKey());
  }

  private Handshake watched(Handshake handshake) {
    EndpointTrace told = shared.trace();
    if (told != null) {
      told.keepKeys(handshake);
    }
    return handshake;
  }

  /** Erases the secrets; no handshake can be made from then on. */
  void destroy() {
    byte[] key = preSharedKey;
    if (key != null) {
      Arrays.fill(key, (byte) 0);
    }
    identity.destroy();
  }
}
