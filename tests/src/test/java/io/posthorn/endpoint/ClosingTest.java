package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.Security;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.CloseReason;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Invariant 9 where one close meets another, and where the socket ends under a connection. */
class ClosingTest {
  private static final long SECOND = 1_000_000_000L;

  /** It acknowledges nothing that this test does not have it acknowledge. */
  private final HandPeer peer =
      HandPeer.connected(HandPeer.options(Security.ephemeral(), 100, 64 << 20));

  private final Object receipt = new Object();

  private OutgoingMessage messageOf(HandPeer from) {
    return new OutgoingMessage(
        from.handle(),
        from.address,
        0,
        Delivery.RELIABLE_ORDERED,
        -1,
        new byte[10],
        false,
        Endpoint.NEVER,
        true,
        receipt);
  }

  private void send() {
    assertEquals(SendOutcome.ACCEPTED, peer.endpoint.send(messageOf(peer), peer.nowNanos));
    peer.collect();
  }

  private void close(long lingerNanos) {
    peer.endpoint.close(peer.handle(), 7, "bye", lingerNanos, peer.nowNanos);
    peer.collect();
  }

  private void assertSettledOnce(CloseReason reason) {
    List<EndpointEvent> outcomes =
        peer.events.stream().filter(EndpointEvent.ReceiptSettled.class::isInstance).toList();
    assertEquals(
        List.of(new EndpointEvent.ReceiptSettled(receipt, ReceiptOutcome.CLOSED, reason, true)),
        outcomes);
  }

  @Test
  void theLongestLingerWaitsAsLongAsThePeerIsThere() {
    send();
    close(Long.MAX_VALUE);
    peer.advance(20 * SECOND);
    assertEquals(0, peer.heardOf("onClose"), "it waits for what is not acknowledged");
    assertNull(peer.closedFor());
    peer.advance(20 * SECOND);
    assertEquals(CloseReason.IDLE_TIMEOUT, peer.closedFor(), "the peer is silent");
    assertSettledOnce(CloseReason.IDLE_TIMEOUT);
  }

  @Test
  void aSecondCloseThatIsShorterIsTheOneThatCounts() {
    send();
    close(60 * SECOND);
    peer.advance(SECOND);
    assertNull(peer.closedFor());
    peer.endpoint.closeAll(0, peer.nowNanos);
    peer.collect();
    peer.advance(SECOND);
    assertTrue(peer.heardOf("onClose") > 0);
    assertEquals(CloseReason.APPLICATION, peer.closedFor());
    assertTrue(peer.endpoint.isClosed());
    assertSettledOnce(CloseReason.APPLICATION);
  }

  @Test
  void aSecondCloseThatIsLongerLeavesNoMoreTime() {
    send();
    close(2 * SECOND);
    close(60 * SECOND);
    peer.advance(3 * SECOND);
    assertEquals(CloseReason.APPLICATION, peer.closedFor());
  }

  @Test
  void whereTheSocketIsGoneEachConnectionAndMessageHasItsEnd() {
    for (boolean closesBefore : new boolean[] {false, true}) {
      HandPeer each = HandPeer.connected(peer.options);
      each.endpoint.send(messageOf(each), 0);
      if (closesBefore) {
        each.endpoint.close(each.handle(), 7, "bye", 60 * SECOND, 0);
      }
      assertFalse(each.endpoint.isClosed());
      each.endpoint.abandonAll(0);
      each.collect();
      assertEquals(CloseReason.SOCKET_CLOSED, each.closedFor());
      assertTrue(
          each.events.contains(
              new EndpointEvent.ReceiptSettled(
                  receipt, ReceiptOutcome.CLOSED, CloseReason.SOCKET_CLOSED, false)));
      assertTrue(each.endpoint.isClosed());
    }
  }
}
