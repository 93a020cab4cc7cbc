package io.posthorn.simulation;

import io.posthorn.EcnMark;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Datagrams under way, earliest due first; among equals the one that entered first.
 *
 * <p>A binary heap of primitives over slots that are used again, so that nothing is allocated once
 * it has grown to its size.
 */
final class HeldDatagrams {
  private final DatagramPool pool;

  private @Nullable ByteBuffer[] contents = new ByteBuffer[16];
  private @Nullable Object[] metas = new Object[16];
  private long[] numbers = new long[16];
  private boolean[] copies = new boolean[16];
  private @Nullable EcnMark[] marks = new EcnMark[16];
  private int[] freeSlots = new int[16];
  private int freeCount;

  private long[] heapDue = new long[16];
  private long[] heapSequence = new long[16];
  private int[] heapSlot = new int[16];
  private int count;
  private long bytes;
  private long sequence;

  private @Nullable ByteBuffer taken;
  private @Nullable Object takenMeta;
  private long takenNumber;
  private boolean takenCopy;
  private EcnMark takenMark = EcnMark.UNKNOWN;

  HeldDatagrams(DatagramPool pool) {
    this.pool = pool;
    fillFreeSlots(0);
  }

  int count() {
    return count;
  }

  /** Payload bytes held. */
  long bytes() {
    return bytes;
  }

  /** When the first is due; only if there is one. */
  long firstDueNanos() {
    return heapDue[0];
  }

  /** Copies a datagram in; answers its content, so that it can be damaged. */
  ByteBuffer enter(
      ByteBuffer datagram, Object meta, EcnMark mark, long number, boolean copy, long dueNanos) {
    if (freeCount == 0) {
      grow();
    }
    int slot = freeSlots[--freeCount];
    int length = datagram.remaining();
    ByteBuffer content = pool.take(length);
    content.put(0, datagram, datagram.position(), length);
    contents[slot] = content;
    metas[slot] = meta;
    marks[slot] = mark;
    numbers[slot] = number;
    copies[slot] = copy;
    bytes += length;
    siftUp(count++, dueNanos, sequence++, slot);
    return content;
  }

  /** Takes the first out; its buffer is valid until {@link #release}. */
  ByteBuffer take() {
    int slot = heapSlot[0];
    count--;
    if (count > 0) {
      siftDown(heapDue[count], heapSequence[count], heapSlot[count]);
    }
    ByteBuffer content = contents[slot];
    if (content == null) {
      throw new IllegalStateException("slot " + slot + " of the heap is empty");
    }
    taken = content;
    takenMeta = metas[slot];
    takenNumber = numbers[slot];
    takenCopy = copies[slot];
    EcnMark mark = marks[slot];
    takenMark = mark == null ? EcnMark.UNKNOWN : mark;
    contents[slot] = null;
    metas[slot] = null;
    freeSlots[freeCount++] = slot;
    bytes -= content.limit();
    return content;
  }

  /** Gives the buffer that was taken last back for other datagrams. */
  void release() {
    ByteBuffer content = taken;
    if (content != null) {
      pool.give(content);
      taken = null;
      takenMeta = null;
    }
  }

  @Nullable Object takenMeta() {
    return takenMeta;
  }

  long takenNumber() {
    return takenNumber;
  }

  boolean takenCopy() {
    return takenCopy;
  }

  EcnMark takenMark() {
    return takenMark;
  }

  private void grow() {
    int before = contents.length;
    int size = before * 2;
    contents = Arrays.copyOf(contents, size);
    metas = Arrays.copyOf(metas, size);
    numbers = Arrays.copyOf(numbers, size);
    copies = Arrays.copyOf(copies, size);
    marks = Arrays.copyOf(marks, size);
    heapDue = Arrays.copyOf(heapDue, size);
    heapSequence = Arrays.copyOf(heapSequence, size);
    heapSlot = Arrays.copyOf(heapSlot, size);
    freeSlots = new int[size];
    fillFreeSlots(before);
  }

  private void fillFreeSlots(int from) {
    freeCount = 0;
    for (int slot = contents.length - 1; slot >= from; slot--) {
      freeSlots[freeCount++] = slot;
    }
  }

  private void siftUp(int place, long due, long sequenceNumber, int slot) {
    int at = place;
    while (at > 0) {
      int parent = (at - 1) >> 1;
      if (!isBefore(due, sequenceNumber, parent)) {
        break;
      }
      move(parent, at);
      at = parent;
    }
    put(at, due, sequenceNumber, slot);
  }

  private void siftDown(long due, long sequenceNumber, int slot) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= count) {
        break;
      }
      if (child + 1 < count && isBefore(heapDue[child + 1], heapSequence[child + 1], child)) {
        child++;
      }
      if (isBefore(due, sequenceNumber, child)) {
        break;
      }
      move(child, at);
      at = child;
    }
    put(at, due, sequenceNumber, slot);
  }

  private boolean isBefore(long due, long sequenceNumber, int other) {
    return due < heapDue[other] || (due == heapDue[other] && sequenceNumber < heapSequence[other]);
  }

  private void move(int from, int to) {
    put(to, heapDue[from], heapSequence[from], heapSlot[from]);
  }

  private void put(int at, long due, long sequenceNumber, int slot) {
    heapDue[at] = due;
    heapSequence[at] = sequenceNumber;
    heapSlot[at] = slot;
  }
}
