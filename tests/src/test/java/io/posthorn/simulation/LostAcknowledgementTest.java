package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * A lost ACK is not repeated by itself, nor with a PING (RFC 9000 §13.2.1 asks for an ACK with what
 * is new alone): its peer's probe, one probe timeout later, brings the next.
 */
class LostAcknowledgementTest {
  private static final long MS = 1_000_000L;

  @Test
  void costsThePeerOneProbeTimeoutHoweverMuchIsSaidMeanwhile() {
    Pair pair = new Pair(1, Pair.options()).link(LinkConditions.parse("delay 20ms"));
    for (int i = 0; i < 20; i++) { // the round trip is well known
      pair.network.at(i * (100 * MS), () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 64));
    }
    pair.network.run(Duration.ofSeconds(4));
    assertTrue(pair.isSettled());
    long sent = pair.network.nowNanos();
    int[] said = {0, 0};
    pair.network.intercept(
        (from, to, number, datagram) -> {
          boolean back = from.equals(Pair.B);
          said[back ? 1 : 0]++;
          return back && said[1] == 1 ? Interception.DROP : Interception.DELIVER;
        });
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 64);
    assertTrue(pair.network.runUntil(pair::isSettled, Duration.ofSeconds(2)));
    long took = pair.network.nowNanos() - sent;
    // The timeout is little more than a round trip and the delay of an acknowledgement.
    assertTrue(took > 60 * MS, "the acknowledgement of this test is lost");
    assertTrue(took <= (40 + 25 + 10 + 40 + 25) * MS, took / MS + " ms");
    pair.network.run(Duration.ofMillis(500));
    assertTrue(said[0] <= 4, said[0] + " datagrams: the message, one probe and an ACK");
  }
}
