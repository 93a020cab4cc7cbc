package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.WireLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What an initiator makes of a list of versions, which anyone on the path can write (PROTOCOL.md
 * §3.4.2): it brings nobody to another version, and ends an attempt only as a refusal does.
 */
class VersionNegotiationTest {
  private static final int FOREIGN = WireLimits.VERSION + 1;
  private static final long REPETITION_NANOS = 250_000_000L;

  private final SocketOptions options = HandPeer.options(Security.none(), 4, 1 << 22);
  private final HandPeer peer = new HandPeer(HandPeer.endpoint(options, 1), options, 1, 1);
  private final List<byte[]> firsts = new ArrayList<>();

  VersionNegotiationTest() {
    peer.sent = (to, datagram) -> firsts.add(datagram);
    peer.endpoint.connect(peer.address, peer.nowNanos);
    peer.collect();
    assertEquals(1, firsts.size(), "M1");
  }

  /** The attempt's peer says that it speaks these. */
  private void tell(int... versions) {
    byte[] packet = new byte[64];
    int length = ControlPacket.writeVersions(packet, 0, readFirst().initiatorConnectionId());
    int at = length - Integer.BYTES;
    packet[at - 1] = (byte) versions.length;
    for (int version : versions) {
      BigEndian.putInt(packet, at, version);
      at += Integer.BYTES;
    }
    peer.deliver(Arrays.copyOf(packet, at));
  }

  /** The newest M1, which is of the own version whatever came. */
  private FirstMessagePacket readFirst() {
    byte[] newest = firsts.get(firsts.size() - 1);
    FirstMessagePacket first = new FirstMessagePacket();
    assertEquals(DropReason.NONE, first.check(newest, 0, newest.length));
    return first;
  }

  private void waitForAFurtherFirst() {
    int before = firsts.size();
    peer.advance(REPETITION_NANOS);
    assertTrue(firsts.size() > before, "M1 again");
    readFirst();
  }

  @Test
  void aListWithTheOwnVersionIsIgnoredHoweverOftenItComes() {
    for (int i = 0; i < 4; i++) {
      tell(FOREIGN, WireLimits.VERSION);
      tell(WireLimits.VERSION, FOREIGN, FOREIGN + 1);
      waitForAFurtherFirst();
    }
    assertEquals(8, peer.endpoint.counters().drops(DropReason.UNEXPECTED_HANDSHAKE));
    assertNull(peer.closedFor());
    peer.advance(11_000_000_000L);
    assertEquals(CloseReason.HANDSHAKE_TIMEOUT, peer.closedFor(), "nor is it the reason later");
  }

  @Test
  void aForeignListOfOneFirstMessageEndsNothing() {
    for (int i = 0; i < 4; i++) {
      tell(FOREIGN, FOREIGN + 1); // and its copies
    }
    assertNull(peer.closedFor());
    for (int i = 0; i < 4; i++) {
      waitForAFurtherFirst();
    }
    assertNull(peer.closedFor());
    peer.advance(11_000_000_000L);
    assertEquals(CloseReason.SECURITY, peer.closedFor(), "the reason where no other comes");
  }

  @Test
  void aForeignListIsBelievedOnceAFurtherFirstMessageMetItToo() {
    tell(FOREIGN);
    waitForAFurtherFirst();
    assertNull(peer.closedFor());
    tell(FOREIGN);
    assertEquals(CloseReason.SECURITY, peer.closedFor());
  }
}
