package io.posthorn.protocol.channel;

import java.util.Arrays;

/**
 * Ranges of one ordered channel that are under way in more than one packet: each write that repeats
 * something, in the order of sending, until its packet is settled. What a packet lost is not lost
 * while a later one carries it too.
 */
final class RepeatedRanges {
  private static final long[] NONE = new long[0];

  private long[] from = NONE;
  private long[] to = NONE;
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  /** A packet repeats [start, end). */
  void add(long start, long end) {
    if (count == from.length) {
      from = Arrays.copyOf(from, Math.max(8, count * 2));
      to = Arrays.copyOf(to, Math.max(8, count * 2));
    }
    from[count] = start;
    to[count] = end;
    count++;
  }

  /** The oldest packet that repeats exactly this is settled; nothing if there is none. */
  void settle(long start, long end) {
    for (int i = 0; i < count; i++) {
      if (from[i] == start && to[i] == end) {
        System.arraycopy(from, i + 1, from, i, count - i - 1);
        System.arraycopy(to, i + 1, to, i, count - i - 1);
        count--;
        return;
      }
    }
  }

  /** Takes all that is under way out of a set. */
  void removeFrom(OffsetRanges ranges) {
    for (int i = 0; i < count && !ranges.isEmpty(); i++) {
      ranges.remove(from[i], to[i]);
    }
  }
}
