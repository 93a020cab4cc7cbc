package io.posthorn.protocol.congestion;

/**
 * The path's own round trip, and by how much the queue lengthens it. What counts are means over a
 * round: on a path that reorders, single packets and acknowledgements arrive far ahead of the
 * others, and the smallest sample of all would say nothing of the pipe's length.
 */
final class PathDelay {
  /** The smallest round trip is looked for anew after so long. */
  static final long WINDOW_NANOS = 10_000_000_000L;

  /** Less than this is the noise of threads and timers, not a queue. */
  static final long NOISE_NANOS = 2_000_000L;

  private static final int RECENT = 8;
  private static final int SMOOTHING = 8;
  private static final int LEAST_SAMPLES = 24;
  private static final int LARGEST_DECAY = 64;

  private final long[] recent = new long[RECENT];
  private int recentCount;
  private long smoothedNanos;
  private long sumNanos;
  private int samples;
  private boolean measured;
  private long minNanos;
  private long minSetNanos;
  private long lastRoundQueueNanos;
  private long largestQueueNanos;

  /** A packet's round trip. */
  void onSample(long rttNanos, long nowNanos) {
    recent[recentCount & (RECENT - 1)] = rttNanos;
    recentCount++;
    smoothedNanos += (rttNanos - smoothedNanos) / Math.min(recentCount, SMOOTHING);
    sumNanos += rttNanos;
    samples++;
    if (!measured) {
      minNanos = sumNanos / samples;
      minSetNanos = nowNanos;
    }
    largestQueueNanos = Math.max(largestQueueNanos, queueNanos());
  }

  /** A round ends. */
  void endRound(long nowNanos) {
    largestQueueNanos -= largestQueueNanos / LARGEST_DECAY;
    if (samples < LEAST_SAMPLES) {
      return; // a thin flow: the next round counts too
    }
    long meanNanos = sumNanos / samples;
    // What comes close to the smallest shows that it still holds.
    if (!measured || meanNanos - minNanos < minNanos / 32) {
      minNanos = measured ? Math.min(minNanos, meanNanos) : meanNanos;
      minSetNanos = nowNanos;
      measured = true;
    }
    lastRoundQueueNanos = Math.max(0, meanNanos - minNanos);
    sumNanos = 0;
    samples = 0;
  }

  /** Whether the smallest round trip is too old. */
  boolean isStale(long nowNanos) {
    return nowNanos - minSetNanos > WINDOW_NANOS;
  }

  /** Forgets the smallest round trip; what comes next can only be smaller. */
  void forget(long nowNanos) {
    minNanos = smoothedNanos;
    minSetNanos = nowNanos;
  }

  /** The smallest round trip, 0 before the first sample. */
  long minNanos() {
    return minNanos;
  }

  /** The round trip of late. */
  long smoothedNanos() {
    return smoothedNanos;
  }

  /** How long a packet waits in the queue at present. */
  long queueNanos() {
    return Math.max(0, smoothedNanos - minNanos);
  }

  /**
   * Whether each of the last samples shows a longer wait than this: one alone may be an
   * acknowledgement that was delayed (RFC 9406 §4.2 takes eight too).
   */
  boolean waitExceeds(long nanos) {
    if (recentCount < RECENT) {
      return false;
    }
    for (long rttNanos : recent) {
      if (rttNanos - minNanos <= nanos) {
        return false;
      }
    }
    return true;
  }

  /** How long packets waited in the last round, on average. */
  long lastRoundQueueNanos() {
    return lastRoundQueueNanos;
  }

  /** The most that packets waited lately. */
  long largestQueueNanos() {
    return largestQueueNanos;
  }

  /** Whether the queue is so long that loss may come from it. */
  boolean isQueueHigh() {
    long least = Math.min(NOISE_NANOS, minNanos / 16);
    long queue = queueNanos();
    return queue > least && queue >= largestQueueNanos / 2 && waitExceeds(least / 2);
  }
}
