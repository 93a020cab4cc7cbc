package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.wire.CloseReason;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Example;

/** An end that lingers takes no message any more, and hears its peer all the same. */
class LingerTest {
  private static final LinkConditions LINK = LinkConditions.parse("delay 20ms rate 4mbit");

  private static Pair open() {
    Pair pair = new Pair(5, Pair.options()).link(LINK);
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(1));
    return pair;
  }

  private static long acknowledged(Pair pair, int end) {
    return pair.history.sent().stream()
        .filter(is -> is.end() == end)
        .filter(is -> pair.history.outcome(is) == ReceiptOutcome.ACKNOWLEDGED)
        .count();
  }

  /** All that the client sends carries parts of messages, and all of it is refused. */
  @Example
  void anEndThatFlushesFollowsAPeerThatMoves() {
    Pair pair = open();
    for (int i = 0; i < 100; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 10_000);
      pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 5_000); // one second of the link
    }
    pair.network.run(Duration.ofMillis(200));
    pair.b.closeConnections(Duration.ofSeconds(3));
    pair.network.run(Duration.ofMillis(200));
    pair.network.rebind(Pair.A, Rebinding.PORT);
    pair.network.run(Duration.ofSeconds(10));
    assertEquals(100, acknowledged(pair, 1));
    assertEquals(1, pair.history.told(0, EndpointEvent.Closed.class).size());
    assertTrue(pair.b.endpoint().connections(pair.network.nowNanos()).isEmpty());
  }

  /**
   * Each refuses what the other has on its way, for longer than an idle connection lives: as both
   * hear one another all the time, neither takes the other for gone.
   */
  @Example
  void twoThatRefuseOneAnotherKnowThatBothLive() {
    Pair pair = open();
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 10_000);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 10_000);
    pair.b.closeConnections(Duration.ofSeconds(60));
    pair.a.closeConnections(Duration.ofSeconds(60));
    pair.network.run(Duration.ofSeconds(80));
    for (int end = 0; end < 2; end++) {
      List<EndpointEvent.Closed> ends = pair.history.told(end, EndpointEvent.Closed.class);
      assertEquals(1, ends.size());
      assertEquals(CloseReason.APPLICATION, ends.get(0).reason());
      assertEquals(1, ends.get(0).unacknowledged());
    }
  }

  /**
   * What neither application will take any more is acknowledged by neither end: no receipt says
   * that it arrived, and both ends wait as long as they were told to.
   */
  @Example
  void whatCrossesTwoClosesIsNotAcknowledged() {
    Pair pair = open();
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 1_000);
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 1_000);
    long begun = pair.network.nowNanos();
    assertTrue(pair.close(Duration.ofSeconds(3), Duration.ofSeconds(10)));
    assertEquals(0, pair.history.received().size());
    for (int end = 0; end < 2; end++) {
      assertEquals(0, acknowledged(pair, end));
      assertEquals(1, pair.history.told(end, EndpointEvent.Closed.class).get(0).unacknowledged());
    }
    assertTrue(pair.network.nowNanos() - begun >= Duration.ofSeconds(3).toNanos());
  }
}
