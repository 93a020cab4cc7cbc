package io.posthorn.wire;

/** Every bound of the wire format. */
public final class WireLimits {
  /** The largest UDP payload over IPv4. */
  public static final int MAX_DATAGRAM_BYTES = 65_507;

  private WireLimits() {}
}
