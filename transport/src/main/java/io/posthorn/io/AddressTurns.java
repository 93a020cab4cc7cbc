package io.posthorn.io;

/**
 * Which share of the addresses is heard while more first messages come than can be answered. Were
 * each of them lost by chance, a client could be unlucky for long; so a part of the addresses is
 * heard at a time, each part for a little longer than a client waits before it asks again.
 */
final class AddressTurns {
  /** More than the 250 ms between a client's first attempts. */
  static final long TURN_NANOS = 252_000_000;

  /** A round of all parts is over before a client tires. */
  static final int MOST_PARTS = 8;

  /** More may have come than there was time for in one of so many slices: many got lost. */
  private static final int LOSSY = 8;

  /** Turns in a row with few, after which more are heard at a time. */
  private static final int SPARSE = 4;

  private int parts = 1;
  private int part;
  private long beganNanos;
  private int slices;
  private int overrun;
  private long heard;
  private long room;
  private int sparse;

  /** How many parts the addresses are divided into; 1 if all are heard. */
  int parts() {
    return parts;
  }

  /** The part that is heard, 0 to {@code parts} - 1. */
  int part() {
    return part;
  }

  /** All are heard from now on. */
  void begin(long nowNanos) {
    parts = 1;
    part = 0;
    beginTurn(nowNanos);
  }

  private void beginTurn(long nowNanos) {
    beganNanos = nowNanos;
    slices = 0;
    overrun = 0;
    heard = 0;
    room = 0;
  }

  /**
   * A slice of time is over.
   *
   * @param count how many were heard in it
   * @param most how many could have been; if it is all of them, more may have come
   * @return whether others are to be heard from now on
   */
  boolean onSlice(int count, int most, long nowNanos) {
    if (nowNanos - beganNanos < TURN_NANOS / 2) {
      return false; // what waited since the turn before tells nothing of this one
    }
    slices++;
    overrun += count == most ? 1 : 0;
    heard += count;
    room += most;
    if (nowNanos - beganNanos < TURN_NANOS) {
      return false;
    }
    int before = parts;
    if (overrun > slices / LOSSY) {
      parts = Math.min(2 * parts, MOST_PARTS);
      sparse = 0;
    } else if (heard * 3 >= room) {
      sparse = 0;
    } else if (++sparse == SPARSE) {
      parts = Math.max(1, parts / 2); // twice as many leave some room still
      sparse = 0;
    }
    beginTurn(nowNanos);
    part = (part + 1) % parts;
    return before > 1 || parts > 1;
  }
}
