package io.posthorn.protocol.channel;

import org.jspecify.annotations.Nullable;

/**
 * Received bytes that all connections of one socket hold, against the socket's ceiling. When it is
 * full, data that only waits behind a gap is not taken, and so not acknowledged; a quarter beyond
 * it, none is, but for one stream at a time that has nothing for the application yet: if all that
 * is held were beginnings of messages, there would be nothing to take that makes room.
 */
public final class ReceiveMemory {
  private final long limitBytes;
  private final RingPool rings = new RingPool();
  private long usedBytes;
  private @Nullable Object helped;

  /** Makes one with a ceiling. */
  public ReceiveMemory(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** Where the rings come from. */
  RingPool rings() {
    return rings;
  }

  void add(long bytes) {
    usedBytes += bytes;
  }

  /** Whether the ceiling is reached. */
  public boolean isFull() {
    return usedBytes >= limitBytes;
  }

  /**
   * Whether a stream may store more.
   *
   * @param ahead whether that leaves a gap before it
   * @param readable whether the application could take something of the stream already
   */
  boolean mayStore(Object stream, boolean ahead, boolean readable) {
    if (!isFull()) {
      return true;
    }
    if (!isExhausted()) {
      return !ahead;
    }
    if (ahead || readable) {
      return false;
    }
    if (helped == null) {
      helped = stream;
    }
    return helped == stream;
  }

  /** The application took something of a stream, or the stream is over. */
  void onTaken(Object stream) {
    if (helped == stream) {
      helped = null;
    }
  }

  /** Whether so much is held beyond the ceiling that nothing at all is taken any more. */
  public boolean isExhausted() {
    return usedBytes - limitBytes / 4 >= limitBytes;
  }

  /** Bytes held. */
  public long usedBytes() {
    return usedBytes;
  }
}
