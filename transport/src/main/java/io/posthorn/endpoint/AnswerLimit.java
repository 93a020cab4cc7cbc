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

  private int place(InetSocketAddress to) {
    int mixed = (to.hashCode() ^ salt) * 0x9E3779B9;
    return mixed >>> (Integer.SIZE - Integer.numberOfTrailingZeros(PLACES));
  }

  /** Whether an answer may leave for this address now. */
  boolean allows(InetSocketAddress to, long nowNanos) {
    return dueNanos[place(to)] - nowNanos <= (BURST - 1) * INTERVAL_NANOS
        && totalDueNanos - nowNanos <= (TOTAL_BURST - 1) * TOTAL_INTERVAL_NANOS;
  }

  /** An answer that is allowed leaves. */
  void count(InetSocketAddress to, long nowNanos) {
    int place = place(to);
    dueNanos[place] = Math.max(dueNanos[place], nowNanos) + INTERVAL_NANOS;
    totalDueNanos = Math.max(totalDueNanos, nowNanos) + TOTAL_INTERVAL_NANOS;
  }
}
