package io.posthorn.protocol.congestion;

/**
 * How much round trips vary from one packet to the next (RFC 3393), as radio links make them: a
 * wait that comes and goes with each packet is no queue. A queue changes the round trip too, but
 * grows and shrinks over many packets, so only what goes to and fro counts; and the bursts of other
 * flows make it vary now and then, so the quieter ones of the last rounds count.
 */
final class DelayVariation {
  private static final int LEAST_SAMPLES = 8;
  private static final int ROUNDS = 8;
  private static final int QUIETER = 2;
  private static final int DECAY = 64;

  /**
   * From what goes to and fro between samples to how far the round trip of a full pipe lies above
   * the smallest. Where packets keep their order each waits for the slowest of those before it, so
   * that in a full pipe this is nearly all that the delay varies by.
   */
  private static final int REACH = 15;

  /** Less than this comes from timers and from one's own bursts. */
  private static final long NOISE_NANOS = 300_000L;

  private long lastNanos;
  private long lastStepNanos;
  private long sumNanos;
  private int samples;
  private final long[] rounds = new long[ROUNDS];
  private final long[] sorted = new long[ROUNDS];
  private int roundCount;
  private long usualNanos;

  /** A packet's round trip. */
  void onSample(long rttNanos) {
    if (lastNanos != 0) {
      long step = rttNanos - lastNanos;
      if (step < 0 != lastStepNanos < 0) {
        sumNanos += Math.min(Math.abs(step), Math.abs(lastStepNanos));
      }
      lastStepNanos = step;
      samples++;
    }
    lastNanos = rttNanos;
  }

  /**
   * A round ends. In a pipe that is full round trips vary less than while it filled, so what was
   * seen is forgotten slowly.
   */
  void endRound() {
    if (samples < LEAST_SAMPLES) {
      return; // goes on with the next
    }
    rounds[roundCount++ % ROUNDS] = Math.max(0, sumNanos / samples - NOISE_NANOS);
    sumNanos = 0;
    samples = 0;
    int known = Math.min(roundCount, ROUNDS);
    sort(known);
    long quietNanos = known < 2 ? 0 : sorted[Math.min(known / 3, QUIETER)];
    usualNanos = Math.max(quietNanos, usualNanos - usualNanos / DECAY);
  }

  /** By insertion: a library's sort is linked at its first call, here in the middle of a flow. */
  private void sort(int known) {
    for (int i = 0; i < known; i++) {
      int at = i;
      while (at > 0 && sorted[at - 1] > rounds[i]) {
        sorted[at] = sorted[at - 1];
        at--;
      }
      sorted[at] = rounds[i];
    }
  }

  /** How far above the smallest a round trip usually lies without any queue. */
  long nanos() {
    return REACH * usualNanos;
  }
}
