package io.posthorn.protocol.congestion;

/**
 * HyStart++ (RFC 9406): slow start that sees the round trip rise slows down, and ends when that was
 * no accident, before it has overrun the queue. Without the limit L, since all is paced (§4.3).
 */
final class HyStart {
  private static final long LEAST_THRESHOLD_NANOS = 4_000_000L;
  private static final long MOST_THRESHOLD_NANOS = 16_000_000L;
  private static final int THRESHOLD_DIVISOR = 8;
  private static final int SAMPLES = 8;
  private static final int CONSERVATIVE_DIVISOR = 4;
  private static final int CONSERVATIVE_ROUNDS = 5;
  private static final long NONE = Long.MAX_VALUE;

  private long lastRoundNanos = NONE;
  private long thisRoundNanos = NONE;
  private int samples;
  private long baselineNanos = NONE;
  private int conservativeRounds;

  /** A round trip was sampled; {@code roundBegins} if it is the first of a round. */
  void onSample(long rttNanos, boolean roundBegins) {
    if (roundBegins) {
      lastRoundNanos = thisRoundNanos;
      thisRoundNanos = NONE;
      samples = 0;
      if (baselineNanos != NONE) {
        conservativeRounds++;
      }
    }
    thisRoundNanos = Math.min(thisRoundNanos, rttNanos);
    samples++;
    if (samples < SAMPLES || lastRoundNanos == NONE) {
      return;
    }
    if (baselineNanos == NONE) {
      long threshold =
          Math.max(
              LEAST_THRESHOLD_NANOS,
              Math.min(MOST_THRESHOLD_NANOS, lastRoundNanos / THRESHOLD_DIVISOR));
      if (thisRoundNanos >= lastRoundNanos + threshold) {
        baselineNanos = thisRoundNanos;
        conservativeRounds = 0;
      }
    } else if (thisRoundNanos < baselineNanos) {
      baselineNanos = NONE; // it was an accident: slow start goes on
    }
  }

  /** By how much the window grows for so many acknowledged bytes. */
  long growthBytes(long acknowledgedBytes) {
    return baselineNanos == NONE ? acknowledgedBytes : acknowledgedBytes / CONSERVATIVE_DIVISOR;
  }

  /** Whether slow start ends. */
  boolean isOver() {
    return baselineNanos != NONE && conservativeRounds >= CONSERVATIVE_ROUNDS;
  }
}
