package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.SocketOptions;
import io.posthorn.endpoint.ReachableHeap;
import java.time.Duration;

/** Looks, while one end of a pair sends to the other, whether either keeps more than it may. */
final class HeapWatch {
  /** What may stand beside the bytes of messages: records of packets, ranges, the connection. */
  private static final long STATE_BYTES = 1 << 20;

  /** Messages that wait, the ring of those that are under way, and the rings that it outgrew. */
  private static final int TIMES_SENT = 3;

  private final Pair pair;
  private final long sendBytes;
  private final long receiveBytes;
  private final long startOfSender;
  private final long startOfReceiver;

  /** Begins with what both have now; from now on, a sends and b receives. */
  HeapWatch(Pair pair, SocketOptions options) {
    this.pair = pair;
    sendBytes = options.sendBufferBytes();
    receiveBytes = options.receiveBufferBytes();
    startOfSender = bytes(pair.a);
    startOfReceiver = bytes(pair.b);
  }

  private static long bytes(Party party) {
    return ReachableHeap.from(party.endpoint()).bytes();
  }

  /** Looks so often, at these intervals. */
  void every(Duration interval, int times) {
    for (int i = 1; i <= times; i++) {
      pair.network.at(pair.network.nowNanos() + i * interval.toNanos(), this::look);
    }
  }

  private void look() {
    long sender = bytes(pair.a) - startOfSender;
    assertTrue(
        sender <= TIMES_SENT * sendBytes + STATE_BYTES, sender + " bytes are kept to be sent");
    long receiver = bytes(pair.b) - startOfReceiver;
    assertTrue(receiver <= receiveBytes + STATE_BYTES, receiver + " bytes are kept of the peer");
  }
}
