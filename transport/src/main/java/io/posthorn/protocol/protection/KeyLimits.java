package io.posthorn.protocol.protection;

/**
 * How long keys are used. Immutable.
 *
 * @param updatePackets packets sealed under one key before the next is taken
 * @param updateNanos how long after its first packet a key is replaced by the next, with the packet
 *     that is sealed then
 * @param sealPackets packets that may be sealed under one key at all, which matters when the peer
 *     does not answer an update; more than 64, because that many are held back for closing, and no
 *     fewer than {@code updatePackets}
 * @param forgeryPackets packets that may fail to verify during the whole connection
 */
public record KeyLimits(
    long updatePackets, long updateNanos, long sealPackets, long forgeryPackets) {
  private static final long UPDATE_PACKETS = 1L << 20;
  private static final long UPDATE_NANOS = 3_600_000_000_000L;
  private static final long SEAL_PACKETS = 1L << 23;
  private static final long FORGERY_PACKETS = 1L << 36;

  /**
   * Update at 2^20 packets, or after an hour, so that who takes the keys of a long connection has
   * an hour of it; never more than 2^23 under one key: the confidentiality limit of RFC 9001 §6.6
   * for packets up to 2^16 bytes (its Appendix B.1). At most 2^36 forgeries, the integrity limit of
   * the weakest suite there; AES-GCM alone would allow 2^52.
   */
  public static final KeyLimits DEFAULT =
      new KeyLimits(UPDATE_PACKETS, UPDATE_NANOS, SEAL_PACKETS, FORGERY_PACKETS);

  /** Checks the relations. */
  public KeyLimits {
    if (updatePackets < 1
        || updateNanos < 1
        || sealPackets <= NumberLimits.CLOSE_RESERVE_PACKETS
        || sealPackets < updatePackets
        || forgeryPackets < 1) {
      throw new IllegalArgumentException(
          "key limits "
              + updatePackets
              + ", "
              + updateNanos
              + " ns, "
              + sealPackets
              + ", "
              + forgeryPackets);
    }
  }
}
