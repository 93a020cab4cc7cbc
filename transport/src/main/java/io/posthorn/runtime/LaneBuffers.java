package io.posthorn.runtime;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of a socket's {@link SendLane}s, used in turn: a lane holds one only while something
 * waits in it. Each size is twice the one below, and all that are lent together have a limit. Any
 * thread.
 */
final class LaneBuffers {
  /** What a thin flow gets by with. */
  static final int LEAST_BYTES = 4 << 10;

  /** What a burst fills while the I/O thread is in a system call. */
  static final int MOST_BYTES = 256 << 10;

  /** What waits in all lanes of a socket, beyond what their send buffers hold. */
  static final long LIMIT_BYTES = 32L << 20;

  private static final int KEPT_LEAST = 16;
  private static final int KEPT_OTHERS = 3;

  private final ArrayDeque<byte[]>[] kept = emptyLists();
  private long lentBytes;

  @SuppressWarnings({"unchecked", "rawtypes"}) // there are no arrays of generic types
  private static ArrayDeque<byte[]>[] emptyLists() {
    ArrayDeque<byte[]>[] lists = new ArrayDeque[indexOf(MOST_BYTES) + 1];
    for (int i = 0; i < lists.length; i++) {
      lists[i] = new ArrayDeque<>();
    }
    return lists;
  }

  /** Which size holds so many bytes, at most {@link #MOST_BYTES}. */
  private static int indexOf(int bytes) {
    return Integer.SIZE - Integer.numberOfLeadingZeros((bytes - 1) / LEAST_BYTES);
  }

  /** Lends a buffer of the next size; null if too much is lent already. */
  synchronized byte @Nullable [] take(int bytes) {
    int index = indexOf(bytes);
    int size = LEAST_BYTES << index;
    if (lentBytes + size > LIMIT_BYTES) {
      return null;
    }
    byte[] buffer = kept[index].pollLast();
    if (buffer == null) {
      buffer = new byte[size];
    }
    lentBytes += size; // not before, for there may have been no memory
    return buffer;
  }

  synchronized void give(byte[] buffer) {
    lentBytes -= buffer.length;
    int index = indexOf(buffer.length);
    if (kept[index].size() < (index == 0 ? KEPT_LEAST : KEPT_OTHERS)) {
      kept[index].addLast(buffer);
    }
  }

  /** What is lent, in bytes. */
  synchronized long lentBytes() {
    return lentBytes;
  }
}
