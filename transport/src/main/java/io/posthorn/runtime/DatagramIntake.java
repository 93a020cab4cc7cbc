package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.io.DatagramPort;
import io.posthorn.wire.IcmpHint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;

/**
 * Moves what comes from the port to the endpoint: datagrams, and while connections are being opened
 * what ICMP says. Asks the port no more often than it must. With the loop's lock.
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

  private final BiConsumer<InetSocketAddress, IcmpHint> icmp;

  /** Datagrams taken in the turn before. */
  private int takenBefore;

  /** Whether the port was asked for what ICMP says. */
  private boolean hearing;

  DatagramIntake(DatagramPort port, Endpoint endpoint, SocketClock clock) {
    this.port = port;
    this.endpoint = endpoint;
    this.clock = clock;
    this.icmp = endpoint::onIcmp;
  }

  /**
   * Has the port listen to ICMP as long as the endpoint opens connections; before anything is sent
   * that it may tell of.
   */
  void listen() {
    boolean opening = endpoint.isOpening();
    if (opening != hearing) {
      hearing = opening;
      port.hearIcmp(opening);
    }
  }

  /**
   * Takes what the port has.
   *
   * @param turn the number of the loop's turn
   * @return whether it may have more
   */
  boolean take(long turn) throws IOException {
    boolean moreIcmp = hearing && port.takeIcmp(icmp);
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
    return count == LIMIT_DATAGRAMS || moreIcmp;
  }

  /**
   * Whether another look would find nothing: where one small datagram comes at a time, each such
   * look is a system call in vain, and the wait that follows finds what there is all the same.
   */
  private boolean isProbablyAlone(int bytes, long turn) {
    return takenBefore == 1 && bytes < SMALL_DATAGRAM_BYTES && turn % LOOK_AGAIN_TURNS != 0;
  }
}
