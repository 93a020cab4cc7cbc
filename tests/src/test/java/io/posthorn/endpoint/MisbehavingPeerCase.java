package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameWriter;
import java.util.function.Consumer;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;

/**
 * FAULTS 47 to 54: a peer that holds the true keys and breaks the rules. The connection ends with
 * the right reason, or nothing happens at all; nothing is thrown, memory stays bounded, and is
 * given back.
 */
abstract class MisbehavingPeerCase {
  static final SocketOptions OPTIONS = HandPeer.options(Security.ephemeral(), 100, 64 << 20);
  static final long MS = 1_000_000;

  /** What one peer may have kept by whatever it says; far less than what it says here. */
  private static final long MOST_KEPT_BYTES = 2 << 20;

  /** What may stay of one that is gone: some memory is kept for the next. */
  private static final long MOST_LEFT_BYTES = 512 << 10;

  /** A fresh one for each try. */
  HandPeer peer = HandPeer.connected(OPTIONS);

  /** What the endpoint's own application gave it to send. */
  long givenBytes;

  private long startBytes;

  @BeforeTry
  void connect() {
    begin(HandPeer.connected(OPTIONS));
  }

  /** Takes this peer, whose connection has just opened, for the one of the try. */
  final void begin(HandPeer connected) {
    peer = connected;
    givenBytes = 0;
    startBytes = ReachableHeap.from(peer.endpoint).bytes();
  }

  /** Of each attack, whatever else its test looks at. */
  @AfterTry
  void memoryStaysBounded() {
    ReachableHeap heap = ReachableHeap.from(peer.endpoint);
    long kept = heap.bytes() - startBytes;
    assertTrue(kept <= givenBytes + MOST_KEPT_BYTES, kept + " bytes are kept for the peer");
    long received = heap.only(ReceiveMemory.class).usedBytes();
    assertTrue(received <= MOST_KEPT_BYTES, received + " bytes are held to be received ones");
    peer.advance(60_000 * MS);
    assertTrue(peer.endpoint.connections(peer.nowNanos).isEmpty());
    while (peer.endpoint.pollMessage(peer.nowNanos) != null) {
      // what arrived whole waits for the application, whose it is
    }
    heap = ReachableHeap.from(peer.endpoint);
    long left = heap.bytes() - startBytes;
    assertTrue(left <= MOST_LEFT_BYTES, left + " bytes are left of a peer that is gone");
    assertEquals(0, heap.only(ReceiveMemory.class).usedBytes());
  }

  void assertCloses(CloseReason reason, Consumer<FrameWriter> frames) {
    peer.send(frames);
    assertEquals(reason, peer.toldToClose(), "the peer is told");
    peer.advance(60_000 * MS);
    assertEquals(reason, peer.closedFor(), "the application is told");
    assertTrue(peer.endpoint.connections(peer.nowNanos).isEmpty());
  }

  void assertLives() {
    assertNull(peer.toldToClose());
    assertNull(peer.closedFor());
    long before = peer.heardOf("onAck");
    peer.send(
        out -> {
          out.ping();
        });
    peer.send(
        out -> {
          out.ping();
        });
    assertTrue(peer.heardOf("onAck") > before, "it still answers");
  }

  void send(int bytes, int count) {
    for (int i = 0; i < count; i++) {
      OutgoingMessage message =
          OutgoingMessage.ordered(peer.handle(), peer.address, new byte[bytes]);
      peer.endpoint.send(message, peer.nowNanos);
      givenBytes += bytes;
    }
    peer.collect();
  }

  static void ack(FrameWriter out, long from, long to) {
    out.ack(0, new long[] {from}, new long[] {to}, 1, 0, 0, -1);
  }
}
