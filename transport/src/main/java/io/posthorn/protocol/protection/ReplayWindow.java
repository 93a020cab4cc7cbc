package io.posthorn.protocol.protection;

import java.util.Arrays;

/**
 * Which packet numbers were opened: the newest {@link #PACKETS}, one bit each, in a ring. Older
 * numbers count as seen (the sliding window of RFC 4303 §3.4.3, wide enough that thousands of
 * packets may overtake one). Not thread-safe.
 */
final class ReplayWindow {
  /** Width of the window: the largest number and the 8,191 below it. */
  static final int PACKETS = 8192;

  private static final int WORDS = PACKETS / Long.SIZE;

  /** While so few packets have come, the ring need not hold more; an idle connection stays here. */
  private static final int FEW_WORDS = 4;

  private long[] seen = new long[FEW_WORDS];
  private long largest = -1;

  /** The largest number marked, -1 if none. */
  long largest() {
    return largest;
  }

  /** Whether the number is too old to say if it was opened. */
  boolean isStale(long packetNumber) {
    return packetNumber <= largest - PACKETS;
  }

  /** Whether the number was marked; meaningful if it is not stale. */
  boolean isDuplicate(long packetNumber) {
    return packetNumber <= largest && (seen[word(packetNumber)] & bit(packetNumber)) != 0;
  }

  /** Marks a number that is neither stale nor a duplicate, after its packet verified. */
  void mark(long packetNumber) {
    if (packetNumber >= (long) seen.length * Long.SIZE && seen.length < WORDS) {
      seen = Arrays.copyOf(seen, WORDS); // nothing has left the small one: each bit keeps its place
    }
    if (packetNumber > largest) {
      clear(largest + 1, packetNumber);
      largest = packetNumber;
    }
    seen[word(packetNumber)] |= bit(packetNumber);
  }

  /** Clears the bits of the numbers that enter the window, both ends included. */
  private void clear(long first, long last) {
    if (last - first >= PACKETS - 1) {
      Arrays.fill(seen, 0);
      return;
    }
    long firstMask = -1L << first; // shifts count modulo 64
    long lastMask = -1L >>> (Long.SIZE - 1 - (last & (Long.SIZE - 1)));
    int firstWord = word(first);
    int lastWord = word(last);
    if (firstWord == lastWord && last - first < Long.SIZE) {
      seen[firstWord] &= ~(firstMask & lastMask);
      return;
    }
    seen[firstWord] &= ~firstMask;
    int mask = seen.length - 1;
    for (int i = (firstWord + 1) & mask; i != lastWord; i = (i + 1) & mask) {
      seen[i] = 0;
    }
    seen[lastWord] &= ~lastMask;
  }

  private int word(long packetNumber) {
    return (int) (packetNumber >>> 6) & (seen.length - 1);
  }

  private static long bit(long packetNumber) {
    return 1L << packetNumber;
  }
}
