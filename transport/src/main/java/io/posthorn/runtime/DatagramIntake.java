package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.io.DatagramPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * Moves datagrams from the port to the endpoint, and asks the port no more often than it must. With
 * the loop's lock.
 */
final class DatagramIntake {
  /** Datagrams taken in one turn under the lock, so that senders get their turn. */
  private static final int LIMIT_DATAGRAMS = 64;

  /** Shorter datagrams may come one at a time. */
  private static final int SMALL_DATAGRAM_BYTES = 1_000;

  /** Now and then one more look shows whether they still do. */
  private static final int LOOK_AGAIN_TURNS = 8;

  private final DatagramPort port;
  private final Endpoint endpoint;
  private final SocketClock clock;
  private final ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);

  /** Datagrams taken in the turn before. */
  private int takenBefore;

  DatagramIntake(DatagramPort port, Endpoint endpoint, SocketClock clock) {
    this.port = port;
    this.endpoint = endpoint;
    this.clock = clock;
  }

  /**
   * Takes what the port has.
   *
   * @param turn the number of the loop's turn
   * @return whether it may have more
   */
  boolean take(long turn) throws IOException {
    int count = 0;
    for (; count < LIMIT_DATAGRAMS; count++) {
      long now = clock.now();
      InetSocketAddress from = port.receive(slab, now);
      if (from == null) {
        break;
      }
      int bytes = slab.remaining();
      endpoint.onDatagram(slab, from, port.ecn(), now);
      if (count == 0 && isProbablyAlone(bytes, turn)) {
        count++;
        break;
      }
    }
    takenBefore = count;
    return count == LIMIT_DATAGRAMS;
  }

  /**
   * Whether another look would find nothing: where one small datagram comes at a time, each such
   * look is a system call in vain, and the wait that follows finds what there is all the same.
   */
  private boolean isProbablyAlone(int bytes, long turn) {
    return takenBefore == 1 && bytes < SMALL_DATAGRAM_BYTES && turn % LOOK_AGAIN_TURNS != 0;
  }
}
