package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ConnectionInfo;
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
}
