package io.posthorn.simulation;

/** A wire of limited rate with a drop-tail queue before it, by the arithmetic of time alone. */
final class Bottleneck {
  private long wireFreeNanos = Long.MIN_VALUE;

  // When each datagram that waits will get the wire, and its bytes: a ring, since the queue keeps
  // its order.
  private long[] startNanos = new long[16];
  private int[] bytes = new int[16];
  private int head;
  private int waiting;
  private long waitingBytes;

  // The last that got it.
  private long lastStartNanos;
  private int lastBytes;

  /** Forgets what waits: a rate that is gone keeps nobody waiting. */
  void clear() {
    wireFreeNanos = Long.MIN_VALUE;
    waiting = 0;
    waitingBytes = 0;
  }

  /** Whether the queue takes a datagram of so many IP bytes now. */
  boolean hasRoom(LinkConditions conditions, int ipBytes, long nowNanos) {
    if (conditions.rateBitsPerSecond() == 0 || wireFreeNanos <= nowNanos) {
      return true;
    }
    return isWithin(conditions.queue(), ipBytes, nowNanos);
  }

  /** Whether a datagram that is taken now finds so much before it that the queue marks it. */
  boolean marks(LinkConditions conditions, long nowNanos) {
    return conditions.ecnTreatment() == LinkConditions.EcnTreatment.MARK_QUEUE
        && wireFreeNanos > nowNanos
        && !isWithin(conditions.ecnThreshold(), 0, nowNanos);
  }

  /** Whether what waits, and so many bytes more, is no more than this. */
  private boolean isWithin(LinkParts.Queue queue, int ipBytes, long nowNanos) {
    return switch (queue.unit()) {
      case NANOS -> wireFreeNanos - nowNanos <= queue.limit();
      case BYTES -> bytesAt(nowNanos) + ipBytes <= queue.limit();
      case PACKETS -> waitingAt(nowNanos) < queue.limit();
    };
  }

  /** Takes a datagram for which there is room, and answers when its last bit has left. */
  long departNanos(LinkConditions conditions, int ipBytes, long nowNanos) {
    long rate = conditions.rateBitsPerSecond();
    if (rate == 0) {
      return nowNanos;
    }
    long start = Math.max(nowNanos, wireFreeNanos);
    noteWaiting(start, ipBytes, nowNanos);
    wireFreeNanos = SimulatedLink.after(start, ipBytes * 8_000_000_000L / rate);
    return wireFreeNanos;
  }

  /** How long what is before the wire will take to leave. */
  long queueNanos(long nowNanos) {
    return wireFreeNanos <= nowNanos ? 0 : wireFreeNanos - nowNanos;
  }

  /** Datagrams whose first bit has not left yet. */
  private int waitingAt(long nowNanos) {
    while (waiting > 0 && startNanos[head] <= nowNanos) {
      lastStartNanos = startNanos[head];
      lastBytes = bytes[head];
      waitingBytes -= lastBytes;
      head = (head + 1) & (startNanos.length - 1);
      waiting--;
    }
    return waiting;
  }

  /** Bytes of those, and what has not left yet of the one on the busy wire. */
  private double bytesAt(long nowNanos) {
    long endNanos = waitingAt(nowNanos) > 0 ? startNanos[head] : wireFreeNanos;
    double left = (double) (endNanos - nowNanos) / (endNanos - lastStartNanos);
    return waitingBytes + lastBytes * left;
  }

  private void noteWaiting(long start, int ipBytes, long nowNanos) {
    if (waitingAt(nowNanos) == startNanos.length) {
      long[] laterStarts = new long[startNanos.length * 2];
      int[] moreBytes = new int[startNanos.length * 2];
      for (int i = 0; i < waiting; i++) {
        int from = (head + i) & (startNanos.length - 1);
        laterStarts[i] = startNanos[from];
        moreBytes[i] = bytes[from];
      }
      startNanos = laterStarts;
      bytes = moreBytes;
      head = 0;
    }
    int at = (head + waiting) & (startNanos.length - 1);
    startNanos[at] = start;
    bytes[at] = ipBytes;
    waiting++;
    waitingBytes += ipBytes;
  }
}
