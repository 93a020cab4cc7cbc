package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which messages a connection takes, before and after its peer has said what that takes. */
class DeliveriesTest {
  private static final InetSocketAddress PEER = InetSocketAddress.createUnresolved("peer", 1);
  private static final int WHOLE = 100_000;
  private static final int UNORDERED = 70_000;
  private static final int DATAGRAM = 500;

  private final Ending ending = new Ending();
  private final Deliveries deliveries = deliveries();

  private Deliveries deliveries() {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    EndpointResources shared = LoneResources.of(options.done(), new SplittableRandom(1), 1 << 20);
    IdleTimeout idle = new IdleTimeout(1, Long.MAX_VALUE, Long.MAX_VALUE, 0);
    return new Deliveries(shared, ending, idle, new Redundancy(true));
  }

  private static TransportParameters limits() {
    TransportParameters peer = new TransportParameters();
    peer.maxChannels = 4;
    peer.initialMaxChannelDataBytes = 1 << 20;
    peer.initialMaxMessages = 100;
    peer.initialMaxMessageDataBytes = UNORDERED;
    peer.maxWholeMessageBytes = WHOLE;
    peer.maxDatagramMessageBytes = DATAGRAM;
    return peer;
  }

  private SendOutcome send(Delivery delivery, int channel, int bytes, Object receipt) {
    long key = delivery == Delivery.RELIABLE_LATEST ? 7 : -1;
    return deliveries.send(
        new OutgoingMessage(
            1,
            PEER,
            channel,
            delivery,
            key,
            new byte[bytes],
            false,
            Long.MAX_VALUE,
            false,
            receipt),
        0);
  }

  private SendOutcome send(Delivery delivery, int bytes) {
    return send(delivery, 0, bytes, "receipt");
  }

  private SendOutcome part(int bytes, boolean more) {
    return deliveries.send(OutgoingMessage.part(1, PEER, 0, new byte[bytes], more), 0);
  }

  private List<ReceiptOutcome> settled() {
    List<ReceiptOutcome> outcomes = new ArrayList<>();
    for (SendLedger.Settled next = deliveries.pollSettled();
        next != null;
        next = deliveries.pollSettled()) {
      outcomes.add(next.outcome());
    }
    return outcomes;
  }

  @Test
  void beforeThePeersLimitsAreKnownWhatEachPeerTakesIsTaken() {
    int most = Deliveries.maxDatagramMessageBytes();
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.UNRELIABLE, most));
    assertEquals(SendOutcome.TOO_LARGE, send(Delivery.UNRELIABLE, most + 1));
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.RELIABLE_ORDERED, 65_536));
    assertEquals(SendOutcome.BLOCKED, send(Delivery.RELIABLE_ORDERED, 65_537));
    assertEquals(SendOutcome.BLOCKED, send(Delivery.RELIABLE_UNORDERED, 65_537));
    assertEquals(
        SendOutcome.TOO_LARGE, deliveries.sendBody(0, ByteBuffer.allocate(1), 0), "nor a run");
    assertFalse(deliveries.pollWritable());
    deliveries.onPeerLimits(limits());
    assertTrue(deliveries.pollWritable(), "who was refused may try again");
    assertFalse(deliveries.pollWritable(), "and is told so once");
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void thereafterAMessageIsTakenUpToThePeersLimit(Delivery delivery) {
    deliveries.onPeerLimits(limits());
    int most =
        switch (delivery) {
          case RELIABLE_ORDERED -> WHOLE;
          case RELIABLE_UNORDERED, RELIABLE_LATEST -> UNORDERED;
          case UNRELIABLE_SEQUENCED, UNRELIABLE -> DATAGRAM;
        };
    assertEquals(SendOutcome.TOO_LARGE, send(delivery, most + 1));
    assertEquals(SendOutcome.ACCEPTED, send(delivery, most));
    assertEquals(SendOutcome.CHANNEL_LIMIT, send(delivery, 4, 1, "receipt"));
    assertEquals(SendOutcome.ACCEPTED, send(delivery, 3, 1, "receipt"));
  }

  @Test
  void aDatagramFitsThePathBelowWhateverThePeerTakes() {
    TransportParameters peer = limits();
    peer.maxDatagramMessageBytes = WireLimits.MAX_DATAGRAM_BYTES;
    deliveries.onPeerLimits(peer);
    int most = Deliveries.maxDatagramMessageBytes();
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.UNRELIABLE, most));
    assertEquals(SendOutcome.TOO_LARGE, send(Delivery.UNRELIABLE_SEQUENCED, most + 1));
  }

  @Test
  void aBodyWithoutAReceiptHasTheSameLimits() {
    deliveries.onPeerLimits(limits());
    assertEquals(SendOutcome.ACCEPTED, deliveries.sendBody(3, ByteBuffer.allocate(WHOLE), 0));
    assertEquals(SendOutcome.TOO_LARGE, deliveries.sendBody(3, ByteBuffer.allocate(WHOLE + 1), 0));
    assertEquals(SendOutcome.CHANNEL_LIMIT, deliveries.sendBody(4, ByteBuffer.allocate(1), 0));
    ending.finish(end());
    assertEquals(SendOutcome.CLOSED, deliveries.sendBody(0, ByteBuffer.allocate(1), 0));
    assertEquals(-1, deliveries.sendRun(0, new byte[] {1, 1}, 0, 2, false, 0));
    assertEquals(SendOutcome.CLOSED, send(Delivery.UNRELIABLE, 1));
  }

  @Test
  void allPartsOfAMessageTogetherHaveToFit() {
    deliveries.onPeerLimits(limits());
    assertEquals(SendOutcome.ACCEPTED, part(WHOLE - 1, true));
    assertEquals(SendOutcome.TOO_LARGE, part(2, false));
    assertEquals(SendOutcome.ACCEPTED, part(1, false));
    assertEquals(SendOutcome.ACCEPTED, part(WHOLE, false), "the next begins from nothing");
  }

  @Test
  void betweenItsPartsAMessageHasItsChannelAlone() {
    deliveries.onPeerLimits(limits());
    assertEquals(SendOutcome.ACCEPTED, part(1, true));
    assertEquals(SendOutcome.MID_MESSAGE, send(Delivery.RELIABLE_ORDERED, 1));
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.RELIABLE_ORDERED, 1, 1, "receipt"));
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.RELIABLE_UNORDERED, 1));
    assertEquals(SendOutcome.ACCEPTED, part(1, false));
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.RELIABLE_ORDERED, 1));
    assertEquals(SendOutcome.ACCEPTED, part(1, true));
    deliveries.abortMessage(0);
    assertEquals(SendOutcome.ACCEPTED, send(Delivery.RELIABLE_ORDERED, 1));
  }

  /** The peer joins them, and each brings a header that takes of its memory too. */
  @Test
  void manySmallPartsAreForAPeerThatReadsThemOneByOne() {
    assertEquals(SendOutcome.BLOCKED, outcomeOfSmallParts(), "which is not known yet");
    deliveries.onPeerLimits(limits());
    assertEquals(SendOutcome.TOO_SMALL, part(1, true));
    assertEquals(SendOutcome.ACCEPTED, part(0, true), "which gives the message up");

    Deliveries toStream = deliveries();
    TransportParameters peer = limits();
    peer.maxWholeMessageBytes = WireLimits.MAX_MESSAGE_BYTES;
    toStream.onPeerLimits(peer);
    for (int i = 0; i < 60_000; i++) {
      OutgoingMessage part = OutgoingMessage.part(1, PEER, 0, new byte[1], true);
      assertEquals(SendOutcome.ACCEPTED, toStream.send(part, 0));
    }
  }

  private SendOutcome outcomeOfSmallParts() {
    SendOutcome outcome = SendOutcome.ACCEPTED;
    for (int i = 0; i < 60_000 && outcome == SendOutcome.ACCEPTED; i++) {
      outcome = part(1, true);
    }
    return outcome;
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void whatIsStillHereCanBeCancelledOnce(Delivery delivery) {
    deliveries.onPeerLimits(limits());
    Object receipt = new Object();
    assertFalse(deliveries.cancel(receipt), "nobody has sent it");
    assertEquals(SendOutcome.ACCEPTED, send(delivery, 0, 10, receipt));
    assertFalse(deliveries.isFlushed());
    assertTrue(deliveries.cancel(receipt));
    assertEquals(List.of(ReceiptOutcome.CANCELLED), settled());
    assertFalse(deliveries.cancel(receipt));
    assertEquals(0, deliveries.unacknowledgedMessages());

    Object last = new Object();
    assertEquals(SendOutcome.ACCEPTED, send(delivery, 0, 10, last));
    ending.finish(end());
    assertFalse(deliveries.cancel(last), "its end is that of the connection");
    deliveries.abandon();
    assertEquals(List.of(ReceiptOutcome.CLOSED), settled());
  }

  @Test
  void theEndSettlesEachMessageAndCountsThemOnce() {
    for (Delivery delivery : Delivery.values()) {
      assertEquals(SendOutcome.ACCEPTED, send(delivery, 600));
    }
    deliveries.onPeerLimits(limits());
    assertEquals(
        List.of(ReceiptOutcome.REFUSED, ReceiptOutcome.REFUSED),
        settled(),
        "unreliable ones that were taken before the peer said that it takes none so long");
    int all = Delivery.values().length;
    assertEquals(all, deliveries.unacknowledgedMessages());
    ending.finish(end());
    deliveries.abandon();
    ReceiptOutcome[] closed = new ReceiptOutcome[all - 2];
    Arrays.fill(closed, ReceiptOutcome.CLOSED);
    assertEquals(List.of(closed), settled());
    assertEquals(all, deliveries.unacknowledgedMessages());
    deliveries.abandon();
    assertEquals(all, deliveries.unacknowledgedMessages());
    assertTrue(deliveries.isFlushed());
    assertNull(deliveries.pollProcessed());
  }

  @Test
  void onlyWhileItLivesAConnectionTellsThatAMessageWasConfirmed() {
    deliveries.onPeerLimits(limits());
    ReceivedMessage message =
        new ReceivedMessage(1, PEER, 0, Delivery.RELIABLE_ORDERED, 3, new byte[0], false, false);
    assertTrue(deliveries.isFlushed());
    deliveries.confirm(message);
    assertFalse(deliveries.isFlushed(), "the word is on its way");
    Deliveries ended = deliveries();
    ending.finish(end());
    ended.confirm(message);
    assertTrue(ended.isFlushed());
  }

  private static ConnectionEnd end() {
    return new ConnectionEnd(CloseReason.APPLICATION, false, 0, "");
  }
}
