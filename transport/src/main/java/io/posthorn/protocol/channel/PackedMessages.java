package io.posthorn.protocol.channel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Messages of one channel whose last byte is in the stream and not acknowledged yet, in the order
 * of the stream: rings of primitives, for there may be ten thousands of them.
 */
final class PackedMessages {
  private static final int INITIAL = 4;

  /** Capacity that is kept when nothing is in. */
  private static final int KEPT = 64;

  private long[] endOffsets = new long[INITIAL];
  private int[] bodyBytes = new int[INITIAL];

  /** Made when the first message with a receipt comes. */
  private @Nullable Object @Nullable [] receipts;

  private long first;
  private long next;

  boolean isEmpty() {
    return first == next;
  }

  void add(long endOffset, int bytes, @Nullable Object receipt) {
    if (next - first == endOffsets.length) {
      grow();
    }
    int at = (int) next & (endOffsets.length - 1);
    endOffsets[at] = endOffset;
    bodyBytes[at] = bytes;
    if (receipt != null && receipts == null) {
      receipts = new Object[endOffsets.length];
    }
    Object[] holders = receipts;
    if (holders != null) {
      holders[at] = receipt;
    }
    next++;
  }

  /** Where the first message ends; only if there is one. */
  long firstEndOffset() {
    return endOffsets[(int) first & (endOffsets.length - 1)];
  }

  /** Bytes of the first message's body. */
  int firstBodyBytes() {
    return bodyBytes[(int) first & (endOffsets.length - 1)];
  }

  /** What the first message's sender holds. */
  @Nullable Object firstReceipt() {
    Object[] holders = receipts;
    return holders == null ? null : holders[(int) first & (endOffsets.length - 1)];
  }

  void removeFirst() {
    Object[] holders = receipts;
    if (holders != null) {
      holders[(int) first & (endOffsets.length - 1)] = null;
    }
    first++;
    if (first == next && endOffsets.length > KEPT) {
      endOffsets = new long[KEPT];
      bodyBytes = new int[KEPT];
      receipts = null;
    }
  }

  private void grow() {
    int old = endOffsets.length;
    long[] ends = Arrays.copyOf(endOffsets, old * 2);
    int[] bytes = Arrays.copyOf(bodyBytes, old * 2);
    Object[] before = receipts;
    Object[] after = before == null ? null : new Object[old * 2];
    for (long i = first; i < next; i++) {
      int from = (int) i & (old - 1);
      int to = (int) i & (old * 2 - 1);
      ends[to] = endOffsets[from];
      bytes[to] = bodyBytes[from];
      if (after != null && before != null) {
        after[to] = before[from];
      }
    }
    endOffsets = ends;
    bodyBytes = bytes;
    receipts = after;
  }
}
