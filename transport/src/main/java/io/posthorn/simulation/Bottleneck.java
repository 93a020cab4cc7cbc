package io.posthorn.simulation;

/** A wire of limited rate with a drop-tail queue before it, by the arithmetic of time alone. */
final class Bottleneck {
  private long wireFreeNanos = Long.MIN_VALUE;

  // When each datagram that waits will get the wire: a ring, since the queue keeps its order.
  private long[] startNanos = new long[16];
  private int head;
  private int waiting;

  /** Whether the queue takes a datagram of so many IP bytes now. */
  boolean hasRoom(LinkConditions conditions, int ipBytes, long nowNanos) {
    long rate = conditions.rateBitsPerSecond();
    if (rate == 0 || wireFreeNanos <= nowNanos) {
      return true;
    }
    return isWithin(conditions.queue(), rate, ipBytes, nowNanos);
  }

  /** Whether a datagram that is taken now finds so much before it that the queue marks it. */
  boolean marks(LinkConditions conditions, long nowNanos) {
    return conditions.ecnTreatment() == LinkConditions.EcnTreatment.MARK_QUEUE
        && wireFreeNanos > nowNanos
        && !isWithin(conditions.ecnThreshold(), conditions.rateBitsPerSecond(), 0, nowNanos);
  }

  /** Whether what waits, and so many bytes more, is no more than this. */
  private boolean isWithin(LinkParts.Queue queue, long rate, int ipBytes, long nowNanos) {
    long waitNanos = wireFreeNanos - nowNanos;
    return switch (queue.unit()) {
      case NANOS -> waitNanos <= queue.limit();
      case BYTES -> (double) waitNanos * rate / 8e9 + ipBytes <= queue.limit();
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
    if (start > nowNanos) {
      noteWaiting(start, nowNanos);
    }
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
      head = (head + 1) & (startNanos.length - 1);
      waiting--;
    }
    return waiting;
  }

  private void noteWaiting(long start, long nowNanos) {
    if (waitingAt(nowNanos) == startNanos.length) {
      long[] larger = new long[startNanos.length * 2];
      for (int i = 0; i < waiting; i++) {
        larger[i] = startNanos[(head + i) & (startNanos.length - 1)];
      }
      startNanos = larger;
      head = 0;
    }
    startNanos[(head + waiting) & (startNanos.length - 1)] = start;
    waiting++;
  }
}
