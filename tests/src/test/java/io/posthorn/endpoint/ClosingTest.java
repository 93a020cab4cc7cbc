package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.CloseReason;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Invariant 9 where one close meets another, and where the socket ends under a connection. */
class ClosingTest {
  private static final long SECOND = 1_000_000_000L;

  /** It acknowledges nothing that this test does not have it acknowledge. */
  private final HandPeer peer =
      HandPeer.connected(HandPeer.options(Security.ephemeral(), 100, 64 << 20));

  private final Object receipt = new Object();
  private final TransmitBatch batch = new TransmitBatch();

  private OutgoingMessage messageOf(HandPeer from) {
    return message(from.handle(), from.address, receipt);
  }

  private static OutgoingMessage message(
      long connection, InetSocketAddress to, @Nullable Object receipt) {
    return new OutgoingMessage(
        connection,
        to,
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

  /** PROTOCOL.md §12.1: not beside data, and again with each probe whatever was sent before it. */
  @Test
  void afterABreachCloseAloneLeavesAndLeavesAgain() {
    for (int i = 0; i < 5; i++) {
      peer.endpoint.send(
          OutgoingMessage.ordered(peer.handle(), peer.address, new byte[1_000]), peer.nowNanos);
    }
    peer.collect();
    long data = peer.heardOf("onChannelData");
    assertTrue(data >= 5);
    long newest = peer.largestOpened();
    peer.send(out -> out.maxChannelData(64, 1)); // there is no such channel
    assertEquals(CloseReason.LIMIT, peer.toldToClose());
    assertEquals(1, peer.heardOf("onClose"));
    peer.advance(SECOND / 25); // a probe
    assertEquals(2, peer.heardOf("onClose"));
    peer.send(out -> MisbehavingPeerCase.ack(out, newest, newest)); // what came before is lost
    peer.send(out -> out.maxChannelData(0, 1 << 20));
    peer.advance(SECOND / 100);
    assertNull(peer.closedFor(), "still closing");
    assertEquals(data, peer.heardOf("onChannelData"), "no message leaves whose end is known");
    peer.advance(30 * SECOND);
    assertEquals(CloseReason.LIMIT, peer.closedFor());
  }

  /** Where three probe timeouts are longer than the idle timeout, both end at one time. */
  @Test
  void aBreachIsTheReasonAlsoWhereThePeerIsSilentAfterIt() {
    DraftOptions options = DraftOptions.of(peer.options);
    options.idleTimeout = Duration.ofSeconds(1);
    SocketOptions impatient = options.done();
    HandPeer each = new HandPeer(HandPeer.endpoint(impatient, 1), impatient, 1, 1);
    each.deliver(each.first());
    each.advance(SECOND / 4); // the round trip
    each.deliver(each.third);
    each.send(out -> out.maxChannelData(64, 1));
    each.advance(30 * SECOND);
    assertTrue(each.heardOf("onClose") > 0);
    assertEquals(CloseReason.LIMIT, each.closedFor());
  }

  /**
   * All is acknowledged but CLOSE. Its peer may have heard it and be no more: there is a second for
   * it, whatever the linger time.
   */
  @Test
  void aPeerThatIsSilentWhenCloseHasLeftMayHaveHeardIt() {
    send();
    long newest = peer.largestOpened();
    peer.send(out -> MisbehavingPeerCase.ack(out, newest, newest)); // it is near
    close(60 * SECOND);
    peer.advance(SECOND - 1);
    assertNull(peer.closedFor());
    assertTrue(peer.heardOf("onClose") > 3, "it may have been lost");
    peer.advance(1);
    assertEquals(CloseReason.APPLICATION, peer.closedFor());
  }

  /** How far away it is was never measured: a probe timeout is 775 ms. */
  @Test
  void whoseRoundTripIsLongHasThreeProbeTimeoutsForTheAcknowledgementOfClose() {
    close(60 * SECOND);
    peer.advance(3 * 775_000_000L - 1);
    assertNull(peer.closedFor());
    peer.advance(1);
    assertEquals(CloseReason.APPLICATION, peer.closedFor());
  }

  /** What there is left of the linger time may be less than that second. */
  @Test
  void whereTheLingerTimeIsShortSoIsTheWaitForTheAcknowledgementOfClose() {
    close(SECOND / 2);
    peer.advance(SECOND / 2);
    assertEquals(CloseReason.APPLICATION, peer.closedFor());
  }

  /** Why a connection ended of whose handshake nothing came after M2, or not even that. */
  private CloseReason endOfAttempt(boolean answered, boolean used) {
    ReliableEndpoint asker = HandPeer.endpoint(peer.options, 1);
    ReliableEndpoint answerer = HandPeer.endpoint(peer.options, 2);
    InetSocketAddress from = HandPeer.address(2);
    InetSocketAddress to = HandPeer.address(3);
    long connection = asker.connect(to, 0);
    carry(asker, answerer, from);
    if (answered) {
      carry(answerer, asker, to);
    }
    if (used) {
      assertEquals(SendOutcome.ACCEPTED, asker.send(message(connection, to, null), 0));
    }
    asker.close(connection, 7, "bye", 60 * SECOND, 0);
    while (asker.pollTransmit(batch, 0)) {
      // It does not arrive.
    }
    for (long now = 0; now < 20 * SECOND; now = asker.nextTimeoutNanos()) {
      asker.onTimeout(now);
      while (asker.pollTransmit(batch, now)) {
        // Nor do its repetitions.
      }
      for (EndpointEvent event = asker.pollEvent(); event != null; event = asker.pollEvent()) {
        if (event instanceof EndpointEvent.Closed closed) {
          return closed.reason();
        }
      }
    }
    throw new AssertionError("the handshake has no end");
  }

  private void carry(ReliableEndpoint source, ReliableEndpoint target, InetSocketAddress from) {
    while (source.pollTransmit(batch, 0)) {
      for (int i = 0; i < batch.segments(); i++) {
        target.onDatagram(batch.segment(i), from, EcnMark.NOT_ECT, 0);
      }
    }
  }

  @Test
  void aCloseThatIsOnItsWayIsTheReasonThoughTheHandshakeGoesNoFurther() {
    assertEquals(CloseReason.APPLICATION, endOfAttempt(true, false));
  }

  @Test
  void aPeerThatNeverAnswersWhileWhatWaitsIsToBeFlushedDidNotAnswer() {
    assertEquals(CloseReason.HANDSHAKE_TIMEOUT, endOfAttempt(true, true));
    assertEquals(CloseReason.HANDSHAKE_TIMEOUT, endOfAttempt(false, true));
  }

  /** As a peer does that opened it, found it unused, and refused what came since. */
  private void closeAsPeer() {
    peer.send(out -> out.close(CloseReason.APPLICATION.code(), 0, new byte[0], 0));
    assertEquals(CloseReason.APPLICATION, peer.closedFor());
  }

  /** PROTOCOL.md §5.1: nor when another packet is taken after it. */
  @Test
  void closeInAPacketThatIsRefusedDoesNotCount() {
    send();
    close(60 * SECOND);
    peer.send(
        out -> {
          out.channelData(0, 0, new byte[] {2, 1}, 0, 2);
          out.close(CloseReason.APPLICATION.code(), 0, new byte[0], 0);
        });
    peer.send(out -> out.ping());
    assertNull(peer.closedFor());
    closeAsPeer();
    assertSettledOnce(CloseReason.APPLICATION);
  }

  private SendOutcome sendUnreceipted() {
    return peer.endpoint.send(message(Endpoint.NO_CONNECTION, peer.address, null), peer.nowNanos);
  }

  @Test
  void whatThePeerHadNotAcknowledgedWhenItClosedIsToldOnce() {
    assertEquals(SendOutcome.ACCEPTED, sendUnreceipted());
    closeAsPeer();
    assertEquals(SendOutcome.MESSAGES_LOST, sendUnreceipted());
    assertEquals(SendOutcome.ACCEPTED, sendUnreceipted());
  }

  @Test
  void whereThePeerClosedWhoHoldsAReceiptIsToldByThat() {
    send();
    closeAsPeer();
    assertSettledOnce(CloseReason.APPLICATION);
    assertEquals(SendOutcome.ACCEPTED, sendUnreceipted());
  }

  @Test
  void whoClosesKnowsThatItMayLoseWhatWasNotAcknowledged() {
    assertEquals(SendOutcome.ACCEPTED, sendUnreceipted());
    close(SECOND);
    peer.advance(10 * SECOND);
    assertEquals(CloseReason.APPLICATION, peer.closedFor());
    assertEquals(SendOutcome.ACCEPTED, sendUnreceipted());
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

  @Test
  void aPeerThatRestartsWhileWhatWaitsIsFlushedHasRestarted() {
    send();
    close(60 * SECOND);
    restart();
    assertEquals(CloseReason.PEER_RESTARTED, peer.closedFor());
    assertSettledOnce(CloseReason.PEER_RESTARTED);
  }

  @Test
  void aPeerThatRestartsWhenCloseHasLeftMayHaveHeardIt() {
    close(60 * SECOND);
    assertTrue(peer.heardOf("onClose") > 0);
    restart();
    assertEquals(CloseReason.APPLICATION, peer.closedFor());
  }

  /** The same host asks anew, as another instance. */
  private void restart() {
    HandPeer again = new HandPeer(peer.endpoint, peer.options, 1, 1);
    again.parameters.instanceId++;
    again.connect();
    peer.events.addAll(again.events);
  }
}
