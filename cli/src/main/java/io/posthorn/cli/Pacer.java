package io.posthorn.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Holds a sender back to one message an interval, and to a rate of message bits. One thread. */
final class Pacer {
  private final long intervalNanos;
  private final double bitsPerSecond;
  private final long startNanos = System.nanoTime();
  private long messages;
  private double bits;

  /**
   * A pacer.
   *
   * @param interval between messages; zero for none
   * @param bitsPerSecond 0 for no limit
   */
  Pacer(Duration interval, double bitsPerSecond) {
    this.intervalNanos = interval.toNanos();
    this.bitsPerSecond = bitsPerSecond;
  }

  /** Waits until the next message may go. */
  void await(int messageBytes) throws InterruptedException {
    long dueNanos = messages * intervalNanos;
    if (bitsPerSecond > 0) {
      dueNanos = Math.max(dueNanos, (long) (bits / bitsPerSecond * 1e9));
    }
    messages++;
    bits += 8.0 * messageBytes;
    long waitNanos = dueNanos - (System.nanoTime() - startNanos);
    if (waitNanos > 0) {
      TimeUnit.NANOSECONDS.sleep(waitNanos);
    }
  }
}
