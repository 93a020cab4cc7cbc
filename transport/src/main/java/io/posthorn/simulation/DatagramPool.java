package io.posthorn.simulation;

import java.nio.ByteBuffer;

/** Buffers for datagrams under way, used again and again; four sizes, a bounded stock of each. */
final class DatagramPool {
  private static final int[] SIZES = {256, 2_048, 16_384, 65_536};
  private static final int[] STOCK = {4_096, 2_048, 128, 64};

  private final boolean direct;
  private final ByteBuffer[][] free = new ByteBuffer[SIZES.length][];
  private final int[] count = new int[SIZES.length];

  /** Direct buffers spare a copy where the datagrams come from or go to a channel. */
  DatagramPool(boolean direct) {
    this.direct = direct;
    for (int i = 0; i < SIZES.length; i++) {
      free[i] = new ByteBuffer[STOCK[i]];
    }
  }

  /** A buffer from position 0 to a limit of {@code length}, at most 65536; contents are stale. */
  ByteBuffer take(int length) {
    int size = sizeIndex(length);
    ByteBuffer buffer;
    if (count[size] > 0) {
      buffer = free[size][--count[size]];
    } else {
      buffer = direct ? ByteBuffer.allocateDirect(SIZES[size]) : ByteBuffer.allocate(SIZES[size]);
    }
    return buffer.clear().limit(length);
  }

  void give(ByteBuffer buffer) {
    int size = sizeIndex(buffer.capacity());
    if (count[size] < free[size].length) {
      free[size][count[size]++] = buffer;
    }
  }

  private static int sizeIndex(int length) {
    int size = 0;
    while (SIZES[size] < length) {
      size++;
    }
    return size;
  }
}
