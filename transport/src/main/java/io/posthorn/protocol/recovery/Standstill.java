package io.posthorn.protocol.recovery;

/** The time that a process stood still: a laptop asleep, a stopped process. */
public final class Standstill {
  private static final long LEAST_NANOS = 1_000_000_000L;

  private Standstill() {}

  /** Whether a deadline is so late that it passed meanwhile, and not in the bustle of a system. */
  public static boolean hasOverslept(long deadlineNanos, long nowNanos) {
    return deadlineNanos <= nowNanos - LEAST_NANOS;
  }
}
