package io.posthorn.endpoint;

import java.net.InetSocketAddress;

/**
 * How many answers packets without a connection may get: a few a second for each address, and some
 * hundred over all. Addresses share places of a fixed table, so that nobody can make it grow; whom
 * that hits waits for the next timer instead of a quick answer.
 */
final class AnswerLimit {
  private static final int PLACES = 1024;
  private static final long INTERVAL_NANOS = 125_000_000L;
  private static final int BURST = 8;
  private static final long TOTAL_INTERVAL_NANOS = 2_000_000L;
  private static final int TOTAL_BURST = 100;

  private final int salt;
  // When the next answer would be due if they left evenly (the generic cell rate algorithm).
  private final long[] dueNanos = new long[PLACES];
  private long totalDueNanos;

  /**
   * Makes one that has answered nothing yet.
   *
   * @param salt spreads the addresses so that nobody can choose who shares a place
   */
  AnswerLimit(int salt) {
    this.salt = salt;
  }

  /** Whether an answer may leave for this address now; if so, it counts. */
  boolean allows(InetSocketAddress to, long nowNanos) {
    int mixed = (to.hashCode() ^ salt) * 0x9E3779B9;
    int place = mixed >>> (Integer.SIZE - Integer.numberOfTrailingZeros(PLACES));
    long due = Math.max(dueNanos[place], nowNanos);
    long totalDue = Math.max(totalDueNanos, nowNanos);
    if (due - nowNanos > (BURST - 1) * INTERVAL_NANOS
        || totalDue - nowNanos > (TOTAL_BURST - 1) * TOTAL_INTERVAL_NANOS) {
      return false;
    }
    dueNanos[place] = due + INTERVAL_NANOS;
    totalDueNanos = totalDue + TOTAL_INTERVAL_NANOS;
    return true;
  }
}
