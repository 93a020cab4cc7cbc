package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.wire.PacketHeader;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The opener's translator forgets it in the midst of the handshake: the connection opens. */
class RebindingHandshakeTest {
  @ParameterizedTest(name = "before {0}, {1}, sealed {2}")
  @CsvSource({
    "SECOND_MESSAGE, PORT, true",
    "SECOND_MESSAGE, ADDRESS, true",
    "SECOND_MESSAGE, PORT, false",
    "THIRD_MESSAGE, PORT, true",
    "THIRD_MESSAGE, ADDRESS, true",
    "THIRD_MESSAGE, PORT, false",
    "DATA, PORT, true",
    "DATA, ADDRESS, true",
    "DATA, PORT, false"
  })
  void anOpenerThatMovesIsStillServed(String before, Rebinding rebinding, boolean sealed) {
    int kind =
        switch (before) {
          case "SECOND_MESSAGE" -> PacketHeader.SECOND_MESSAGE; // which goes to nobody then
          case "THIRD_MESSAGE" -> PacketHeader.THIRD_MESSAGE; // the first from the new address
          default -> PacketHeader.DATA; // the answer to M3, to nobody
        };
    Pair pair = new Pair(11, sealed ? Pair.options() : Pair.clear());
    pair.link(LinkConditions.parse("delay 20ms"));
    pair.b.answerOnly();
    int[] moved = new int[1];
    pair.network.intercept(
        (from, to, number, datagram) -> {
          if (moved[0] == 0 && PacketHeader.kind(datagram.get(0)) == kind) {
            moved[0]++;
            pair.network.rebind(Pair.A, rebinding);
          }
          return Interception.DELIVER;
        });
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 5_000);
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 5_000);
    pair.network.run(Duration.ofSeconds(5));
    assertEquals(1, moved[0]);
    assertTrue(pair.isSettled(), pair.a + " " + pair.b);
    assertEquals(2, pair.history.received().size());
    for (int end = 0; end < 2; end++) {
      assertEquals(1, pair.history.told(end, EndpointEvent.Connected.class).size());
      assertEquals(0, pair.history.told(end, EndpointEvent.Closed.class).size());
    }
    assertEquals(1, pair.b.endpoint().connections(pair.network.nowNanos()).size());
    Checkers.checkSoFar(pair.history);
  }
}
