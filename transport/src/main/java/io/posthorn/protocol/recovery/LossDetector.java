package io.posthorn.protocol.recovery;

/** When a packet counts as lost: pure decisions (RFC 9002 §6.1). */
public final class LossDetector {
  /** Answer of {@link #lossTimeNanos}: lost at once. */
  public static final long LOST_NOW = Long.MIN_VALUE;

  /** Answer of {@link #lossTimeNanos}: not lost by anything known yet. */
  public static final long NEVER = Long.MAX_VALUE;

  private LossDetector() {}

  /**
   * Whether and when a packet counts as lost.
   *
   * @param packetThreshold see {@link ReorderingThreshold}
   * @return {@link #NEVER} while nothing later was acknowledged, {@link #LOST_NOW}, or when it
   *     counts as lost by time
   */
  public static long lossTimeNanos(
      long packetNumber,
      long largestAcknowledged,
      int packetThreshold,
      long sentNanos,
      long lossDelayNanos,
      long nowNanos) {
    if (packetNumber >= largestAcknowledged) {
      return NEVER;
    }
    if (largestAcknowledged - packetNumber >= packetThreshold) {
      return LOST_NOW;
    }
    long due = sentNanos + lossDelayNanos;
    return due <= nowNanos ? LOST_NOW : due;
  }

  /** How long losses must last to count as persistent congestion (RFC 9002 §7.6.1). */
  public static long persistentCongestionNanos(RttEstimator rtt, long maxAckDelayNanos) {
    return 3 * rtt.probeTimeoutNanos(maxAckDelayNanos);
  }
}
