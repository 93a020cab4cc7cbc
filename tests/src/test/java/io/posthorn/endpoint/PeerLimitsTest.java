package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.FrameHandler;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A peer that takes less than this implementation does. The first send opens the connection, so
 * messages are taken before its limits are known; what does not fit them never leaves.
 */
class PeerLimitsTest {
  private static final SocketOptions OPTIONS = HandPeer.options(Security.none(), 4, 1 << 22);
  private static final InetSocketAddress PEER = HandPeer.address(9);
  private static final long PEER_ID = 77;

  private final SplittableRandom random = new SplittableRandom(1);
  private final ReliableEndpoint endpoint = HandPeer.endpoint(OPTIONS, 1);
  private final TransportParameters limits = new TransportParameters();
  private final Map<Object, ReceiptOutcome> settled = new TreeMap<>();
  private final List<String> heard = new ArrayList<>();
  private final FrameReader reader = new FrameReader();
  private EndpointEvent.@Nullable Closed end;
  private @Nullable ClearHandshake handshake;
  private @Nullable PacketProtection keys;
  private long ownId;
  private long nextNumber;
  private long largestOpened = -1;
  private int taken;

  PeerLimitsTest() {
    limits.connectionId = PEER_ID;
    limits.instanceId = 1;
    limits.maxWholeMessageBytes = 65_536;
    limits.initialMaxChannelDataBytes = 1 << 20;
    limits.initialMaxMessages = 100;
    limits.initialMaxMessageDataBytes = 1 << 20;
    limits.maxDatagramMessageBytes = WireLimits.MAX_DATAGRAM_BYTES;
  }

  private void send(int channel, Delivery delivery, int bytes, @Nullable String receipt) {
    SendOutcome outcome =
        endpoint.send(
            new OutgoingMessage(
                Endpoint.NO_CONNECTION,
                PEER,
                channel,
                delivery,
                delivery == Delivery.RELIABLE_LATEST ? channel : -1,
                new byte[bytes],
                false,
                Long.MAX_VALUE,
                false,
                receipt),
            0);
    assertEquals(SendOutcome.ACCEPTED, outcome);
    taken++;
  }

  /** What the endpoint says by itself, and the peer's answers, until there is nothing more. */
  private void converse() {
    TransmitBatch batch = new TransmitBatch();
    while (endpoint.pollTransmit(batch, 0)) {
      for (int i = 0; i < batch.segments(); i++) {
        ByteBuffer segment = batch.segment(i);
        byte[] datagram = new byte[segment.remaining()];
        segment.get(datagram);
        byte[] answer = answer(datagram);
        if (answer.length > 0) {
          endpoint.onDatagram(ByteBuffer.wrap(answer), PEER, EcnMark.NOT_ECT, 0);
        }
      }
    }
    for (EndpointEvent event = endpoint.pollEvent(); event != null; event = endpoint.pollEvent()) {
      if (event instanceof EndpointEvent.ReceiptSettled settles) {
        settled.put(settles.receipt(), settles.outcome());
      } else if (event instanceof EndpointEvent.Closed closed) {
        end = closed;
      }
    }
  }

  private byte[] answer(byte[] datagram) {
    switch (PacketHeader.kind(datagram[0])) {
      case PacketHeader.FIRST_MESSAGE -> {
        return second(datagram);
      }
      case PacketHeader.THIRD_MESSAGE -> {
        ThirdMessagePacket third = new ThirdMessagePacket();
        third.check(datagram, 0, datagram.length);
        ClearHandshake with = handshake;
        if (with != null) {
          byte[] payload = new byte[datagram.length];
          with.readThird(
              datagram, third.bodyFrom(), third.bodyLength(), payload, (in, length) -> true);
          keys = with.split();
          handshake = null;
        }
        return read(datagram, third.dataFrom(), third.dataLength());
      }
      default -> {
        return read(datagram, 0, datagram.length);
      }
    }
  }

  private byte[] second(byte[] datagram) {
    FirstMessagePacket first = new FirstMessagePacket();
    first.check(datagram, 0, datagram.length);
    ClearHandshake with = ClearHandshake.responder(first.initiatorConnectionId(), random);
    handshake = with;
    assertTrue(with.readFirst(datagram, first.bodyFrom(), first.bodyLength()));
    byte[] payload = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
    int bodyBytes = with.writeSecond(payload, limits.encode(payload, 0), body, 0);
    ownId = first.initiatorConnectionId();
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    return Arrays.copyOf(out, SecondMessagePacket.write(out, 0, ownId, PEER_ID, body, bodyBytes));
  }

  /** Notes the frames of a packet, and acknowledges it. */
  private byte[] read(byte[] datagram, int from, int length) {
    PacketProtection with = keys;
    assertNotNull(with);
    byte[] plain = new byte[length];
    int bytes = with.open(datagram, from, length, largestOpened, 0, plain, 0);
    assertTrue(bytes > 0);
    largestOpened = with.openedPacketNumber();
    assertEquals(null, reader.read(plain, 0, bytes, recorder));
    if (!reader.sawAckEliciting() && end == null) {
      return new byte[0];
    }
    FrameWriter frames = new FrameWriter();
    byte[] in = new byte[100];
    frames.reset(in, 0, in.length);
    frames.ack(0, new long[] {0}, new long[] {largestOpened}, 1, 0, 0, -1);
    byte[] out = new byte[200];
    return Arrays.copyOf(out, with.seal(ownId, nextNumber++, 4, in, 0, frames.written(), out, 0));
  }

  private final FrameHandler recorder =
      (FrameHandler)
          Proxy.newProxyInstance(
              PeerLimitsTest.class.getClassLoader(),
              new Class<?>[] {FrameHandler.class},
              (proxy, method, arguments) -> {
                switch (method.getName()) {
                  case "onDatagram", "onChannelData" ->
                      heard.add(method.getName() + " " + arguments[0]);
                  case "onMessage" -> heard.add("onMessage " + arguments[1]);
                  default -> {}
                }
                return null;
              });

  @Test
  void aPeerWithoutUnreliableMessagesGetsNone() {
    limits.maxDatagramMessageBytes = 0;
    send(3, Delivery.UNRELIABLE, 1, "long");
    send(3, Delivery.UNRELIABLE_SEQUENCED, 9, "sequenced");
    send(3, Delivery.RELIABLE_ORDERED, 9, "ordered");
    converse();
    assertEquals(List.of("onChannelData 3"), heard);
    assertEquals(
        Map.of(
            "long", ReceiptOutcome.REFUSED,
            "sequenced", ReceiptOutcome.REFUSED,
            "ordered", ReceiptOutcome.ACKNOWLEDGED),
        settled);
  }

  @Test
  void unreliableMessagesThatFitAreSent() {
    limits.maxDatagramMessageBytes = 10;
    send(3, Delivery.UNRELIABLE, 11, "long");
    send(3, Delivery.UNRELIABLE, 10, "short");
    converse();
    assertEquals(List.of("onDatagram 3"), heard);
    assertEquals(
        Map.of("long", ReceiptOutcome.REFUSED, "short", ReceiptOutcome.ACKNOWLEDGED), settled);
  }

  @Test
  void aChannelBeyondThePeersIsNotUsed() {
    limits.maxChannels = 4;
    for (Delivery delivery : Delivery.values()) {
      send(4, delivery, 5, delivery + " on 4");
      send(63, delivery, 5, delivery + " on 63");
    }
    send(3, Delivery.RELIABLE_ORDERED, 5, "ordered");
    send(3, Delivery.RELIABLE_UNORDERED, 5, "unordered");
    send(3, Delivery.UNRELIABLE, 5, "unreliable");
    converse();
    assertEquals(
        List.of("onChannelData 3", "onDatagram 3", "onMessage 3"),
        heard.stream().sorted().toList());
    settled.forEach(
        (receipt, outcome) ->
            assertEquals(
                receipt.toString().contains(" on ")
                    ? ReceiptOutcome.REFUSED
                    : ReceiptOutcome.ACKNOWLEDGED,
                outcome,
                receipt.toString()));
    assertEquals(taken, settled.size());
  }

  /** Else it would wait for ever, and those behind it too. */
  @Test
  void anUnorderedMessageThatThePoolNeverHoldsStopsNoOther() {
    limits.initialMaxMessageDataBytes = 1_000;
    send(3, Delivery.RELIABLE_UNORDERED, 1_001, "unordered");
    send(3, Delivery.RELIABLE_LATEST, 1_001, "latest");
    send(3, Delivery.RELIABLE_UNORDERED, 1_000, "fits");
    converse();
    assertEquals(List.of("onMessage 3"), heard);
    assertEquals(
        Map.of(
            "unordered", ReceiptOutcome.REFUSED,
            "latest", ReceiptOutcome.REFUSED,
            "fits", ReceiptOutcome.ACKNOWLEDGED),
        settled);
  }

  /** Whoever holds no receipt learns it from the connection's end. */
  @Test
  void whatIsRefusedWithoutAReceiptCountsAsNotAcknowledged() {
    limits.maxChannels = 1;
    send(1, Delivery.RELIABLE_ORDERED, 10, null);
    send(0, Delivery.RELIABLE_ORDERED, 10, null);
    converse();
    endpoint.close(endpoint.connectionTo(PEER), 0, "", 1_000_000_000, 0);
    converse();
    EndpointEvent.Closed closed = end;
    assertNotNull(closed);
    assertEquals(CloseReason.APPLICATION, closed.reason());
    assertEquals(1, closed.acknowledged());
    assertEquals(1, closed.unacknowledged());
  }
}
