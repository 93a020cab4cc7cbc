package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What the handshake tells of the round trip, and what that is good for (PROTOCOL.md §9.2). */
class HandshakeRoundTripTest {
  private static final int SECOND_MESSAGE = 5;
  private static final int THIRD_MESSAGE = 6;
  private static final long MS = 1_000_000L;

  private static Pair pair(int rttMillis, int lostThirds) {
    return pair(rttMillis, 0, lostThirds);
  }

  private static Pair pair(int rttMillis, int lostSeconds, int lostThirds) {
    Pair pair =
        new Pair(1, Pair.options())
            .link(LinkConditions.parse("delay %dus".formatted(rttMillis * 500)));
    int[] left = new int[256];
    left[SECOND_MESSAGE] = lostSeconds;
    left[THIRD_MESSAGE] = lostThirds;
    pair.network.intercept(
        (from, to, number, datagram) ->
            left[datagram.get(datagram.position()) & 0xff]-- > 0
                ? Interception.DROP
                : Interception.DELIVER);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 64);
    return pair;
  }

  private static long rttMillis(Party party, Pair pair) {
    var connections = party.endpoint().connections(pair.network.nowNanos());
    return connections.isEmpty() ? 0 : connections.get(0).smoothedRtt().toMillis();
  }

  @Test
  void bothSidesKnowTheRoundTripBeforeAnyAcknowledgement() {
    Pair pair = pair(40, 0);
    pair.network.run(Duration.ofMillis(41));
    assertEquals(40, rttMillis(pair.a, pair), "of M1 and M2");
    pair.network.run(Duration.ofMillis(20));
    assertEquals(40, rttMillis(pair.b, pair), "of M2 and M3");
  }

  /** Three round trips is what a first sample makes the probe timeout. */
  @Test
  void aLostThirdMessageGoesAgainAfterThreeRoundTrips() {
    Pair pair = pair(40, 1);
    assertTrue(
        pair.network.runUntil(() -> pair.history.received().size() == 1, Duration.ofSeconds(5)));
    long after = pair.network.nowNanos() - 40 * MS;
    assertTrue(after < (3 * 40 + 20 + 2) * MS, after / MS + " ms after M2");
  }

  /**
   * M1 went twice, so M2 is no sample; but it came 40 ms after the second, which is the best guess:
   * three times as long, yet no less than the 250 ms that M1 waits.
   */
  @Test
  void aThirdMessageLostAfterTwoFirstOnesGoesAgainAsSoonAsAFirstOne() {
    Pair pair = pair(40, 1, 1);
    assertTrue(
        pair.network.runUntil(() -> pair.history.received().size() == 1, Duration.ofSeconds(5)));
    long after = pair.network.nowNanos() - (250 + 40) * MS;
    assertTrue(after < (250 + 20 + 2) * MS, after / MS + " ms after M2");
    assertTrue(after >= 250 * MS, after / MS + " ms after M2");
  }

  /** M2 answers the first of three M1 here, and the guess by the last is far too small. */
  @Test
  void aGuessSendsHardlyMoreOnALongPath() {
    Pair pair = pair(600, 0, 0);
    pair.network.run(Duration.ofMillis(601));
    long before = pair.a.endpoint().counters().datagramsSent;
    assertTrue(pair.network.runUntil(() -> rttMillis(pair.a, pair) > 0, Duration.ofSeconds(5)));
    long probes = pair.a.endpoint().counters().datagramsSent - before;
    assertTrue(probes <= 2, probes + " datagrams while one is under way");
  }

  /** The second M3 answers no M2 in time, whatever the clock says. */
  @Test
  void aRepeatedThirdMessageTellsTheResponderNothing() {
    Pair pair = pair(40, 1);
    pair.network.runUntil(() -> pair.history.received().size() == 1, Duration.ofSeconds(5));
    assertEquals(0, rttMillis(pair.b, pair));
  }

  /** At 260 ms M1 has gone twice, 260 and 10 ms ago: nobody knows which of them M2 answers. */
  @Test
  void whatMayAnswerEitherOfTwoFirstMessagesTellsNothing() {
    Pair pair = pair(260, 0);
    pair.network.run(Duration.ofMillis(262));
    assertEquals(0, rttMillis(pair.a, pair));
    pair.network.run(Duration.ofMillis(140)); // by now M2 has gone twice too
    assertEquals(1, pair.history.received().size());
    assertEquals(0, rttMillis(pair.b, pair));
    pair.network.run(Duration.ofSeconds(2));
    assertEquals(260, rttMillis(pair.a, pair), "acknowledgements tell");
  }
}
