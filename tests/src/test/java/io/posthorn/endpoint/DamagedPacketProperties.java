package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Packets that were cut short or changed by a byte on their way to an endpoint that waits for them:
 * each is dropped for the reason that PROTOCOL.md §13.2 names, nothing of it is handed over, and
 * the true packet is taken afterwards as if nothing had been. (Layouts alone are looked at in
 * {@code PacketRoundTripProperties}.)
 */
class DamagedPacketProperties {
  private static final int ID_AT = PacketHeader.CONNECTION_ID_AT;
  private static final int NUMBER_AT = PacketHeader.PACKET_NUMBER_AT;

  /** What a data packet that changed its first byte may pass for. */
  private static final Set<DropReason> OTHER_TYPE =
      EnumSet.of(
          DropReason.UNKNOWN_TYPE,
          DropReason.UNDERSIZED_FIRST_MESSAGE,
          DropReason.TOO_SHORT,
          DropReason.MALFORMED_HANDSHAKE);

  /** A packet whose number reads otherwise is looked up in the replay window, if it is in there. */
  private static final Set<DropReason> OTHER_NUMBER =
      EnumSet.of(DropReason.AUTHENTICATION_FAILED, DropReason.DUPLICATE, DropReason.STALE);

  private static SocketOptions options(boolean clear) {
    return HandPeer.options(clear ? Security.none() : Security.ephemeral(), 100, 64 << 20);
  }

  private static HandPeer peer(boolean clear, long seed) {
    HandPeer peer = new HandPeer(HandPeer.endpoint(options(clear), seed), options(clear), 1, seed);
    peer.sent = (to, datagram) -> {}; // hints and resets for ids that were changed are looked over
    return peer;
  }

  /** The one reason for which a datagram is dropped. */
  private static DropReason dropped(HandPeer peer, byte[] datagram) {
    EndpointCounters counters = peer.endpoint.counters();
    long[] before = new long[DropReason.count()];
    for (int i = 0; i < before.length; i++) {
      before[i] = counters.drops(DropReason.of(i));
    }
    peer.deliver(datagram);
    assertNull(peer.endpoint.pollMessage(peer.nowNanos), "handed over");
    DropReason found = DropReason.NONE;
    for (int i = 0; i < before.length; i++) {
      long more = peer.endpoint.counters().drops(DropReason.of(i)) - before[i];
      if (more != 0) {
        assertEquals(1, more);
        assertEquals(DropReason.NONE, found, "counted twice");
        found = DropReason.of(i);
      }
    }
    return found;
  }

  private static byte[] changed(byte[] packet, int index, int xor) {
    byte[] changed = packet.clone();
    changed[index] ^= (byte) xor;
    return changed;
  }

  /** A data packet with a message, and the peer that it is to come from. */
  private record Prepared(HandPeer peer, byte[] message, byte[] packet) {
    static Prepared of(boolean clear, long seed, int messageBytes) {
      HandPeer peer = DamagedPacketProperties.peer(clear, seed);
      peer.connect();
      byte[] message = new byte[messageBytes];
      new Random(seed).nextBytes(message);
      byte[] packet = peer.packet(out -> assertTrue(out.datagram(0, -1, message, 0, messageBytes)));
      return new Prepared(peer, message, packet);
    }

    void theTrueOneIsTaken() {
      peer.deliver(packet);
      ReceivedMessage received = peer.endpoint.pollMessage(peer.nowNanos);
      assertNotNull(received, "the true packet is taken");
      assertArrayEquals(message, received.body());
      assertEquals(DropReason.DUPLICATE, dropped(peer, packet));
    }
  }

  @Property(tries = 50, edgeCases = EdgeCasesMode.NONE)
  void aDataPacketCutShortDoesNotVerify(
      @ForAll boolean clear, @ForAll long seed, @ForAll @IntRange(max = 300) int messageBytes) {
    Prepared prepared = Prepared.of(clear, seed, messageBytes);
    for (int length = 0; length < prepared.packet.length; length++) {
      assertEquals(
          length == 0
              ? DropReason.EMPTY
              : length < 14 ? DropReason.TOO_SHORT : DropReason.AUTHENTICATION_FAILED,
          dropped(prepared.peer, Arrays.copyOf(prepared.packet, length)),
          "the first " + length + " bytes");
    }
    prepared.theTrueOneIsTaken();
  }

  @Property(tries = 50, edgeCases = EdgeCasesMode.NONE)
  void aDataPacketWithOneByteChangedDoesNotVerify(
      @ForAll boolean clear,
      @ForAll long seed,
      @ForAll @IntRange(max = 300) int messageBytes,
      @ForAll @IntRange(min = 1, max = 255) int xor) {
    Prepared prepared = Prepared.of(clear, seed, messageBytes);
    for (int index = 0; index < prepared.packet.length; index++) {
      byte[] changed = changed(prepared.packet, index, xor);
      DropReason reason = dropped(prepared.peer, changed);
      String where = "byte " + index + ": " + reason;
      if (index == 0 && PacketHeader.kind(changed[0]) != PacketHeader.DATA) {
        assertTrue(OTHER_TYPE.contains(reason), where);
      } else if (index >= ID_AT && index < NUMBER_AT) {
        assertEquals(DropReason.UNKNOWN_CONNECTION, reason, where);
      } else if (index < NUMBER_AT + 4) {
        assertTrue(OTHER_NUMBER.contains(reason), where);
      } else {
        // Header protection takes its mask from the bytes behind the number.
        assertTrue(
            clear ? reason == DropReason.AUTHENTICATION_FAILED : OTHER_NUMBER.contains(reason),
            where);
      }
    }
    prepared.theTrueOneIsTaken();
  }

  @Property(tries = 50, edgeCases = EdgeCasesMode.NONE)
  void handshakeMessagesThatAreDamagedLeaveTheHandshakeAsItWas(
      @ForAll boolean clear,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 255) int xor,
      @ForAll @IntRange(min = 1, max = 20) int step) {
    HandPeer peer = peer(clear, seed);
    byte[] first = peer.first();
    for (int length = 1; length < first.length; length += step) {
      assertEquals(
          length < 17 ? DropReason.TOO_SHORT : DropReason.UNDERSIZED_FIRST_MESSAGE,
          dropped(peer, Arrays.copyOf(first, length)));
    }
    peer.deliver(first);
    byte[] third = peer.third;
    assertTrue(third.length > 0, "M2 came");
    for (int length = 1; length < third.length; length++) {
      assertEquals(
          length < 35 ? DropReason.TOO_SHORT : DropReason.MALFORMED_HANDSHAKE,
          dropped(peer, Arrays.copyOf(third, length)),
          "the first " + length + " bytes");
    }
    for (int index = 1; index < third.length; index++) {
      DropReason expected =
          index < 9
              ? DropReason.UNEXPECTED_HANDSHAKE
              : index < 11 ? DropReason.MALFORMED_HANDSHAKE : DropReason.HANDSHAKE_FORGED;
      assertEquals(expected, dropped(peer, changed(third, index, xor)), "byte " + index);
    }
    assertEquals(Endpoint.NO_CONNECTION, peer.handle());
    peer.deliver(third);
    assertTrue(peer.handle() != Endpoint.NO_CONNECTION, "the true M3 connects");
  }
}
