package io.posthorn.endpoint;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The connections by their next deadline: a binary heap in which each knows its place. */
final class DeadlineQueue {
  private @Nullable ConnectionSlot[] heap = new @Nullable ConnectionSlot[16];
  private int size;

  /** The earliest deadline, or {@link Endpoint#NEVER}. */
  long earliestNanos() {
    return size == 0 ? Endpoint.NEVER : at(0).deadlineNanos;
  }

  /** The connection with the earliest deadline, which must exist. */
  ConnectionSlot earliest() {
    return at(0);
  }

  /** Sets the deadline of a connection; {@link Endpoint#NEVER} takes it out. */
  void set(ConnectionSlot slot, long deadlineNanos) {
    if (slot.heapIndex >= 0 && slot.deadlineNanos == deadlineNanos) {
      return;
    }
    slot.deadlineNanos = deadlineNanos;
    if (deadlineNanos == Endpoint.NEVER) {
      if (slot.heapIndex >= 0) {
        remove(slot);
      }
      return;
    }
    if (slot.heapIndex < 0) {
      if (size == heap.length) {
        heap = Arrays.copyOf(heap, size * 2);
      }
      put(size++, slot);
    }
    up(slot);
    down(slot);
  }

  private void remove(ConnectionSlot slot) {
    int index = slot.heapIndex;
    slot.heapIndex = -1;
    ConnectionSlot last = at(--size);
    heap[size] = null;
    if (last != slot) {
      put(index, last);
      up(last);
      down(last);
    }
  }

  private void up(ConnectionSlot slot) {
    int index = slot.heapIndex;
    while (index > 0) {
      int parent = (index - 1) >>> 1;
      if (at(parent).deadlineNanos <= slot.deadlineNanos) {
        break;
      }
      put(index, at(parent));
      index = parent;
    }
    put(index, slot);
  }

  private void down(ConnectionSlot slot) {
    int index = slot.heapIndex;
    while (true) {
      int child = 2 * index + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && at(child + 1).deadlineNanos < at(child).deadlineNanos) {
        child++;
      }
      if (at(child).deadlineNanos >= slot.deadlineNanos) {
        break;
      }
      put(index, at(child));
      index = child;
    }
    put(index, slot);
  }

  private ConnectionSlot at(int index) {
    ConnectionSlot slot = heap[index];
    if (slot == null) {
      throw new IllegalStateException("a hole in the heap at " + index);
    }
    return slot;
  }

  private void put(int index, ConnectionSlot slot) {
    heap[index] = slot;
    slot.heapIndex = index;
  }
}
