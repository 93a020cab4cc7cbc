package io.posthorn.cli;

import java.time.Duration;

/**
 * When the figures of a command that runs on are due: at each multiple of a step from the start.
 * Those that were missed, as by a process that stood still, are passed over. For one thread.
 */
final class FigureTimes {
  private final long startNanos;
  private final long stepNanos;
  private long dueNanos; // from the start

  FigureTimes(long startNanos, Duration step) {
    this.startNanos = startNanos;
    this.stepNanos = step.toNanos();
    this.dueNanos = stepNanos;
  }

  /** For how long to wait; zero if the next figures are due. */
  Duration left(long nowNanos) {
    return Duration.ofNanos(Math.max(0, dueNanos - (nowNanos - startNanos)));
  }

  /** What was due until now is not taken any more. */
  void pass(long nowNanos) {
    dueNanos = ((nowNanos - startNanos) / stepNanos + 1) * stepNanos;
  }

  /**
   * The next figures are taken, which are of now and not of when they were due; answers the seconds
   * from the start, in whole milliseconds.
   */
  double take(long nowNanos) {
    pass(nowNanos);
    return Math.rint((nowNanos - startNanos) / 1e6) / 1e3;
  }
}
