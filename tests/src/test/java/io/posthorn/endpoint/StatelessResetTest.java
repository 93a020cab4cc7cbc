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
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** FAULTS 37 and 38: resets and hints, forged and in loops (PROTOCOL.md §12.2, §12.3). */
class StatelessResetTest {
  private static final long MS = 1_000_000L;
  private static final SocketOptions OPTIONS =
      HandPeer.options(Security.ephemeral(), 100, 64 << 20);
  private static final InetSocketAddress SOMEBODY = HandPeer.address(9);

  private final SplittableRandom random = new SplittableRandom(1);
  private final StaticKey identity = StaticKey.generate(random);
  private final ConnectionIdIssuer issuer = issuer(null);
  private long nowNanos = 1_000 * MS;

  private ConnectionIdIssuer issuer(@Nullable InetSocketAddress local) {
    return new ConnectionIdIssuer(identity, local, random, id -> false);
  }

  private ReliableEndpoint endpoint(@Nullable StaticKey known) {
    return new ReliableEndpoint(
        new EndpointSetup(OPTIONS, random.split(), any -> false).withIdentity(known));
  }

  /** One of this identity, at this address. */
  private ReliableEndpoint endpointAt(InetSocketAddress local) {
    return new ReliableEndpoint(
        new EndpointSetup(OPTIONS, random.split(), any -> false)
            .withIdentity(identity)
            .withPort(PortLimits.UNKNOWN.at(local)));
  }

  private byte[] dataPacket(long id, int length) {
    byte[] packet = new byte[length];
    random.nextBytes(packet);
    packet[0] = (byte) (8 | (packet[0] & 7));
    BigEndian.putLong(packet, PacketHeader.CONNECTION_ID_AT, id);
    return packet;
  }

  private List<byte[]> give(Endpoint endpoint, byte[] packet, InetSocketAddress from) {
    endpoint.onDatagram(ByteBuffer.wrap(packet), from, EcnMark.NOT_ECT, nowNanos);
    List<byte[]> answers = new ArrayList<>();
    TransmitBatch batch = new TransmitBatch();
    while (endpoint.pollTransmit(batch, nowNanos)) {
      assertEquals(from, batch.peer());
      byte[] answer = new byte[batch.lengthBytes()];
      System.arraycopy(batch.bytes(), 0, answer, 0, answer.length);
      answers.add(answer);
    }
    return answers;
  }

  @Test
  void fault38APacketToALostConnectionGetsAResetThatIsShorter() {
    for (int length = 14; length < 200; length++) {
      nowNanos += 1_000 * MS;
      List<byte[]> answers = give(endpoint(identity), dataPacket(issuer.next(), length), SOMEBODY);
      assertEquals(length >= 20 ? 1 : 0, answers.size(), "for " + length + " bytes");
      for (byte[] answer : answers) {
        boolean isReset = length >= 30; // else a hint, for which there is room
        assertTrue(answer.length < length && (answer.length >= 29 || !isReset));
        assertEquals(
            isReset ? PacketHeader.DATA : PacketHeader.CONTROL, PacketHeader.kind(answer[0]));
      }
    }
  }

  /** M3 with a data packet behind it, to this id. */
  private byte[] thirdMessage(long id, int dataLength) {
    byte[] body = new byte[64];
    random.nextBytes(body);
    byte[] packet = new byte[1_200];
    int length = ThirdMessagePacket.write(packet, 0, id, body, body.length);
    System.arraycopy(dataPacket(id, dataLength), 0, packet, length, dataLength);
    return Arrays.copyOf(packet, length + dataLength);
  }

  /** The one that gave the id died before M3: who opens hears of it, and asks no longer for it. */
  @Test
  void fault38WhatComesBehindAThirdMessageToALostHandshakeIsAnsweredLikeAnyPacket() {
    for (int length = 14; length < 200; length++) {
      nowNanos += 1_000 * MS;
      long id = issuer.next();
      List<byte[]> known = give(endpoint(identity), thirdMessage(id, length), SOMEBODY);
      List<byte[]> other = give(endpoint(null), thirdMessage(id, length), SOMEBODY);
      assertEquals(length >= 20 ? 1 : 0, known.size(), "for " + length + " bytes");
      assertEquals(length >= 20 ? 1 : 0, other.size(), "for " + length + " bytes");
      for (byte[] answer : known) {
        assertTrue(answer.length < length);
        boolean isReset = length >= 30; // else a hint, for which there is room
        assertEquals(
            isReset ? PacketHeader.DATA : PacketHeader.CONTROL, PacketHeader.kind(answer[0]));
      }
      for (byte[] answer : other) {
        assertTrue(answer.length < length);
        assertEquals(PacketHeader.CONTROL, PacketHeader.kind(answer[0]));
      }
    }
    byte[] alone = thirdMessage(issuer.next(), 30);
    nowNanos += 1_000 * MS;
    assertEquals(0, give(endpoint(identity), Arrays.copyOf(alone, 75), SOMEBODY).size());
    byte[] garbage = thirdMessage(random.nextLong(), 100);
    assertEquals(0, give(endpoint(identity), garbage, SOMEBODY).size());
  }

  /**
   * One identity at several ports: whoever reads ids of one must not get their tokens from another
   * (RFC 9000 §21.11), or he ends connections that live.
   */
  @Test
  void fault38ANeighbourOfTheSameIdentityAnswersForNoConnectionButItsOwn() throws Exception {
    InetAddress here = InetAddress.getByName("10.7.0.1");
    InetSocketAddress local = new InetSocketAddress(here, 9000);
    HandPeer connected = new HandPeer(endpointAt(local), OPTIONS, 1, 7);
    connected.connect();
    ConnectionIdIssuer issuer = issuer(local);
    assertTrue(issuer.isIssuedHere(connected.remoteId));
    List<InetSocketAddress> others =
        List.of(
            new InetSocketAddress(here, 9001),
            new InetSocketAddress(InetAddress.getByName("10.7.0.2"), 9000),
            new InetSocketAddress(InetAddress.getByName("fd00::1"), 9000),
            new InetSocketAddress(9000),
            new InetSocketAddress(here, 40_000));
    for (InetSocketAddress other : others) {
      ReliableEndpoint neighbour = endpointAt(other);
      for (int i = 0; i < 1_000; i++) {
        nowNanos += 1_000 * MS;
        long id = i == 0 ? connected.remoteId : issuer.next();
        assertEquals(0, give(neighbour, dataPacket(id, 100), SOMEBODY).size(), "at " + other);
      }
      assertFalse(Arrays.equals(issuer.token(1), issuer(other).token(1)));
    }
    // Restarted where it was, it answers for what it lost, with the token that it gave.
    List<byte[]> answers =
        give(endpointAt(local), dataPacket(connected.remoteId, 100), connected.address);
    assertEquals(1, answers.size());
    byte[] reset = answers.get(0);
    byte[] token = Arrays.copyOfRange(reset, reset.length - 16, reset.length);
    assertArrayEquals(issuer.token(connected.remoteId), token);
  }

  /** One process may have the port for IPv4 alone, and another for IPv6, at the same time. */
  @Test
  void fault38TheUnspecifiedAddressOfEachFamilyIsAPlaceOfItsOwn() throws Exception {
    InetSocketAddress four = new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 9000);
    InetSocketAddress six = new InetSocketAddress(InetAddress.getByName("::"), 9000);
    ReliableEndpoint neighbour = endpointAt(six);
    ConnectionIdIssuer issuer = issuer(four);
    for (int i = 0; i < 100; i++) {
      nowNanos += 1_000 * MS;
      assertEquals(0, give(neighbour, dataPacket(issuer.next(), 100), SOMEBODY).size());
    }
    assertFalse(Arrays.equals(issuer.token(1), issuer(six).token(1)));
    assertArrayEquals(issuer.token(1), issuer(four).token(1), "restarted");
  }

  @Test
  void fault35GarbageGetsNoAnswerFromALastingIdentity() {
    ReliableEndpoint endpoint = endpoint(identity);
    for (int i = 0; i < 1_000; i++) {
      nowNanos += 1_000 * MS;
      byte[] packet = dataPacket(random.nextLong(), 30 + random.nextInt(1_170));
      assertEquals(0, give(endpoint, packet, SOMEBODY).size());
    }
  }

  @Test
  void fault38WithoutALastingIdentityTheAnswerIsAHintThatIsShorter() {
    for (int length = 14; length < 200; length++) {
      nowNanos += 1_000 * MS;
      byte[] packet = dataPacket(random.nextLong(), length);
      List<byte[]> answers =
          give(new ReliableEndpoint(OPTIONS, random.split(), any -> false), packet, SOMEBODY);
      assertEquals(length >= 20 ? 1 : 0, answers.size(), "for " + length + " bytes");
      for (byte[] answer : answers) {
        assertTrue(answer.length < length && answer.length <= 34);
        assertEquals(PacketHeader.CONTROL, PacketHeader.kind(answer[0]));
      }
    }
  }

  @Test
  void fault38AnswersAreRateLimitedForEachAddressAndInAll() {
    ReliableEndpoint endpoint = endpoint(identity);
    int answers = 0;
    for (int i = 0; i < 10_000; i++) {
      nowNanos += MS / 10;
      answers += give(endpoint, dataPacket(issuer.next(), 1_200), SOMEBODY).size();
    }
    assertTrue(answers >= 8 && answers <= 17, answers + " in a second to one address");
    answers = 0;
    for (int i = 0; i < 10_000; i++) {
      nowNanos += MS / 10;
      answers += give(endpoint, dataPacket(issuer.next(), 1_200), HandPeer.address(i)).size();
    }
    assertTrue(answers >= 300 && answers <= 600, answers + " in a second to many addresses");
  }

  @Test
  void fault38TwoListenersDoNotAnswerEachOtherForLong() {
    for (int variant = 0; variant < 4; variant++) {
      StaticKey other = StaticKey.generate(random);
      ReliableEndpoint a = endpoint(variant % 2 == 0 ? identity : null);
      ReliableEndpoint b = endpoint(variant < 2 ? other : null);
      InetSocketAddress atA = HandPeer.address(1);
      InetSocketAddress atB = HandPeer.address(2);
      for (int round = 0; round < 100; round++) {
        byte[] packet = dataPacket(round % 2 == 0 ? issuer.next() : random.nextLong(), 1_200);
        int packets = 0;
        boolean toA = true;
        List<byte[]> waiting = List.of(packet);
        while (!waiting.isEmpty()) {
          packets++;
          assertEquals(1, waiting.size());
          waiting = give(toA ? a : b, waiting.get(0), toA ? atB : atA);
          toA = !toA;
          assertTrue(packets < 10, "a loop");
        }
      }
    }
  }

  // Towards a peer with a connection.

  private final HandPeer peer = HandPeer.connected(OPTIONS);

  private void assertLives() {
    assertNull(peer.closedFor());
    long before = peer.heardOf("onAck");
    peer.send(out -> out.ping());
    peer.send(out -> out.ping());
    assertTrue(peer.heardOf("onAck") > before, "it still answers");
  }

  private byte[] reset(byte[] token, int length) {
    byte[] reset = dataPacket(random.nextLong(), length);
    System.arraycopy(token, 0, reset, length - token.length, token.length);
    return reset;
  }

  private byte[] token() {
    byte[] token = peer.parameters.resetToken;
    if (token == null) {
      throw new AssertionError("no token announced");
    }
    return token.clone();
  }

  @Test
  void fault37TheTrueTokenEndsTheConnection() {
    peer.deliver(reset(token(), 40));
    assertEquals(CloseReason.PEER_RESTARTED, peer.closedFor());
  }

  /** Its id is made up, so that where a port has several sockets it comes to any of them. */
  @Test
  void fault37AResetThatAnotherEndpointAtThePortGetsEndsTheConnection() {
    ReliableEndpoint[] both = new ReliableEndpoint[2];
    for (int i = 0; i < both.length; i++) {
      PortShare share = new PortShare(new SocketChoice(i, both.length), identity, 1);
      both[i] =
          new ReliableEndpoint(
              new EndpointSetup(OPTIONS, random.split(), any -> false).withShare(share));
    }
    HandPeer one = new HandPeer(both[0], OPTIONS, 1, 7);
    one.connect();
    byte[] token = Objects.requireNonNull(one.parameters.resetToken);
    for (InetSocketAddress from : List.of(SOMEBODY, one.address)) {
      assertNull(one.closedFor());
      give(both[1], reset(token, 40), from);
      StrayReset stray = both[1].pollStray();
      assertNotNull(stray);
      both[0].onStray(stray, one.nowNanos);
      one.collect();
    }
    assertEquals(CloseReason.PEER_RESTARTED, one.closedFor());
    give(both[1], dataPacket(random.nextLong(), 1_200), one.address);
    assertNull(both[1].pollStray(), "too long for a reset");
  }

  @Test
  void fault37ATokenThatIsNearlyRightEndsNothing() {
    for (int bit = 0; bit < 128; bit++) {
      byte[] wrong = token();
      wrong[bit / 8] ^= (byte) (1 << bit % 8);
      peer.deliver(reset(wrong, 40));
    }
    byte[] longer = new byte[41];
    System.arraycopy(reset(token(), 40), 0, longer, 0, 40);
    peer.deliver(longer);
    peer.deliver(reset(token(), 28)); // shorter than any reset
    assertLives();
  }

  @Test
  void fault37TheTokenFromAnotherAddressEndsNothing() {
    peer.deliver(reset(token(), 40), SOMEBODY);
    assertLives();
  }

  @Test
  void fault37AForgedCloseEndsNothing() {
    for (int i = 0; i < 1_000; i++) {
      peer.deliver(dataPacket(peer.remoteId, 30 + random.nextInt(100)));
    }
    assertLives();
  }

  /** Somebody on the path sees ids and may write hints; he gets a handshake now and then. */
  @Test
  void fault37AForgedHintEndsNothingAndCausesAFewHandshakesAtMost() {
    byte[] trigger = dataPacket(peer.ownId, 100);
    byte[] hint = new byte[60];
    int length = ControlPacket.writeUnknownConnection(hint, 0, trigger, 0, trigger.length);
    byte[] packet = Arrays.copyOf(hint, length);
    long before = peer.bytesHeard;
    for (int i = 0; i < 1_000; i++) {
      peer.deliver(packet);
      peer.advance(10 * MS);
    }
    long handshakes = (peer.bytesHeard - before) / WireLimits.MINIMUM_DATAGRAM_BYTES;
    // One a second, and as many bytes of probes, since this peer says nothing, as three more have.
    assertTrue(handshakes >= 1 && handshakes <= 15, handshakes + " first messages in ten seconds");
    assertLives();
  }

  @Test
  void fault38NoResetForAHalfOpenOrJustEndedConnection() {
    HandPeer half = new HandPeer(endpoint(identity), OPTIONS, 1, 7);
    half.deliver(half.first());
    long before = half.datagramsHeard;
    half.deliver(dataPacket(half.remoteId, 100));
    assertEquals(before, half.datagramsHeard, "half-open");
    half.deliver(half.third);
    half.deliver(dataPacket(half.remoteId, 100));
    half.send(out -> out.close(0, 0, new byte[0], 0));
    half.advance(2_400 * MS);
    assertEquals(0, half.endpoint.connections(half.nowNanos).size());
    before = half.datagramsHeard;
    half.deliver(dataPacket(half.remoteId, 100));
    assertEquals(before, half.datagramsHeard, "just ended");
  }
}
