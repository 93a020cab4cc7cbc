package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.wire.FrameWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Which numbers the packets of an endpoint have, and when one that says nothing new is answered.
 */
class PacketNumberingTest {
  private static final SocketOptions CLEAR = HandPeer.options(Security.none(), 100, 1 << 28);
  private static final int SKIP_AT_LEAST = 128;
  private static final int SKIP_SPREAD = 1024;

  private final HandPeer peer = HandPeer.connected(CLEAR);

  /** A peer that acknowledges whatever it is asked to would acknowledge one that was never sent. */
  @Test
  void oneNumberIsSkippedNowAndThen() {
    long newest = peer.largestOpened();
    long heard = peer.datagramsHeard;
    List<Long> distances = new ArrayList<>();
    long since = 0;
    while (distances.size() < 12) {
      peer.send(FrameWriter::ping);
      peer.send(out -> MisbehavingPeerCase.ack(out, peer.largestOpened(), peer.largestOpened()));
      long numbers = peer.largestOpened() - newest;
      long packets = peer.datagramsHeard - heard;
      newest += numbers;
      heard += packets;
      since += packets;
      if (numbers != packets) {
        assertEquals(packets + 1, numbers);
        distances.add(since);
        since = 0;
      }
    }
    // The first is counted from the middle, and each may lie anywhere among the packets of a turn.
    for (long distance : distances.subList(1, distances.size())) {
      assertTrue(distance >= SKIP_AT_LEAST, "skips after " + distances);
      assertTrue(distance < SKIP_AT_LEAST + SKIP_SPREAD, "skips after " + distances);
    }
    assertTrue(new HashSet<>(distances).size() > 6, "nobody can foretell which: " + distances);
  }

  /**
   * ACKs of a peer that has nothing to say are never acknowledged, and so never forgotten, unless
   * one of them asks for it (RFC 9000 §13.2.4): sooner where each lists gaps.
   */
  @ParameterizedTest
  @CsvSource({"false, 1024", "true, 64"})
  void oneInManyAcksAsksForAnAnswer(boolean gaps, long quietPackets) {
    peer.send(FrameWriter::ping);
    if (gaps) {
      peer.nextNumber++;
    }
    long heard = peer.datagramsHeard;
    long asked = peer.heardOf("onPing");
    List<Long> quiet = new ArrayList<>();
    while (quiet.size() < 4) {
      peer.send(FrameWriter::ping);
      if (peer.heardOf("onPing") > asked) {
        asked = peer.heardOf("onPing");
        quiet.add(peer.datagramsHeard - heard - 1);
        heard = peer.datagramsHeard;
      }
    }
    // How many went before the first is the handshake's affair.
    assertEquals(List.of(quietPackets, quietPackets, quietPackets), quiet.subList(1, quiet.size()));
  }
}
