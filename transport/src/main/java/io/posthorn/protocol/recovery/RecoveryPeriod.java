package io.posthorn.protocol.recovery;

/**
 * One flight pays once for what it loses (RFC 9002 §7.3.2), and gets it back if all of it arrives
 * after all: when the recovery period began, the one before it, and what it lost. Not thread-safe.
 */
final class RecoveryPeriod {
  private long startNanos = -1;
  private long previousStartNanos = -1;
  private long lost;
  private long spurious;

  // Of the losses that are being found.
  private long foundSinceStart;
  private long foundSincePrevious;

  /** A packet that was sent then is found to be lost. */
  void onFound(long sentNanos) {
    foundSinceStart += sentNanos > startNanos ? 1 : 0;
    foundSincePrevious += sentNanos > previousStartNanos ? 1 : 0;
  }

  /**
   * All losses that show now are found: they begin a period, or belong to the one that goes on.
   *
   * @param newestSentNanos when the newest of them was sent
   */
  void onLost(long newestSentNanos, long nowNanos) {
    if (newestSentNanos > startNanos) {
      previousStartNanos = startNanos;
      startNanos = nowNanos;
      lost = foundSinceStart;
      spurious = 0;
    } else {
      lost += foundSincePrevious;
    }
    foundSinceStart = 0;
    foundSincePrevious = 0;
  }

  /**
   * A packet that counted as lost has arrived.
   *
   * @return whether the period never was: all that it lost arrived. What else its flight loses
   *     begins another (RFC 9438 §4.9).
   */
  boolean onSpuriousLoss(long sentNanos) {
    if (sentNanos <= previousStartNanos) {
      return false; // of an older period, which has paid already
    }
    spurious++;
    if (spurious != lost) {
      return false;
    }
    startNanos = previousStartNanos;
    lost = 0;
    spurious = 0;
    return true;
  }
}
