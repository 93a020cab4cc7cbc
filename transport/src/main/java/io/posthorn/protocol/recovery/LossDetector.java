package io.posthorn.protocol.recovery;

/** When a packet counts as lost: pure decisions (RFC 9002 §6.1). */
public final class LossDetector {
  /** kPacketThreshold (RFC 9002 §6.1.1). */
  public static final int PACKET_THRESHOLD = 3;

  /** Answer of {@link #lossTimeNanos}: lost at once. */
  public static final long LOST_NOW = Long.MIN_VALUE;

  /** Answer of {@link #lossTimeNanos}: not lost by anything known yet. */
  public static final long NEVER = Long.MAX_VALUE;

  private LossDetector() {}

  /**
   * Whether and when a packet counts as lost.
   *
   * @return {@link #NEVER} while nothing later was acknowledged, {@link #LOST_NOW}, or when it
   *     counts as lost by time
   */
  public static long lossTimeNanos(
      long packetNumber,
      long largestAcknowledged,
      long sentNanos,
      long lossDelayNanos,
      long nowNanos) {
    if (packetNumber >= largestAcknowledged) {
      return NEVER;
    }
    if (largestAcknowledged - packetNumber >= PACKET_THRESHOLD) {
      return LOST_NOW;
    }
    long due = sentNanos + lossDelayNanos;
    return due <= nowNanos ? LOST_NOW : due;
  }

  /** kTimeThreshold × max(smoothed, latest RTT), at least the granularity (RFC 9002 §6.1.2). */
  public static long lossDelayNanos(RttEstimator rtt) {
    long base = Math.max(rtt.smoothedRttNanos(), rtt.latestRttNanos());
    return Math.max(base + base / 8, RttEstimator.GRANULARITY_NANOS);
  }

  /** How long losses must last to count as persistent congestion (RFC 9002 §7.6.1). */
  public static long persistentCongestionNanos(RttEstimator rtt, long maxAckDelayNanos) {
    return 3 * rtt.probeTimeoutNanos(maxAckDelayNanos);
  }
}
