package io.posthorn.protocol.channel;

import java.util.Arrays;

/**
 * A set of offsets as ascending, disjoint, non-touching ranges [start, end). Grows with the number
 * of ranges; callers bound that number through {@link #count}.
 */
public final class OffsetRanges {
  private static final long[] NONE = new long[0];

  /** Room for so many ranges is always kept, and counts as nothing. */
  private static final int KEPT = 16;

  private long[] start = NONE;
  private long[] end = NONE;
  private int count;

  /** Number of ranges. */
  public int count() {
    return count;
  }

  /** Bytes of heap that many ranges take, until few are left. */
  int memoryBytes() {
    return start.length <= KEPT ? 0 : 2 * Long.BYTES * start.length;
  }

  /** Whether there is none. */
  public boolean isEmpty() {
    return count == 0;
  }

  /** Where range {@code index} starts. */
  public long start(int index) {
    return start[index];
  }

  /** Where range {@code index} ends (exclusive). */
  public long end(int index) {
    return end[index];
  }

  /** Index of the first range that ends at or after {@code offset}; {@link #count} if none does. */
  int firstEndingFrom(long offset) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (end[middle] < offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Whether adding this range would raise {@link #count}. */
  public boolean wouldSplit(long from, long to) {
    int at = firstEndingFrom(from);
    return at == count || start[at] > to;
  }

  /** Whether all of [from, to) is in the set. */
  public boolean contains(long from, long to) {
    int at = firstEndingFrom(from);
    if (at < count && end[at] == from) {
      at++;
    }
    return at < count && start[at] <= from && end[at] >= to;
  }

  /** Adds [from, to). Returns how many offsets were new. */
  public long add(long from, long to) {
    if (from >= to) {
      return 0;
    }
    int at = firstEndingFrom(from);
    if (at == count || start[at] > to) {
      insert(at, from, to);
      return to - from;
    }
    long mergedStart = Math.min(start[at], from);
    long mergedEnd = to;
    long covered = 0;
    int after = at;
    while (after < count && start[after] <= to) {
      covered += Math.max(0, Math.min(end[after], to) - Math.max(start[after], from));
      mergedEnd = Math.max(mergedEnd, end[after]);
      after++;
    }
    start[at] = mergedStart;
    end[at] = mergedEnd;
    removeIndexes(at + 1, after);
    return to - from - covered;
  }

  /**
   * Adds what of [from, to) is not in the other set. Returns how many of its ranges were looked at.
   */
  int addMissing(long from, long to, OffsetRanges other) {
    int first = other.firstEndingFrom(from + 1); // not by way of all ranges before it
    long at = from;
    int i = first;
    for (; i < other.count && other.start[i] < to; i++) {
      add(at, other.start[i]);
      at = other.end[i];
    }
    add(at, to);
    return i - first;
  }

  /** Removes [from, to). */
  public void remove(long from, long to) {
    if (from >= to) {
      return;
    }
    int at = firstEndingFrom(from);
    while (at < count && start[at] < to) {
      if (end[at] <= from) {
        at++;
      } else if (start[at] < from && end[at] > to) {
        insert(at + 1, to, end[at]);
        end[at] = from;
        return;
      } else if (start[at] < from) {
        end[at] = from;
        at++;
      } else if (end[at] > to) {
        start[at] = to;
        return;
      } else {
        removeIndexes(at, at + 1);
      }
    }
  }

  /** Empties the set. */
  public void clear() {
    count = 0;
    dropRoom();
  }

  private void dropRoom() {
    if (start.length > KEPT && count <= KEPT / 2) {
      start = Arrays.copyOf(start, KEPT);
      end = Arrays.copyOf(end, KEPT);
    }
  }

  private void insert(int at, long from, long to) {
    if (count == start.length) {
      start = Arrays.copyOf(start, Math.max(2, count * 2));
      end = Arrays.copyOf(end, Math.max(2, count * 2));
    }
    System.arraycopy(start, at, start, at + 1, count - at);
    System.arraycopy(end, at, end, at + 1, count - at);
    start[at] = from;
    end[at] = to;
    count++;
  }

  private void removeIndexes(int from, int to) {
    System.arraycopy(start, to, start, from, count - to);
    System.arraycopy(end, to, end, from, count - to);
    count -= to - from;
    dropRoom();
  }
}
