package io.posthorn.protocol.channel;

/**
 * The received bytes of one ordered channel that the application has not taken, in a ring by stream
 * offset. Grows with what arrives, never beyond the credit granted; returns its memory when empty.
 */
final class ReassemblyBuffer {
  /** Gaps kept; a packet that would add one more is not acknowledged. */
  static final int MAX_GAPS = 2048;

  private static final int INITIAL_BYTES = 1024;
  private static final byte[] NONE = new byte[0];

  private final ReceiveMemory memory;
  private byte[] ring = NONE;
  private int usualCapacity = INITIAL_BYTES;
  private long mostHeldBytes;
  private boolean isLent;
  private long base;
  private long contiguousEnd;
  private long highestEnd;
  private final OffsetRanges ahead = new OffsetRanges();
  private int aheadBytes;
  private long rangesLookedAt;

  ReassemblyBuffer(ReceiveMemory memory) {
    this.memory = memory;
  }

  /** Lowest offset not taken by the application. */
  long base() {
    return base;
  }

  /** All bytes from {@link #base} to here have arrived. */
  long contiguousEnd() {
    return contiguousEnd;
  }

  /** Offset after the highest byte that arrived. */
  long highestEnd() {
    return highestEnd;
  }

  /** Whether there is a gap below the highest byte. */
  boolean hasGaps() {
    return !ahead.isEmpty();
  }

  /**
   * Stores bytes; what is there already is left as it was, so a later contradiction changes
   * nothing.
   *
   * @return false if this would leave more than {@link #MAX_GAPS} gaps; nothing is stored then
   */
  boolean insert(long offset, byte[] bytes, int from, int length) {
    long start = Math.max(offset, contiguousEnd);
    long end = offset + length;
    if (start >= end) {
      return true;
    }
    if (start > contiguousEnd && ahead.count() >= MAX_GAPS && ahead.wouldSplit(start, end)) {
      return false;
    }
    reserve(end);
    if (ahead.isEmpty()) {
      store(start, end, offset, bytes, from);
    } else {
      storeBetween(start, end, offset, bytes, from);
    }
    highestEnd = Math.max(highestEnd, end);
    if (start == contiguousEnd && ahead.isEmpty()) {
      contiguousEnd = end;
      return true;
    }
    ahead.add(start, end);
    if (ahead.start(0) <= contiguousEnd) {
      contiguousEnd = ahead.end(0);
      ahead.remove(0, contiguousEnd);
    }
    chargeAhead();
    return true;
  }

  private void chargeAhead() {
    int held = ahead.memoryBytes();
    if (held != aheadBytes) {
      memory.add(held - aheadBytes);
      aheadBytes = held;
    }
  }

  /** Stores only what lies in gaps: first arrival wins. */
  private void storeBetween(long start, long end, long offset, byte[] bytes, int from) {
    long at = start;
    // The gaps are many where a peer leaves them on purpose: those before are not walked through.
    for (int i = ahead.firstEndingFrom(start + 1); i < ahead.count() && at < end; i++) {
      rangesLookedAt++;
      if (ahead.start(i) >= end) {
        break;
      }
      if (ahead.start(i) > at) {
        store(at, ahead.start(i), offset, bytes, from);
      }
      at = ahead.end(i);
    }
    if (at < end) {
      store(at, end, offset, bytes, from);
    }
  }

  private void store(long start, long end, long offset, byte[] bytes, int from) {
    int source = from + (int) (start - offset);
    int length = (int) (end - start);
    int at = (int) start & (ring.length - 1);
    int head = Math.min(length, ring.length - at);
    System.arraycopy(bytes, source, ring, at, head);
    System.arraycopy(bytes, source + head, ring, 0, length - head);
  }

  private void reserve(long end) {
    long needed = end - base;
    mostHeldBytes = Math.max(mostHeldBytes, needed);
    if (needed <= ring.length) {
      return;
    }
    if (ring.length == 0 && needed <= usualCapacity) {
      ring = memory.rings().takeKept(usualCapacity);
      if (ring.length > 0) {
        memory.add(ring.length);
        return;
      }
    }
    int capacity = Math.max(INITIAL_BYTES, ring.length);
    while (capacity < needed) {
      capacity <<= 1;
    }
    moveTo(capacity);
  }

  private void moveTo(int capacity) {
    byte[] other = memory.rings().take(capacity);
    if (ring.length > 0) {
      for (long offset = base; offset < highestEnd; ) {
        int from = (int) offset & (ring.length - 1);
        int to = (int) offset & (capacity - 1);
        int run = (int) Math.min(highestEnd - offset, Math.min(ring.length - from, capacity - to));
        System.arraycopy(ring, from, other, to, run);
        offset += run;
      }
    }
    memory.add(capacity - ring.length);
    giveBack();
    ring = other;
  }

  /** The byte at an offset that has arrived and is not taken. */
  byte at(long offset) {
    return ring[(int) offset & (ring.length - 1)];
  }

  /** Copies bytes that have arrived and are not taken. */
  void copy(long offset, int length, byte[] out, int at) {
    if (length == 0) {
      return;
    }
    int from = (int) offset & (ring.length - 1);
    int head = Math.min(length, ring.length - from);
    System.arraycopy(ring, from, out, at, head);
    System.arraycopy(ring, 0, out, at + head, length - head);
  }

  /** Whether the socket's memory allows to store more. */
  boolean mayStore(boolean isAhead, boolean isReadable) {
    return memory.mayStore(this, isAhead, isReadable);
  }

  /** The application took all up to here. */
  void consumeTo(long offset) {
    base = offset;
    memory.onTaken(this);
    if (base == highestEnd) {
      memory.add(-ring.length);
      giveBack();
      ring = NONE;
      usualCapacity = INITIAL_BYTES;
      while (usualCapacity < mostHeldBytes) {
        usualCapacity <<= 1;
      }
      mostHeldBytes = 0;
    } else if (memory.isFull() && ring.length > INITIAL_BYTES) {
      shrink(); // what is left is the beginning of a message, and others have no room
    }
  }

  private void shrink() {
    int capacity = INITIAL_BYTES;
    while (capacity < highestEnd - base) {
      capacity <<= 1;
    }
    if (capacity < ring.length) {
      moveTo(capacity);
    }
  }

  /** Somebody reads the ring meanwhile: it may be replaced, but nobody else is to write to it. */
  void lend(boolean lent) {
    isLent = lent;
  }

  private void giveBack() {
    if (!isLent) {
      memory.rings().give(ring);
    }
  }

  /** The ring itself: offset n lies at n modulo its length. */
  byte[] ring() {
    return ring;
  }

  /** Gives the memory up; nothing may be stored any more. */
  void release() {
    memory.onTaken(this);
    memory.add(-ring.length);
    ring = NONE;
    ahead.clear();
    chargeAhead();
  }

  /** How often a range that had arrived was looked at to store what lies between. */
  long rangesLookedAt() {
    return rangesLookedAt;
  }

  /** Bytes of heap held. */
  int memoryBytes() {
    return ring.length + aheadBytes;
  }
}
