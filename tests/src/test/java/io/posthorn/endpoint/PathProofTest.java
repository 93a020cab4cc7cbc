package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ConnectionInfo;
import io.posthorn.wire.FrameType;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.Example;

/** What a peer that asks for the proof of its path gets, and what it does not get by that. */
class PathProofTest extends MisbehavingPeerCase {
  private static final int CHALLENGES = 500;

  private ConnectionInfo row() {
    return peer.endpoint.connections(peer.nowNanos).get(0);
  }

  /** The window is full, and each challenge is answered at once: by the answer alone. */
  @Example
  void challengesPullNoDataPastTheWindow() {
    send(1_000, 1_000);
    long window = row().congestionWindowBytes();
    long carried = peer.heardOf("onChannelData");
    for (int i = 0; i < CHALLENGES; i++) {
      long data = i;
      peer.send(out -> out.pathChallenge(data));
    }
    assertEquals(CHALLENGES, peer.heardOf("onPathResponse"));
    assertEquals(carried, peer.heardOf("onChannelData"));
    assertTrue(row().bytesInFlight() <= window + 300, row().toString());
  }

  /** What proves the path proves that it carries 1,200 bytes, if so much may go there yet. */
  @Example
  void aChallengeFillsADatagramIfThatMayLeave() {
    assertEquals(1_200, firstTo(HandPeer.address(2), 600));
    int least = firstTo(HandPeer.address(3), 300);
    assertTrue(least <= 3 * 300, least + " bytes");
  }

  /** RFC 9000 §8.2.2; but little that asks does not have much sent. */
  @Example
  void aResponseFillsADatagramIfTheChallengeCameInALargeOne() {
    for (InetSocketAddress from : List.of(peer.address, HandPeer.address(2))) {
      for (int padding : new int[] {400, 100}) {
        List<Integer> lengths = new ArrayList<>();
        peer.sent = (to, datagram) -> lengths.add(to.equals(from) ? datagram.length : 0);
        peer.deliver(
            peer.packet(
                out -> {
                  out.pathChallenge(7);
                  out.padding(padding);
                }),
            from);
        int longest = Collections.max(lengths);
        assertTrue(longest > 0, "answered");
        assertEquals(padding == 400, longest == 1_200, longest + " bytes");
        assertTrue(longest <= 3 * (padding + 50), longest + " bytes");
      }
    }
  }

  @Example
  void theChallengeToTheOldAddressFillsADatagram() {
    List<Integer> lengths = new ArrayList<>();
    peer.sent =
        (to, datagram) -> {
          if (to.equals(peer.address)) {
            lengths.add(datagram.length);
          }
        };
    peer.deliver(peer.packet(out -> out.ping()), HandPeer.address(2));
    assertEquals(List.of(1_200), lengths);
  }

  /** Length of the first datagram to this address, once so many bytes came from there. */
  private int firstTo(InetSocketAddress address, int bytes) {
    int[] first = new int[1];
    peer.sent =
        (to, datagram) -> {
          if (first[0] == 0 && to.equals(address)) {
            first[0] = datagram.length;
          }
        };
    byte[] packet = peer.packet(out -> out.ping());
    byte[] padded =
        peer.packet(
            out -> {
              out.ping();
              out.padding(bytes - packet.length);
            });
    assertEquals(bytes, padded.length);
    peer.deliver(padded, address);
    return first[0];
  }

  /** So little may go to the new address at first that an ACK of many ranges would take it all. */
  @Example
  void aChallengeGoesBeforeAnAckOfManyRanges() {
    for (int i = 0; i < 40; i++) {
      peer.nextNumber += 2;
      peer.send(out -> out.ping());
    }
    InetSocketAddress moved = HandPeer.address(2);
    List<Integer> firstFrames = new ArrayList<>();
    peer.sent =
        (to, datagram) -> {
          if (to.equals(moved)) {
            byte[] plain = new byte[datagram.length];
            long newest = peer.largestOpened();
            peer.keys().open(datagram, 0, datagram.length, newest, peer.nowNanos, plain, 0);
            firstFrames.add((int) plain[0]);
          }
        };
    peer.deliver(peer.packet(out -> out.ping()), moved);
    assertEquals(List.of(FrameType.PATH_CHALLENGE), firstFrames);
  }
}
