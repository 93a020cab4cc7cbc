package io.posthorn.protocol.channel;

import org.jspecify.annotations.Nullable;

/**
 * Rings that channels of one socket use in turn: a stream that runs empty gives its ring back, so
 * that an idle connection holds none, and a busy one gets one without a new array to be cleared.
 * Lengths are powers of two.
 */
final class RingPool {
  /** Shorter ones are made anew. */
  private static final int LEAST_BYTES = 1 << 10;

  private static final int LEAST_SHIFT = 10;
  private static final int CLASSES = 14;
  private static final int KEPT_A_CLASS = 4;

  /** What a socket keeps at most beside what its connections hold; long rings before short ones. */
  private static final long LIMIT_BYTES = 16L << 20;

  private static final byte[] NONE = new byte[0];

  private final byte[] @Nullable [][] free = new byte[CLASSES][][];
  private final int[] counts = new int[CLASSES];
  private long keptBytes;

  /** A ring of this length; its content is whatever it was. */
  byte[] take(int length) {
    byte[] kept = takeKept(length);
    return kept.length > 0 ? kept : new byte[length];
  }

  /** A ring of this length if one is kept, else an empty one. */
  byte[] takeKept(int length) {
    int index = index(length);
    byte[][] rings = index < 0 ? null : free[index];
    if (rings == null || counts[index] == 0) {
      return NONE;
    }
    counts[index]--;
    byte[] ring = rings[counts[index]];
    rings[counts[index]] = NONE;
    keptBytes -= length;
    return ring;
  }

  /** Takes a ring back that nobody uses any more. */
  void give(byte[] ring) {
    int index = index(ring.length);
    if (index < 0 || counts[index] == KEPT_A_CLASS || !makeRoom(ring.length, index)) {
      return;
    }
    byte[][] rings = free[index];
    if (rings == null) {
      rings = new byte[KEPT_A_CLASS][];
      free[index] = rings;
    }
    rings[counts[index]] = ring;
    counts[index]++;
    keptBytes += ring.length;
  }

  /** Lets go of shorter rings until there is room for one of this length, if they suffice. */
  private boolean makeRoom(int length, int longer) {
    for (int index = 0; index < longer && keptBytes + length > LIMIT_BYTES; index++) {
      byte[][] rings = free[index];
      while (rings != null && counts[index] > 0 && keptBytes + length > LIMIT_BYTES) {
        counts[index]--;
        keptBytes -= rings[counts[index]].length;
        rings[counts[index]] = NONE;
      }
    }
    return keptBytes + length <= LIMIT_BYTES;
  }

  private static int index(int length) {
    if (length < LEAST_BYTES) {
      return -1;
    }
    int index = Integer.numberOfTrailingZeros(length) - LEAST_SHIFT;
    return index < CLASSES ? index : -1;
  }
}
