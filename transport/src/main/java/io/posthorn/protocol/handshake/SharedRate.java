package io.posthorn.protocol.handshake;

/** So many a second, and so many at once after some silence; for all who ask together. */
public final class SharedRate {
  private final long intervalNanos;
  private final long burstNanos;
  private long paidAtNanos = Long.MIN_VALUE;

  /**
   * Makes one.
   *
   * @param burst so many at once
   */
  public SharedRate(int perSecond, int burst) {
    intervalNanos = 1_000_000_000L / perSecond;
    burstNanos = intervalNanos * burst;
  }

  /** Whether one more may be; takes note if so. */
  public boolean allow(long nowNanos) {
    boolean may = has(nowNanos);
    if (may) {
      take(nowNanos);
    }
    return may;
  }

  /** Whether one more may be. */
  public boolean has(long nowNanos) {
    return Math.max(paidAtNanos, nowNanos) - nowNanos <= burstNanos - intervalNanos;
  }

  /** There was one. */
  public void take(long nowNanos) {
    paidAtNanos = Math.max(paidAtNanos, nowNanos) + intervalNanos;
  }
}
