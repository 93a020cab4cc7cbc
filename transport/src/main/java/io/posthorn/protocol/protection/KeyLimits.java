package io.posthorn.protocol.protection;

/**
 * How long keys are used. Immutable.
 *
 * @param updatePackets packets sealed under one key before the next is taken
 * @param sealPackets packets that may be sealed under one key at all, which matters when the peer
 *     does not answer an update; more than 64, because that many are held back for closing
 * @param forgeryPackets packets that may fail to verify during the whole connection
 */
public record KeyLimits(long updatePackets, long sealPackets, long forgeryPackets) {
  /**
   * Update at 2^20 packets and never more than 2^23 under one key: the confidentiality limit of RFC
   * 9001 §6.6 for packets up to 2^16 bytes (its Appendix B.1). At most 2^36 forgeries, the
   * integrity limit of the weakest suite there; AES-GCM alone would allow 2^52.
   */
  public static final KeyLimits DEFAULT = new KeyLimits(1L << 20, 1L << 23, 1L << 36);

  /** Checks the relations. */
  public KeyLimits {
    if (updatePackets < 1
        || sealPackets <= DataHeader.CLOSE_RESERVE_PACKETS
        || forgeryPackets < 1) {
      throw new IllegalArgumentException(
          "key limits " + updatePackets + ", " + sealPackets + ", " + forgeryPackets);
    }
  }
}
