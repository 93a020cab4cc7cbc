package io.posthorn.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Holds a sender back to one message an interval, and to a rate of message bits. One thread. */
final class Pacer {
  /**
   * By how much a message may follow too soon on one that was late. Sleep is never exact, and would
   * add up; a sender that paused for longer has nothing to catch up on.
   */
  static final long SLACK_NANOS = 20_000_000L;

  private final long intervalNanos;
  private final double bitsPerSecond;
  private final long startNanos = System.nanoTime();
  private long nextNanos;

  /**
   * A pacer.
   *
   * @param interval between messages; zero for none
   * @param bitsPerSecond 0 for no limit
   */
  Pacer(Duration interval, double bitsPerSecond) {
    this.intervalNanos = TimeUnit.NANOSECONDS.convert(interval);
    this.bitsPerSecond = bitsPerSecond;
  }

  /** Waits until the next message may go. */
  void await(int messageBytes) throws InterruptedException {
    long waitNanos = waitNanos(messageBytes, System.nanoTime() - startNanos);
    if (waitNanos > 0) {
      TimeUnit.NANOSECONDS.sleep(waitNanos);
    }
  }

  /**
   * How long the next message, which is there now, has to wait; it is taken to go then.
   *
   * @param nowNanos since the beginning
   */
  long waitNanos(int messageBytes, long nowNanos) {
    long dueNanos = Math.max(nextNanos, nowNanos - SLACK_NANOS);
    long gapNanos = intervalNanos;
    if (bitsPerSecond > 0) {
      gapNanos = Math.max(gapNanos, (long) (8e9 * messageBytes / bitsPerSecond));
    }
    nextNanos = gapNanos > Long.MAX_VALUE - dueNanos ? Long.MAX_VALUE : dueNanos + gapNanos;
    return Math.max(0, dueNanos - nowNanos);
  }
}
