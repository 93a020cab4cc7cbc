package io.posthorn.protocol.channel;

/**
 * Received bytes that all connections of one socket hold, against the socket's ceiling. When it is
 * full, data that only waits behind a gap is not taken, and so not acknowledged.
 */
public final class ReceiveMemory {
  private final long limitBytes;
  private final RingPool rings = new RingPool();
  private long usedBytes;

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

  /** Bytes held. */
  public long usedBytes() {
    return usedBytes;
  }
}
