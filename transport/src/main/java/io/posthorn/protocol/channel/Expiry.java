package io.posthorn.protocol.channel;

/** When messages that wait are looked at for such as have become too old. */
final class Expiry {
  private static final long STEP_NANOS = 1_000_000L;

  private Expiry() {}

  /**
   * After a look: when the next one is due. Not more often than each millisecond: the queue may be
   * long, and each message has its time.
   *
   * @param earliestNanos when the first of those left expires, or Long.MAX_VALUE
   */
  static long nextLookNanos(long earliestNanos, long nowNanos) {
    return Math.max(earliestNanos, nowNanos + STEP_NANOS);
  }
}
