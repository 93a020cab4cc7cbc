package io.posthorn.protocol.congestion;

/**
 * Finds out whether somebody else holds a queue at the bottleneck. A queue of one's own vanishes
 * when one drains the pipe; if it does not, and is long or overflows, others fill it.
 */
final class QueueWatch {
  private static final int ROUNDS = 10;
  private static final int COMPETING_ROUNDS = 20;
  private static final long LEAST_NANOS = 1_000_000_000L;
  private static final long COMPETING_LEAST_NANOS = 2_000_000_000L;
  private static final long EMPTY_NANOS = 1_000_000L;

  private int roundsSinceEmpty;
  private long emptySinceNanos;
  private boolean overflowed;

  /** A round ends. */
  void onRound(PathDelay delay, boolean lossAtQueue, long nowNanos) {
    overflowed |= lossAtQueue;
    if (isEmpty(delay)) {
      onEmptied(nowNanos);
    } else {
      roundsSinceEmpty++;
    }
  }

  private void onEmptied(long nowNanos) {
    roundsSinceEmpty = 0;
    emptySinceNanos = nowNanos;
    overflowed = false;
  }

  /** Whether the least wait of the last round was as good as none. */
  static boolean isEmpty(PathDelay delay) {
    return delay.lastRoundQueueNanos() <= Math.max(EMPTY_NANOS, delay.minNanos() / 16);
  }

  /** Whether the queue was empty not long ago: then the bottleneck may run dry. */
  boolean isEmptyNowAndThen() {
    return roundsSinceEmpty <= ROUNDS;
  }

  /** Whether the queue has not been seen empty for so long that the flow should drain to look. */
  boolean wantsDrain(boolean competing, long nowNanos) {
    return roundsSinceEmpty >= (competing ? COMPETING_ROUNDS : ROUNDS)
        && nowNanos - emptySinceNanos >= (competing ? COMPETING_LEAST_NANOS : LEAST_NANOS);
  }

  /**
   * The flow has drained: whether it competes for the queue from now on.
   *
   * @param competing whether it did so far
   */
  boolean judge(PathDelay delay, boolean competing, long nowNanos) {
    long queueNanos = delay.lastRoundQueueNanos();
    boolean heavy = queueNanos > delay.minNanos() / 2 || overflowed;
    boolean stays = queueNanos > Math.max(PathDelay.NOISE_NANOS, delay.largestQueueNanos() / 2);
    boolean gone = queueNanos <= Math.max(EMPTY_NANOS, delay.largestQueueNanos() / 4);
    boolean result = competing ? !gone : stays && heavy;
    onEmptied(nowNanos);
    return result;
  }
}
