package io.posthorn.protocol.channel;

import java.nio.ByteBuffer;

/**
 * The bytes of one ordered channel that were packed and are not acknowledged yet, in a ring by
 * stream offset. Grows by doubling up to what credit and window let out; shrinks to nothing when
 * all is acknowledged, and then begins with the size that it needed last, if the pool has one.
 */
final class SendBuffer {
  private static final int INITIAL_BYTES = 1024;

  /** No array doubles beyond this. */
  private static final int MOST_BYTES = 1 << 30;

  private static final byte[] NONE = new byte[0];

  private final RingPool rings;
  private byte[] ring = NONE;
  private int usualCapacity = INITIAL_BYTES;
  private long mostHeldBytes;
  private long base;
  private long end;
  private final OffsetRanges acknowledged = new OffsetRanges();

  /** Makes an empty one that borrows its ring. */
  SendBuffer(RingPool rings) {
    this.rings = rings;
  }

  /** Lowest offset not acknowledged. */
  long base() {
    return base;
  }

  /** Offset after the last byte appended. */
  long end() {
    return end;
  }

  /**
   * How far bytes may be sent up to this offset, which credit allows, before some are acknowledged:
   * a peer that lets one stand and takes all others must not have the ring grow without an end.
   */
  long reach(long offset) {
    return Math.min(offset, base + MOST_BYTES / 2);
  }

  /** Appends bytes. */
  void append(byte[] bytes, int from, int length) {
    if (length == 0) {
      return; // there may be no ring
    }
    reserve(length);
    int mask = ring.length - 1;
    int at = (int) end & mask;
    int head = Math.min(length, ring.length - at);
    System.arraycopy(bytes, from, ring, at, head);
    System.arraycopy(bytes, from + head, ring, 0, length - head);
    end += length;
  }

  /** Appends {@code length} bytes of a buffer from index {@code from} on; it stays as it is. */
  void append(ByteBuffer bytes, int from, int length) {
    reserve(length);
    int at = (int) end & (ring.length - 1);
    int head = Math.min(length, ring.length - at);
    bytes.get(from, ring, at, head);
    bytes.get(from + head, ring, 0, length - head);
    end += length;
  }

  /** Appends one byte. */
  void append(byte value) {
    reserve(1);
    ring[(int) end & (ring.length - 1)] = value;
    end++;
  }

  /** Has room for so many bytes more: what is appended of them afterwards needs no memory. */
  void reserve(int length) {
    long needed = end - base + length;
    if (needed > MOST_BYTES) {
      throw new IllegalStateException("no ring holds " + needed + " bytes");
    }
    mostHeldBytes = Math.max(mostHeldBytes, needed);
    if (needed <= ring.length) {
      return;
    }
    if (ring.length == 0 && needed <= usualCapacity) {
      ring = rings.takeKept(usualCapacity);
      if (ring.length > 0) {
        return;
      }
    }
    int capacity = Math.max(INITIAL_BYTES, ring.length);
    while (capacity < needed) {
      capacity <<= 1;
    }
    byte[] larger = rings.take(capacity);
    for (long offset = base; offset < end; ) {
      int from = (int) offset & (ring.length - 1);
      int to = (int) offset & (capacity - 1);
      int run = (int) Math.min(end - offset, Math.min(ring.length - from, capacity - to));
      System.arraycopy(ring, from, larger, to, run);
      offset += run;
    }
    rings.give(ring);
    ring = larger;
  }

  /** Copies [offset, offset + length), which must be appended and not acknowledged in full. */
  void copy(long offset, int length, byte[] out, int at) {
    int mask = ring.length - 1;
    int from = (int) offset & mask;
    int head = Math.min(length, ring.length - from);
    System.arraycopy(ring, from, out, at, head);
    System.arraycopy(ring, 0, out, at + head, length - head);
  }

  /** Marks bytes as acknowledged. Returns how many were so for the first time. */
  long acknowledge(long offset, int length) {
    long from = Math.max(offset, base);
    long to = offset + length;
    if (from >= to) {
      return 0;
    }
    long fresh;
    if (from == base && acknowledged.isEmpty()) {
      fresh = to - from;
      base = to;
    } else {
      fresh = acknowledged.add(from, to);
      if (acknowledged.start(0) <= base) {
        base = acknowledged.end(0);
        acknowledged.remove(0, base);
      }
    }
    if (base == end) {
      giveBack();
    }
    return fresh;
  }

  private void giveBack() {
    rings.give(ring);
    ring = NONE;
    usualCapacity = INITIAL_BYTES;
    while (usualCapacity < mostHeldBytes) {
      usualCapacity <<= 1;
    }
    mostHeldBytes = 0;
  }

  /** The ranges above {@link #base} that are acknowledged. */
  OffsetRanges acknowledged() {
    return acknowledged;
  }

  /** Bytes of heap held. */
  int memoryBytes() {
    return ring.length;
  }
}
