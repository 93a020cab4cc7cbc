package io.posthorn.protocol.recovery;

/**
 * How far behind, in packets and in time, a packet may be before it counts as lost (RFC 9002 §6.1).
 * Begins with the values of the RFC; each loss that proves spurious raises them, as §6.1.1 allows
 * and RFC 8985 §6.2 does for time, so that a path that reorders is not taken for one that loses.
 * Both come down again by half each time that nothing of sixteen recovery periods proved spurious.
 */
final class ReorderingThreshold {
  /** kPacketThreshold (RFC 9002 §6.1.1). */
  static final int INITIAL_PACKETS = 3;

  private static final int MOST_PACKETS = 4096;
  private static final int MOST_EIGHTHS = 8;
  private static final int PERIODS = 16;

  private int packets = INITIAL_PACKETS;
  private int eighths = 1;
  private int periodsSinceSpurious;
  private long raiseFromNanos = Long.MIN_VALUE;
  private long periodStartNanos = Long.MIN_VALUE;

  /**
   * A packet that counted as lost arrived after all. The time is raised once a round trip: what
   * held one packet up has mostly held up those behind it.
   *
   * @param distance how many numbers it stood behind the largest acknowledged one
   */
  void onSpuriousLoss(long distance, long nowNanos, RttEstimator rtt) {
    periodsSinceSpurious = 0;
    if (distance >= packets) {
      packets = (int) Math.min(distance + 1, MOST_PACKETS);
    } else if (nowNanos >= raiseFromNanos) {
      eighths = Math.min(2 * eighths, MOST_EIGHTHS);
      raiseFromNanos = nowNanos + rtt.smoothedRttNanos();
    }
  }

  /** Packets were declared lost, the newest of which left then. */
  void onLost(long nowNanos, long newestSentNanos) {
    if (newestSentNanos <= periodStartNanos) {
      return; // the same recovery period
    }
    periodStartNanos = nowNanos;
    periodsSinceSpurious++;
    if (periodsSinceSpurious >= PERIODS) {
      periodsSinceSpurious = 0;
      packets = Math.max(packets / 2, INITIAL_PACKETS);
      eighths = Math.max(eighths / 2, 1);
    }
  }

  /** Whether packets overtake each other by more than the RFC allows for. */
  boolean isSeen() {
    return packets > INITIAL_PACKETS || eighths > 1;
  }

  /** Packets acknowledged behind it that make one count as lost. */
  int packetThreshold() {
    return packets;
  }

  /** Time after its sending at which a packet counts as lost: from 9/8 to 2 round trips. */
  long lossDelayNanos(RttEstimator rtt) {
    long base = Math.max(rtt.smoothedRttNanos(), rtt.latestRttNanos());
    return Math.max(base + base / 8 * eighths, RttEstimator.GRANULARITY_NANOS);
  }
}
