package io.posthorn.simulation;

import java.util.Arrays;

/**
 * The earliest of many deadlines, each of which moves often: an indexed binary heap of primitives.
 *
 * <p>Ties go to the lower rank, so that what happens at one instant has a fixed order.
 */
final class DeadlineHeap {
  static final long NEVER = Long.MAX_VALUE;

  private static final int ABSENT = -1;

  private long[] nanos = new long[16]; // by id
  private long[] ranks = new long[16]; // by id
  private int[] places = new int[16]; // by id, ABSENT if the deadline is NEVER
  private int[] heap = new int[16]; // ids
  private int ids;
  private int size;

  /** A new deadline, NEVER at first; answers its id, counted from 0. */
  int add(long rank) {
    if (ids == nanos.length) {
      nanos = Arrays.copyOf(nanos, ids * 2);
      ranks = Arrays.copyOf(ranks, ids * 2);
      places = Arrays.copyOf(places, ids * 2);
      heap = Arrays.copyOf(heap, ids * 2);
    }
    nanos[ids] = NEVER;
    ranks[ids] = rank;
    places[ids] = ABSENT;
    return ids++;
  }

  /** Moves a deadline, or takes it out with NEVER. */
  void update(int id, long deadlineNanos) {
    long before = nanos[id];
    if (before == deadlineNanos) {
      return;
    }
    nanos[id] = deadlineNanos;
    if (before == NEVER) {
      siftUp(size++, id);
    } else if (deadlineNanos == NEVER) {
      remove(id);
    } else if (deadlineNanos < before) {
      siftUp(places[id], id);
    } else {
      siftDown(places[id], id);
    }
  }

  /** When the earliest deadline is; NEVER if there is none. */
  long firstNanos() {
    return size == 0 ? NEVER : nanos[heap[0]];
  }

  /** Whose it is; only if there is one. */
  int first() {
    if (size == 0) {
      throw new IllegalStateException("no deadline");
    }
    return heap[0];
  }

  private void remove(int id) {
    int hole = places[id];
    places[id] = ABSENT;
    int last = heap[--size];
    if (last == id) {
      return;
    }
    if (hole > 0 && isBefore(last, heap[(hole - 1) >> 1])) {
      siftUp(hole, last);
    } else {
      siftDown(hole, last);
    }
  }

  private void siftUp(int place, int id) {
    int at = place;
    while (at > 0) {
      int parent = (at - 1) >> 1;
      if (!isBefore(id, heap[parent])) {
        break;
      }
      put(at, heap[parent]);
      at = parent;
    }
    put(at, id);
  }

  private void siftDown(int place, int id) {
    int at = place;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
        child++;
      }
      if (isBefore(id, heap[child])) {
        break;
      }
      put(at, heap[child]);
      at = child;
    }
    put(at, id);
  }

  private void put(int place, int id) {
    heap[place] = id;
    places[id] = place;
  }

  private boolean isBefore(int id, int other) {
    return nanos[id] < nanos[other] || (nanos[id] == nanos[other] && ranks[id] < ranks[other]);
  }
}
