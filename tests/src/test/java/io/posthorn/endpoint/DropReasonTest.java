package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.DraftOptions;
import io.posthorn.EcnMark;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.WireLimits;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each reason for a drop is raised alone: one datagram, one count, nothing else. A new reason
 * without a case does not compile.
 */
class DropReasonTest {
  /** Where the body of M1 begins when there is no cookie. */
  private static final int BODY_AT = 1 + 4 + 1 + 8 + 1 + 2;

  private static final SocketOptions CLEAR = HandPeer.options(Security.none(), 100, 1 << 28);
  private static final SocketOptions SEALED = HandPeer.options(Security.ephemeral(), 100, 1 << 28);

  /** Prepares all, and answers what remains to be done. */
  private record Case(EndpointCounters counters, Runnable last) {}

  @ParameterizedTest
  @EnumSource(value = DropReason.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void isRaisedAlone(DropReason reason) {
    Case raised = prepare(reason);
    Map<DropReason, Long> before = drops(raised.counters);
    raised.last.run();
    Map<DropReason, Long> after = drops(raised.counters);
    before.merge(reason, 1L, Long::sum);
    assertEquals(before, after);
  }

  private static Map<DropReason, Long> drops(EndpointCounters counters) {
    Map<DropReason, Long> drops = new EnumMap<>(DropReason.class);
    for (DropReason reason : DropReason.values()) {
      drops.put(reason, counters.drops(reason));
    }
    return drops;
  }

  private static Case prepare(DropReason reason) {
    return switch (reason) {
      case NONE -> throw new AssertionError("is no drop");
      case EMPTY -> stranger(new byte[0]);
      case TOO_SHORT -> stranger(new byte[] {PacketHeader.SECOND_MESSAGE, 1, 2, 3});
      case UNKNOWN_TYPE -> stranger(new byte[] {0, 1, 2, 3});
      case TOO_LONG -> stranger(new byte[WireLimits.MAX_DATAGRAM_BYTES + 1]);
      case MALFORMED_HANDSHAKE -> malformed();
      case UNDERSIZED_FIRST_MESSAGE -> undersized();
      case UNSUPPORTED_VERSION -> unsupported();
      case SECURITY_MISMATCH -> mismatched();
      case UNEXPECTED_HANDSHAKE -> unexpected();
      case HANDSHAKE_FORGED -> forged();
      case IDENTITY_REFUSED -> notPinned();
      case REFLECTED -> reflected();
      case SIMULTANEOUS_OPEN -> simultaneous();
      case HALF_OPEN_LIMIT -> tooManyHalfOpen();
      case CONNECTION_LIMIT -> tooManyConnections();
      case RATE_LIMITED -> tooManyOfOnePrefix();
      case COOKIE_INVALID -> invalidCookie();
      case UNKNOWN_CONNECTION -> unknown();
      case AUTHENTICATION_FAILED -> damaged();
      case DUPLICATE -> repeated();
      case STALE -> stale();
      case CLOSING -> closing();
      case RECEIVE_BUFFER_FULL -> memoryFull();
      case TOO_MANY_GAPS -> tooManyGaps();
      case QUEUE_FULL -> queueFull();
    };
  }

  private static HandPeer peer(SocketOptions options) {
    return new HandPeer(HandPeer.endpoint(options, 1), options, 1, 1);
  }

  private static Case when(HandPeer peer, Runnable last) {
    return new Case(peer.endpoint.counters(), last);
  }

  private static Case datagram(HandPeer peer, byte[] datagram) {
    return when(peer, () -> peer.deliver(datagram));
  }

  private static Case stranger(byte[] datagram) {
    return datagram(peer(SEALED), datagram);
  }

  private static Case malformed() {
    HandPeer peer = peer(CLEAR);
    byte[] first = peer.first();
    first[BODY_AT + 5] ^= 1; // the body's checksum is wrong now
    return datagram(peer, first);
  }

  private static Case undersized() {
    HandPeer peer = peer(SEALED);
    byte[] first = peer.first();
    return datagram(peer, Arrays.copyOf(first, first.length - 1));
  }

  private static Case unsupported() {
    HandPeer peer = peer(SEALED);
    byte[] first = peer.first();
    BigEndian.putInt(first, 1, WireLimits.VERSION + 1);
    return datagram(peer, first);
  }

  private static Case mismatched() {
    HandPeer clear = new HandPeer(HandPeer.endpoint(SEALED, 1), CLEAR, 1, 1);
    return datagram(clear, clear.first());
  }

  private static Case unexpected() {
    byte[] out = new byte[200];
    int length = SecondMessagePacket.write(out, 0, 77, 78, new byte[64], 64);
    return stranger(Arrays.copyOf(out, length));
  }

  private static Case forged() {
    HandPeer peer = peer(SEALED);
    peer.deliver(peer.first());
    byte[] third = peer.third.clone();
    third[third.length - 1] ^= 1;
    return datagram(peer, third);
  }

  private static Case notPinned() {
    Security pinned = Security.pinned("SHA256:" + "A".repeat(43));
    HandPeer peer = peer(HandPeer.options(pinned, 100, 1 << 28));
    peer.deliver(peer.first());
    return datagram(peer, peer.third);
  }

  /** The endpoint's own first message to a peer. */
  private static byte[] ownFirst(ReliableEndpoint endpoint) {
    assertTrue(endpoint.connect(HandPeer.address(1), 0) != Endpoint.NO_CONNECTION);
    TransmitBatch batch = new TransmitBatch();
    assertTrue(endpoint.pollTransmit(batch, 0));
    byte[] first = new byte[batch.lengthBytes()];
    batch.segment(0).get(first);
    return first;
  }

  private static Case reflected() {
    HandPeer peer = peer(SEALED);
    return datagram(peer, ownFirst(peer.endpoint));
  }

  private static Case simultaneous() {
    HandPeer peer = peer(CLEAR);
    byte[] own = ownFirst(peer.endpoint);
    // The higher random value loses; one of the seeds draws a higher one.
    for (int seed = 1; ; seed++) {
      HandPeer other = new HandPeer(peer.endpoint, CLEAR, 1, seed);
      byte[] first = other.first();
      if (Arrays.compareUnsigned(own, BODY_AT, BODY_AT + 32, first, BODY_AT, BODY_AT + 32) < 0) {
        return datagram(other, first);
      }
    }
  }

  /** Handshakes that never end, from as many addresses, with cookies where they are asked for. */
  private static ReliableEndpoint halfOpen(int count) {
    ReliableEndpoint endpoint = HandPeer.endpoint(CLEAR, 1);
    for (int i = 0; i < count; i++) {
      HandPeer peer = new HandPeer(endpoint, CLEAR, 10 + i, 5);
      openHalf(peer);
      assertTrue(peer.third.length > 0, "answered " + i);
    }
    return endpoint;
  }

  private static void openHalf(HandPeer peer) {
    byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
    int length = peer.handshake.writeFirst(body, 0);
    peer.deliver(peer.first(body, length));
    if (peer.cookie.length > 0) {
      peer.deliver(peer.first(body, length));
    }
  }

  private static Case tooManyHalfOpen() {
    HandPeer peer = new HandPeer(halfOpen(Admission.HALF_OPEN_LIMIT), CLEAR, 1, 1);
    return when(peer, () -> openHalf(peer));
  }

  private static Case tooManyOfOnePrefix() {
    ReliableEndpoint endpoint = HandPeer.endpoint(CLEAR, 1);
    for (int i = 0; i < 2 * Admission.BURST_PER_PREFIX; i++) {
      HandPeer peer = new HandPeer(endpoint, CLEAR, 1, i);
      openHalf(peer);
      assertTrue(peer.third.length > 0, "answered " + i);
    }
    HandPeer peer = new HandPeer(endpoint, CLEAR, 1, -1);
    byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
    int length = peer.handshake.writeFirst(body, 0);
    peer.deliver(peer.first(body, length));
    return when(peer, () -> peer.deliver(peer.first(body, length)));
  }

  private static Case invalidCookie() {
    HandPeer peer = new HandPeer(halfOpen(Admission.COOKIE_THRESHOLD), CLEAR, 1, 1);
    peer.cookie = new byte[17];
    return when(peer, () -> peer.deliver(peer.first()));
  }

  private static Case tooManyConnections() {
    SocketOptions one = HandPeer.options(Security.ephemeral(), 1, 1 << 28);
    HandPeer connected = HandPeer.connected(one);
    HandPeer other = new HandPeer(connected.endpoint, one, 2, 2);
    return datagram(other, other.first());
  }

  private static Case unknown() {
    byte[] packet = new byte[60];
    new SplittableRandom(1).nextBytes(packet);
    packet[0] = PacketHeader.DATA;
    return stranger(packet);
  }

  private static Case damaged() {
    HandPeer peer = HandPeer.connected(SEALED);
    byte[] packet = peer.packet(out -> out.ping());
    packet[packet.length - 1] ^= 4;
    return datagram(peer, packet);
  }

  private static Case repeated() {
    HandPeer peer = HandPeer.connected(SEALED);
    byte[] packet = peer.packet(out -> out.ping());
    peer.deliver(packet);
    return datagram(peer, packet);
  }

  private static Case stale() {
    HandPeer peer = HandPeer.connected(SEALED);
    byte[] old = peer.packet(out -> out.ping());
    peer.nextNumber += 10_000;
    peer.send(out -> out.ping());
    return datagram(peer, old);
  }

  private static Case closing() {
    HandPeer peer = HandPeer.connected(SEALED);
    peer.endpoint.send(message(peer, new byte[10]), peer.nowNanos);
    peer.endpoint.close(peer.handle(), 0, "", 1_000_000_000L, peer.nowNanos);
    peer.collect();
    return datagram(peer, peer.packet(out -> out.channelData(0, 0, new byte[] {2, 1}, 0, 2)));
  }

  private static OutgoingMessage message(HandPeer to, byte[] body) {
    return OutgoingMessage.ordered(to.handle(), to.address, body);
  }

  private static Case memoryFull() {
    HandPeer peer = HandPeer.connected(HandPeer.options(Security.ephemeral(), 9, 1024));
    peer.send(out -> out.channelData(0, 0, new byte[] {40, 1}, 0, 2));
    return datagram(peer, peer.packet(out -> out.channelData(0, 10, new byte[] {1}, 0, 1)));
  }

  private static Case tooManyGaps() {
    HandPeer peer = HandPeer.connected(SEALED);
    int[] next = {1};
    while (next[0] <= 2 * 2048 - 100) {
      peer.send(
          out -> {
            for (int i = 0; i < 50; i++) {
              out.channelData(0, next[0], new byte[1], 0, 1);
              next[0] += 2;
            }
          });
    }
    long none = peer.endpoint.counters().drops(DropReason.TOO_MANY_GAPS);
    assertEquals(0, none);
    while (next[0] < 2 * 2048) {
      peer.send(out -> out.channelData(0, next[0], new byte[1], 0, 1));
      next[0] += 2;
    }
    return datagram(peer, peer.packet(out -> out.channelData(0, next[0], new byte[1], 0, 1)));
  }

  private static Case queueFull() {
    DraftOptions tiny = DraftOptions.of(Mode.PLAIN);
    tiny.socketReceiveBytes = 1000;
    PlainEndpoint plain = new PlainEndpoint(tiny.done());
    Runnable arrives =
        () ->
            plain.onDatagram(
                ByteBuffer.wrap(new byte[600]), HandPeer.address(1), EcnMark.NOT_ECT, 0);
    arrives.run();
    return new Case(plain.counters(), arrives);
  }
}
