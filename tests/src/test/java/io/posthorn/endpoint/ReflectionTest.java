package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.wire.DropReason;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FAULTS 60: what an end said itself, given back to it; and who says that he is somebody else. */
class ReflectionTest {
  private static final SocketOptions SEALED = HandPeer.options(Security.ephemeral(), 4, 1 << 22);
  private static final SocketOptions CLEAR = HandPeer.options(Security.none(), 4, 1 << 22);
  private static final InetSocketAddress ELSEWHERE = HandPeer.address(99);

  private final List<byte[]> said = new ArrayList<>();

  private HandPeer listening(SocketOptions options) {
    HandPeer peer = new HandPeer(HandPeer.endpoint(options, 1), options, 1, 1);
    peer.sent = (to, datagram) -> said.add(datagram);
    return peer;
  }

  private static void send(HandPeer peer, long connection) {
    byte[] body = new byte[100];
    peer.endpoint.send(OutgoingMessage.ordered(connection, peer.address, body), peer.nowNanos);
    peer.collect();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fault60_theOwnFirstMessageOpensNothingHere(boolean clear) {
    HandPeer peer = listening(clear ? CLEAR : SEALED);
    peer.endpoint.connect(peer.address, peer.nowNanos);
    peer.collect();
    assertEquals(1, said.size(), "M1");
    byte[] first = said.get(0);
    peer.deliver(first);
    peer.deliver(first, ELSEWHERE);
    assertEquals(2, peer.endpoint.counters().drops(DropReason.REFLECTED));
    assertEquals(1, said.size(), "and has no answer");
    assertEquals(1, peer.endpoint.connections(peer.nowNanos).size());
  }

  /** Where a port has several endpoints, another of them may get what one said. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fault60_theOwnHandshakeOpensNothingAtAnotherEndpointOfThePort(boolean clear) {
    byte[] key = new byte[StaticKey.KEY_BYTES];
    key[0] = 1;
    ReliableEndpoint[] both = new ReliableEndpoint[2];
    for (int i = 0; i < both.length; i++) {
      PortShare share = new PortShare(new SocketChoice(i, both.length), StaticKey.of(key), 1);
      both[i] =
          new ReliableEndpoint(
              new EndpointSetup(clear ? CLEAR : SEALED, new SplittableRandom(i), any -> false)
                  .withShare(share));
    }
    InetSocketAddress asked = HandPeer.address(1);
    byte[] body = new byte[100];
    both[0].send(OutgoingMessage.ordered(Endpoint.NO_CONNECTION, asked, body), 0);
    for (int i = 0; i < 4; i++) {
      carry(both[0], both[1], ELSEWHERE);
      carry(both[1], both[0], asked);
    }
    assertEquals(1, both[1].counters().drops(DropReason.REFLECTED));
    assertEquals(0, both[1].connections(0).size());
    assertNull(both[1].pollMessage(0));
    for (EndpointEvent event = both[0].pollEvent(); event != null; event = both[0].pollEvent()) {
      assertFalse(event instanceof EndpointEvent.Connected, "nor is anybody connected to");
    }
  }

  private static void carry(ReliableEndpoint from, ReliableEndpoint to, InetSocketAddress relay) {
    TransmitBatch batch = new TransmitBatch();
    while (from.pollTransmit(batch, 0)) {
      for (int at = 0; at < batch.segments(); at++) {
        ByteBuffer segment = batch.segment(at);
        byte[] datagram = new byte[segment.remaining()];
        segment.get(datagram);
        to.onDatagram(ByteBuffer.wrap(datagram), relay, EcnMark.NOT_ECT, 0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fault60_theOwnPartOfAConversationIsNotTakenForThePeers(boolean clear) {
    HandPeer peer = listening(clear ? CLEAR : SEALED);
    peer.connect();
    byte[] message = {8, 1, 2, 3, 4};
    peer.send(out -> out.channelData(0, 0, message, 0, message.length));
    send(peer, peer.handle());
    ReceivedMessage received = peer.endpoint.pollMessage(peer.nowNanos);
    assertNotNull(received);
    assertArrayEquals(new byte[] {1, 2, 3, 4}, received.body());
    int events = peer.events.size();
    List<byte[]> back = new ArrayList<>(said);
    assertTrue(back.size() >= 3, "M2 and packets");
    for (byte[] datagram : back) {
      peer.deliver(datagram.clone());
      peer.deliver(datagram.clone(), ELSEWHERE);
    }
    assertNull(peer.endpoint.pollMessage(peer.nowNanos));
    assertEquals(events, peer.events.size());
    assertEquals(1, peer.endpoint.connections(peer.nowNanos).size());
    long acks = peer.heardOf("onAck");
    peer.send(out -> out.ping());
    peer.send(out -> out.ping());
    assertTrue(peer.heardOf("onAck") > acks, "the peer is where it was, and is heard");
  }

  /** It is the one that may speak to itself: in two roles, with two sets of keys. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fault60_anEndThatSendsToItselfHearsEachMessageOnce(boolean clear) {
    InetSocketAddress self = HandPeer.address(1);
    ReliableEndpoint endpoint =
        new ReliableEndpoint(clear ? CLEAR : SEALED, new SplittableRandom(1), self::equals);
    TransmitBatch batch = new TransmitBatch();
    List<Integer> heard = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      long nowNanos = i * 20_000_000L;
      byte[] body = {(byte) i};
      endpoint.send(OutgoingMessage.ordered(Endpoint.NO_CONNECTION, self, body), nowNanos);
      endpoint.onTimeout(nowNanos);
      while (endpoint.pollTransmit(batch, nowNanos)) {
        for (int at = 0; at < batch.segments(); at++) {
          ByteBuffer segment = batch.segment(at);
          byte[] datagram = new byte[segment.remaining()];
          segment.get(datagram);
          endpoint.onDatagram(ByteBuffer.wrap(datagram), self, EcnMark.NOT_ECT, nowNanos);
        }
      }
      for (ReceivedMessage message = endpoint.pollMessage(nowNanos);
          message != null;
          message = endpoint.pollMessage(nowNanos)) {
        heard.add((int) message.body()[0]);
      }
    }
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), heard);
    assertEquals(2, endpoint.connections(0).size());
    assertEquals(0, endpoint.counters().drops(DropReason.REFLECTED));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fault60_whoSealsAnotherIdThanHeCameWithIsNobody(boolean clear) {
    HandPeer peer = listening(clear ? CLEAR : SEALED);
    peer.parameters.connectionId++;
    peer.deliver(peer.first());
    peer.deliver(peer.third);
    assertEquals(1, peer.endpoint.counters().drops(DropReason.HANDSHAKE_FORGED));
    assertEquals(0, peer.endpoint.connections(peer.nowNanos).size());
    assertEquals(Endpoint.NO_CONNECTION, peer.handle());
  }
}
