package io.posthorn.protocol.congestion;

/**
 * The gains that a flow cycles through once it knows its path, a round trip each: it sends more for
 * one to find out whether the path has more, less for the next to drain what that queued, and
 * cruises for six (BBR's ProbeBW as draft-cardwell-iccrg-bbr-congestion-control-00 had it).
 */
final class ProbingCycle {
  private static final double[] GAINS = {1.25, 0.75, 1, 1, 1, 1, 1, 1};
  private static final int PROBE_AT = 0;
  private static final int DRAIN_AT = 1;
  private static final int JUDGED_AT = 3;

  /** More than the noise of rates. */
  private static final double WORTH_MORE = 1.12;

  private int step;
  private long stepStartNanos;
  private long probeStartNanos;
  private long rateBeforeProbe = Long.MAX_VALUE;
  private long drainFromNanos = Long.MAX_VALUE;
  private long drainToNanos = Long.MAX_VALUE;

  /** Begins behind the drain. */
  void begin(long nowNanos) {
    step = DRAIN_AT + 1;
    stepStartNanos = nowNanos;
  }

  /**
   * Goes on to the next step if the present one is over.
   *
   * @param drained whether the drain has left no more in flight than the pipe holds
   * @param rate what the path brings, bytes per second
   * @return whether a step begins
   */
  boolean advance(long nowNanos, long pathNanos, boolean drained, long rate) {
    boolean over = nowNanos - stepStartNanos > pathNanos;
    if (!over && !drained) {
      return false;
    }
    if (step == DRAIN_AT) {
      drainToNanos = nowNanos;
    }
    step = (step + 1) % GAINS.length;
    stepStartNanos = nowNanos;
    if (step == PROBE_AT) {
      rateBeforeProbe = rate;
      probeStartNanos = nowNanos;
    } else if (step == DRAIN_AT) {
      drainFromNanos = nowNanos;
      drainToNanos = Long.MAX_VALUE;
    }
    return true;
  }

  boolean isProbe() {
    return step == PROBE_AT;
  }

  boolean isDrain() {
    return step == DRAIN_AT;
  }

  /** Whether what the last probe brought is known now. */
  boolean isJudged() {
    return step == JUDGED_AT;
  }

  /** Whether the last probe found that the path brings more. */
  boolean hasFoundMore(long rate) {
    return rate > rateBeforeProbe * WORTH_MORE;
  }

  long probeStartNanos() {
    return probeStartNanos;
  }

  /** Whether a packet was sent in the last drain. */
  boolean isOfDrain(long sentNanos) {
    return sentNanos >= drainFromNanos && sentNanos < drainToNanos;
  }

  /** What the rate is multiplied by. */
  double gain() {
    return GAINS[step];
  }
}
