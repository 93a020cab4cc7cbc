package io.posthorn.protocol.congestion;

/**
 * The start of a flow, and of each search for more: what is in flight doubles with each round trip,
 * as in slow start, until the rate grows no more or a queue begins to form (draft-ietf-ccwg-bbr,
 * "Startup"; RFC 9406).
 */
final class Startup {
  private static final double GROWTH = 1.25;
  private static final int FLAT_ROUNDS = 3;
  private static final int FROZEN_ROUNDS = 1;
  private static final double WINDOW_PACING = 1.5;

  /** MAX_RTT_THRESH (RFC 9406 §4.3): an eighth of a long path is a queue that overflows soon. */
  private static final long MOST_WAIT_NANOS = 16_000_000L;

  private static final long UNSET = Long.MAX_VALUE;

  private long windowBytes;
  private long frozenBytes = UNSET;
  private long fullRate;
  private int flatRounds;
  private boolean collapsed;

  /** One that begins with the initial window (RFC 9002 §7.2). */
  Startup(int packetBytes) {
    this.windowBytes = NewReno.initialWindow(packetBytes);
  }

  /** Bytes were acknowledged, and the application had more to send. */
  void onAcknowledged(long bytes) {
    windowBytes += bytes;
  }

  /**
   * Ends when the rate grows no more. Where a queue begins to form, what is in flight is enough
   * already, though the rate measured lags behind it by a round: more would only overflow.
   *
   * @return whether start-up is over
   */
  boolean isOver(
      PathDelay delay, long rate, long inFlightBytes, boolean roundEnds, boolean limited) {
    long threshold =
        Math.max(2 * PathDelay.NOISE_NANOS, Math.min(delay.minNanos() / 8, MOST_WAIT_NANOS));
    if (frozenBytes == UNSET && delay.waitExceeds(threshold)) {
      frozenBytes = inFlightBytes;
      flatRounds = 0;
    }
    if (!roundEnds) {
      return false;
    }
    if (frozenBytes != UNSET) {
      if (!delay.waitExceeds(threshold / 4)) {
        frozenBytes = UNSET; // it was noise
      } else if (++flatRounds > FROZEN_ROUNDS) {
        return true;
      }
    }
    if (limited) {
      return false;
    }
    if (rate >= fullRate * GROWTH) {
      fullRate = rate;
      flatRounds = 0;
      return false;
    }
    return ++flatRounds >= FLAT_ROUNDS;
  }

  /** It has ended. */
  void leave() {
    collapsed = false;
    frozenBytes = UNSET;
  }

  /** What ended it proved to be nothing. */
  void resume() {
    frozenBytes = UNSET;
    flatRounds = 0;
  }

  /** A probe found more: another round without growth ends the search. */
  void searchFrom(long bytes, long rate) {
    windowBytes = bytes;
    fullRate = rate;
    flatRounds = FLAT_ROUNDS - 1;
  }

  /** As {@link #searchFrom}, from what an earlier start-up reached. */
  void searchAgain(long rate) {
    searchFrom(windowBytes, rate);
  }

  /**
   * Nothing got through for long (RFC 9002 §7.6): begins anew, from {@code bytes}, or from the
   * least window if that happened before and no start-up has ended since.
   */
  void collapse(long bytes, long leastBytes) {
    windowBytes = collapsed ? leastBytes : Math.max(leastBytes, bytes);
    fullRate = 0;
    resume();
    collapsed = true;
  }

  /** The window before any rate is known. */
  long firstWindowBytes(int packetBytes, long leastBytes) {
    return Math.max(initialBytes(packetBytes, leastBytes), windowBytes);
  }

  /** At least what slow start would have; at most what was in flight when a queue began to form. */
  long windowBytes(long modelBytes, int packetBytes, long leastBytes) {
    long bytes = Math.min(frozenBytes, Math.max(windowBytes, modelBytes));
    return Math.max(initialBytes(packetBytes, leastBytes), bytes);
  }

  /** What the window asks to be paced at per round trip; 0 once a queue begins to form. */
  double pacedBytes() {
    return frozenBytes == UNSET ? WINDOW_PACING * windowBytes : 0;
  }

  private long initialBytes(int packetBytes, long leastBytes) {
    return collapsed ? leastBytes : NewReno.initialWindow(packetBytes);
  }
}
