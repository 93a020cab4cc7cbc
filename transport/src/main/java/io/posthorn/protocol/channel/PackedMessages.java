package io.posthorn.protocol.channel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Messages of one channel, or parts, whose last byte is in the stream and not acknowledged yet, in
 * the order of the stream, of which they are all bytes: two lengths each, the first unsigned, the
 * second inverted for a part that others follow, for there may be ten thousands.
 */
final class PackedMessages {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int ENTRY_BYTES = 8;
  private static final int INITIAL_BYTES = 16 * ENTRY_BYTES;

  /** Capacity that is kept when nothing is in. */
  private static final int KEPT_BYTES = 64 * ENTRY_BYTES;

  private static final byte[] NONE = new byte[0];

  private final RingPool rings;
  private byte[] entries = NONE;

  /** What was needed last: the next begins with it, if the pool has one. */
  private int usualBytes = INITIAL_BYTES;

  /** By the index of the entry; made when the first message with a receipt comes. */
  private @Nullable Object @Nullable [] receipts;

  private long first;
  private long next;
  private long firstOffset;
  private long endOffset;

  PackedMessages(RingPool rings) {
    this.rings = rings;
  }

  boolean isEmpty() {
    return first == next;
  }

  /**
   * The stream goes to {@code end} now, and what is new there is a part that others follow, or what
   * there is of a message that was given up.
   */
  void addPart(long end, int bodyBytes) {
    add(end, ~bodyBytes, null);
  }

  /**
   * The stream goes to {@code end} now, and what is new there is this message, or its last part.
   */
  void add(long end, int bodyBytes, @Nullable Object receipt) {
    if ((next - first) * ENTRY_BYTES == entries.length) {
      grow();
    }
    int at = at(next);
    INT.set(entries, at, (int) (end - endOffset));
    INT.set(entries, at + Integer.BYTES, bodyBytes);
    if (receipt != null && receipts == null) {
      receipts = new Object[entries.length / ENTRY_BYTES];
    }
    Object[] holders = receipts;
    if (holders != null) {
      holders[at / ENTRY_BYTES] = receipt;
    }
    endOffset = end;
    next++;
  }

  private int at(long index) {
    return (int) (index * ENTRY_BYTES) & (entries.length - 1);
  }

  /** Where the first message ends; only if there is one. */
  long firstEndOffset() {
    return firstOffset + Integer.toUnsignedLong((int) INT.get(entries, at(first)));
  }

  /** Bytes of the first message's body. */
  int firstBodyBytes() {
    int bytes = (int) INT.get(entries, at(first) + Integer.BYTES);
    return bytes < 0 ? ~bytes : bytes;
  }

  /** Whether the first is no message, nor the last part of one. */
  boolean isFirstPart() {
    return (int) INT.get(entries, at(first) + Integer.BYTES) < 0;
  }

  /** What the first message's sender holds. */
  @Nullable Object firstReceipt() {
    Object[] holders = receipts;
    return holders == null ? null : holders[at(first) / ENTRY_BYTES];
  }

  void removeFirst() {
    firstOffset = firstEndOffset();
    Object[] holders = receipts;
    if (holders != null) {
      holders[at(first) / ENTRY_BYTES] = null;
    }
    first++;
    if (first == next && entries.length > KEPT_BYTES) {
      usualBytes = entries.length;
      rings.give(entries);
      entries = NONE;
      receipts = null;
    }
  }

  private void grow() {
    byte[] before = entries;
    Object[] holdersBefore = receipts;
    byte[] after = before.length == 0 ? rings.takeKept(usualBytes) : NONE;
    if (after.length == 0) {
      after = rings.take(Math.max(INITIAL_BYTES, before.length * 2));
    }
    Object[] holders = holdersBefore == null ? null : new Object[after.length / ENTRY_BYTES];
    for (long i = first; i < next; i++) {
      int from = (int) (i * ENTRY_BYTES) & (before.length - 1);
      int to = (int) (i * ENTRY_BYTES) & (after.length - 1);
      System.arraycopy(before, from, after, to, ENTRY_BYTES);
      if (holders != null && holdersBefore != null) {
        holders[to / ENTRY_BYTES] = holdersBefore[from / ENTRY_BYTES];
      }
    }
    rings.give(before);
    entries = after;
    receipts = holders;
  }
}
