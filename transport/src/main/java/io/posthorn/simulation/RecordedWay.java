package io.posthorn.simulation;

import java.util.Arrays;

/** What happened to the datagrams of one direction of one flow, by their numbers. */
final class RecordedWay {
  private static final DatagramFate[] FATES = DatagramFate.values();

  private byte[] fates = new byte[16];
  private boolean[] reordered = new boolean[16];
  private long[] delaysNanos = new long[16];
  private long[] copyDelaysNanos = new long[16];
  private long[] corruptBits = new long[16];
  private int count;

  void add(
      DatagramFate fate, boolean outOfTurn, long delayNanos, long copyDelayNanos, long corruptBit) {
    if (count == fates.length) {
      int size = count * 2;
      fates = Arrays.copyOf(fates, size);
      reordered = Arrays.copyOf(reordered, size);
      delaysNanos = Arrays.copyOf(delaysNanos, size);
      copyDelaysNanos = Arrays.copyOf(copyDelaysNanos, size);
      corruptBits = Arrays.copyOf(corruptBits, size);
    }
    fates[count] = (byte) fate.ordinal();
    reordered[count] = outOfTurn;
    delaysNanos[count] = delayNanos;
    copyDelaysNanos[count] = copyDelayNanos;
    corruptBits[count] = corruptBit;
    count++;
  }

  /** Datagrams recorded. */
  int count() {
    return count;
  }

  /** The place of the n-th datagram, from 1: after the last one the first comes again. */
  int at(long number) {
    return (int) ((number - 1) % count);
  }

  DatagramFate fate(int at) {
    return FATES[fates[at]];
  }

  boolean isReordered(int at) {
    return reordered[at];
  }

  /** From when it was offered to when it arrived. */
  long delayNanos(int at) {
    return delaysNanos[at];
  }

  /** From when it was offered to when its copy arrived; negative without a copy. */
  long copyDelayNanos(int at) {
    return copyDelaysNanos[at];
  }

  /** The bit that was flipped; negative for none. */
  long corruptBit(int at) {
    return corruptBits[at];
  }
}
