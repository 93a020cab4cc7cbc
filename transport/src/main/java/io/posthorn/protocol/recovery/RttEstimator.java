package io.posthorn.protocol.recovery;

/**
 * Round-trip time as RFC 9002 §5 estimates it. Nanoseconds throughout. Not thread-safe.
 *
 * <p>Before the first sample the estimate is {@link #INITIAL_RTT_NANOS}, so that a first
 * retransmission neither waits long nor floods.
 */
public final class RttEstimator {
  /** Assumed before any sample; the handshake's retransmission interval. */
  public static final long INITIAL_RTT_NANOS = 250_000_000L;

  /** Timer granularity (RFC 9002 §6.1.2). */
  public static final long GRANULARITY_NANOS = 1_000_000L;

  /**
   * A guess is no less than this: a probe timeout by it is not below {@link #INITIAL_RTT_NANOS}.
   */
  private static final long LEAST_GUESS_NANOS = INITIAL_RTT_NANOS / 3;

  private boolean sampled;
  private long latestRttNanos;
  private long minRttNanos;
  private long smoothedRttNanos = INITIAL_RTT_NANOS;
  private long rttVarianceNanos = INITIAL_RTT_NANOS / 2;

  /**
   * Takes one sample.
   *
   * @param rttNanos from sending the largest newly acknowledged packet to its acknowledgement
   * @param ackDelayNanos the delay that the peer reports, already capped by its announced maximum
   */
  public void onSample(long rttNanos, long ackDelayNanos) {
    long sample = Math.max(1, rttNanos);
    latestRttNanos = sample;
    if (!sampled) {
      sampled = true;
      minRttNanos = sample;
      smoothedRttNanos = sample;
      rttVarianceNanos = sample / 2;
      return;
    }
    minRttNanos = Math.min(minRttNanos, sample);
    long adjusted = sample - ackDelayNanos >= minRttNanos ? sample - ackDelayNanos : sample;
    rttVarianceNanos = (3 * rttVarianceNanos + Math.abs(smoothedRttNanos - adjusted)) / 4;
    smoothedRttNanos = (7 * smoothedRttNanos + adjusted) / 8;
  }

  /**
   * Takes a guess for as long as there is no sample: better than {@link #INITIAL_RTT_NANOS}, and so
   * long at most, yet no sample.
   */
  void assume(long rttNanos) {
    if (sampled) {
      return;
    }
    smoothedRttNanos = Math.max(LEAST_GUESS_NANOS, Math.min(rttNanos, INITIAL_RTT_NANOS));
    rttVarianceNanos = smoothedRttNanos / 2;
  }

  /** The path may be a longer one by now: the newest sample is the smallest (RFC 9002 §5.2). */
  void onPersistentCongestion() {
    minRttNanos = latestRttNanos;
  }

  /** Forgets all samples: the path changed to another network (RFC 9002 §5, RFC 9000 §9.4). */
  public void reset() {
    sampled = false;
    latestRttNanos = 0;
    minRttNanos = 0;
    smoothedRttNanos = INITIAL_RTT_NANOS;
    rttVarianceNanos = INITIAL_RTT_NANOS / 2;
  }

  /** Whether there was a sample. */
  public boolean hasSample() {
    return sampled;
  }

  /** The last sample, 0 before the first. */
  public long latestRttNanos() {
    return latestRttNanos;
  }

  /** The smallest sample, 0 before the first. */
  public long minRttNanos() {
    return minRttNanos;
  }

  /** Exponentially weighted average. */
  public long smoothedRttNanos() {
    return smoothedRttNanos;
  }

  /** Mean deviation. */
  public long rttVarianceNanos() {
    return rttVarianceNanos;
  }

  /** Probe timeout without back-off (RFC 9002 §6.2.1). */
  public long probeTimeoutNanos(long maxAckDelayNanos) {
    return smoothedRttNanos + Math.max(4 * rttVarianceNanos, GRANULARITY_NANOS) + maxAckDelayNanos;
  }
}
