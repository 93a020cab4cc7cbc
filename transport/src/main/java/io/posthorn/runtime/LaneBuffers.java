package io.posthorn.runtime;

import java.util.ArrayDeque;

/**
 * The buffers of a socket's {@link SendLane}s, used in turn: a lane holds one only while something
 * waits in it. Any thread.
 */
final class LaneBuffers {
  /** What a thin flow gets by with. */
  static final int SMALL_BYTES = 4 << 10;

  /** What a burst fills while the I/O thread is in a system call. */
  static final int LARGE_BYTES = 256 << 10;

  private static final int KEPT_SMALL = 16;
  private static final int KEPT_LARGE = 3;

  private final ArrayDeque<byte[]> small = new ArrayDeque<>();
  private final ArrayDeque<byte[]> large = new ArrayDeque<>();

  synchronized byte[] takeSmall() {
    byte[] buffer = small.pollLast();
    return buffer != null ? buffer : new byte[SMALL_BYTES];
  }

  synchronized byte[] takeLarge() {
    byte[] buffer = large.pollLast();
    return buffer != null ? buffer : new byte[LARGE_BYTES];
  }

  synchronized void give(byte[] buffer) {
    if (buffer.length == SMALL_BYTES) {
      if (small.size() < KEPT_SMALL) {
        small.addLast(buffer);
      }
    } else if (large.size() < KEPT_LARGE) {
      large.addLast(buffer);
    }
  }
}
