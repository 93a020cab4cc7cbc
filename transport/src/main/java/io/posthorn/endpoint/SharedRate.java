package io.posthorn.endpoint;

/** So many a second, and so many at once after some silence; for all who ask together. */
final class SharedRate {
  private final long intervalNanos;
  private final long burstNanos;
  private long paidAtNanos = Long.MIN_VALUE;

  SharedRate(int perSecond, int burst) {
    intervalNanos = 1_000_000_000L / perSecond;
    burstNanos = intervalNanos * burst;
  }

  /** Whether one more may be; takes note if so. */
  boolean allow(long nowNanos) {
    boolean may = has(nowNanos);
    if (may) {
      take(nowNanos);
    }
    return may;
  }

  /** Whether one more may be. */
  boolean has(long nowNanos) {
    return Math.max(paidAtNanos, nowNanos) - nowNanos <= burstNanos - intervalNanos;
  }

  /** There was one. */
  void take(long nowNanos) {
    paidAtNanos = Math.max(paidAtNanos, nowNanos) + intervalNanos;
  }
}
