package io.posthorn.endpoint;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;

/** Answers to strangers that wait to be sent; beyond the limit new ones are not made. */
final class Outbox {
  private static final int LIMIT = 256;

  private record Datagram(byte[] bytes, InetSocketAddress to) {}

  private final ArrayDeque<Datagram> waiting = new ArrayDeque<>();

  /** Adds an answer, unless too many wait: it is the stranger who asks again. */
  void add(byte[] bytes, InetSocketAddress to) {
    if (waiting.size() < LIMIT) {
      waiting.add(new Datagram(bytes, to));
    }
  }

  /** Takes the next answer. Returns false if there is none. */
  boolean poll(TransmitBatch out) {
    Datagram next = waiting.poll();
    if (next == null) {
      return false;
    }
    System.arraycopy(next.bytes, 0, out.bytes(), 0, next.bytes.length);
    out.begin(next.to, next.bytes.length);
    return true;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }
}
