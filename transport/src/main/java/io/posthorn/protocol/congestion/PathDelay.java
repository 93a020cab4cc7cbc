package io.posthorn.protocol.congestion;

/**
 * The path's own round trip, and by how much the queue lengthens it. Samples are smoothed first: on
 * a path that reorders, a few packets arrive far ahead of the others, and the smallest sample of
 * all would say nothing of the pipe's length.
 */
final class PathDelay {
  /** The smallest round trip is looked for anew after so long. */
  static final long WINDOW_NANOS = 10_000_000_000L;

  /** Less than this is the noise of threads and timers, not a queue. */
  static final long NOISE_NANOS = 2_000_000L;

  private static final int RECENT = 8;
  private static final int MOST_SMOOTHING = 16;
  private static final int SMOOTHING_SHARE = 4;
  private static final int LARGEST_DECAY = 64;

  private final DelayVariation variation = new DelayVariation();
  private final long[] recent = new long[RECENT];
  private int recentCount;
  private long smoothedNanos;
  private int smoothing = 1;
  private int roundSamples;
  private long minNanos = Long.MAX_VALUE;
  private long minSetNanos;
  private long roundLeastNanos = Long.MAX_VALUE;
  private long lastRoundQueueNanos;
  private long largestQueueNanos;

  /** A packet's round trip. */
  void onSample(long rttNanos, long nowNanos) {
    recent[recentCount++ & (RECENT - 1)] = rttNanos;
    roundSamples++;
    variation.onSample(rttNanos);
    smoothedNanos += (rttNanos - smoothedNanos) / (smoothedNanos == 0 ? 1 : smoothing);
    // What comes close to the smallest shows that it still holds.
    if (smoothedNanos <= minNanos || smoothedNanos - minNanos < minNanos / 32) {
      minNanos = Math.min(minNanos, smoothedNanos);
      minSetNanos = nowNanos;
    }
    roundLeastNanos = Math.min(roundLeastNanos, smoothedNanos);
    largestQueueNanos = Math.max(largestQueueNanos, queueNanos());
  }

  /** A round ends. */
  void endRound() {
    smoothing = Math.max(1, Math.min(MOST_SMOOTHING, roundSamples / SMOOTHING_SHARE));
    roundSamples = 0;
    variation.endRound();
    lastRoundQueueNanos =
        roundLeastNanos == Long.MAX_VALUE ? 0 : Math.max(0, roundLeastNanos - emptyNanos());
    roundLeastNanos = Long.MAX_VALUE;
    largestQueueNanos -= largestQueueNanos / LARGEST_DECAY;
  }

  /** Whether the smallest round trip is too old. */
  boolean isStale(long nowNanos) {
    return nowNanos - minSetNanos > WINDOW_NANOS;
  }

  /** Forgets the smallest round trip; the next sample sets it. */
  void forget(long nowNanos) {
    minNanos = smoothedNanos;
    minSetNanos = nowNanos;
  }

  /** The smallest round trip, 0 before the first sample. */
  long minNanos() {
    return minNanos == Long.MAX_VALUE ? 0 : minNanos;
  }

  /** By how much the round trip of late exceeds the smallest, and what of that is granted. */
  private long waitNanos(long grantedNanos) {
    return Math.max(0, smoothedNanos - minNanos - grantedNanos);
  }

  /** The largest round trip that may yet be one without a queue. */
  private long emptyNanos() {
    return minNanos + variation.nanos();
  }

  /** The usual round trip without a queue, as far as one can tell; 0 before the first sample. */
  long pathNanos() {
    return minNanos() + Math.min(waitNanos(0), variation.nanos());
  }

  /** The round trip of late. */
  long smoothedNanos() {
    return smoothedNanos;
  }

  /** How long a packet waits in the queue at present. */
  long queueNanos() {
    return waitNanos(variation.nanos());
  }

  /**
   * Whether each of the last samples shows a longer wait than this: one alone may be an
   * acknowledgement that was delayed (RFC 9406 §4.2 takes eight too).
   */
  boolean waitExceeds(long nanos) {
    if (recentCount < RECENT) {
      return false;
    }
    long empty = emptyNanos();
    for (long rttNanos : recent) {
      if (rttNanos - empty <= nanos) {
        return false;
      }
    }
    return true;
  }

  /** The least that a packet waited in the last round. */
  long lastRoundQueueNanos() {
    return lastRoundQueueNanos;
  }

  /** The most that packets waited lately. */
  long largestQueueNanos() {
    return largestQueueNanos;
  }

  /**
   * Whether the queue is so long that loss may come from it. Half of the variation is granted: were
   * all of it, flows that crowd a short queue would take its overflow for the path's own loss.
   */
  boolean isQueueHigh() {
    long queue = waitNanos(variation.nanos() / 2);
    return queue > Math.min(NOISE_NANOS, minNanos / 16) && queue >= largestQueueNanos / 2;
  }
}
