package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameWriter;
import java.util.function.Consumer;

/**
 * FAULTS 47 to 54: a peer that holds the true keys and breaks the rules. The connection ends with
 * the right reason, or nothing happens at all; nothing is thrown, memory stays bounded.
 */
abstract class MisbehavingPeerCase {
  static final SocketOptions OPTIONS = HandPeer.options(Security.ephemeral(), 100, 64 << 20);
  static final long MS = 1_000_000;

  final HandPeer peer = HandPeer.connected(OPTIONS);

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
    }
    peer.collect();
  }

  static void ack(FrameWriter out, long from, long to) {
    out.ack(0, new long[] {from}, new long[] {to}, 1, 0, 0, -1);
  }
}
