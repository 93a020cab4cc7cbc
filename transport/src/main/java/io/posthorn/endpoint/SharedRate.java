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
    long paidAt = Math.max(paidAtNanos, nowNanos);
    if (paidAt - nowNanos > burstNanos - intervalNanos) {
      return false;
    }
    paidAtNanos = paidAt + intervalNanos;
    return true;
  }
}
