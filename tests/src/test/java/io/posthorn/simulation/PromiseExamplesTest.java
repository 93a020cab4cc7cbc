package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.LivenessChecker;
import io.posthorn.testkit.jqwik.ScheduledSend;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@link DeliveryProperties} once found, shrunk. */
class PromiseExamplesTest {
  /** An ACK of seven seconds ago came late, and its age was taken for the path's round trip. */
  @Test
  void aLateAcknowledgementDoesNotSlowTheFlowDown() {
    Pair pair =
        new Pair(41946, Pair.patient(false, true))
            .link(
                LinkConditions.parse("delay 100ms loss gemodel 2.5757576% 5%"),
                LinkConditions.parse("delay 100ms loss gemodel 5.4263566% 33.3333333%"));
    pair.schedule(
        List.of(
            ordered(0, true),
            ordered(0, false),
            new ScheduledSend(301, true, 0, Delivery.RELIABLE_UNORDERED, 0, 2169, 0),
            ordered(301, true),
            ordered(301, true),
            ordered(301, true)));
    Duration healed = Duration.ofMillis(7177);
    pair.network.at(healed, () -> pair.link(LinkConditions.parse("delay 5ms")));
    assertTrue(pair.network.runUntil(pair::isSettled, Duration.ofSeconds(60)));
    LivenessChecker.check(pair.history, healed.toNanos(), Duration.ofSeconds(1).toNanos());
  }

  /** What had expired in mid-message was counted as unacknowledged when its connection closed. */
  @Test
  void whatExpiredIsNotUnacknowledgedToo() {
    Pair pair =
        new Pair(0, Pair.patient(false, true))
            .link(LinkConditions.NONE, LinkConditions.parse("delay 400ms"));
    pair.schedule(
        List.of(new ScheduledSend(0, true, 0, Delivery.RELIABLE_ORDERED, 0, 65_537, 401)));
    pair.network.run(Duration.ofSeconds(3));
    assertTrue(pair.isSettled());
    assertTrue(pair.close(Duration.ZERO, Duration.ofSeconds(40)));
    Checkers.checkEnded(pair.history);
  }

  private static ScheduledSend ordered(int atMillis, boolean forth) {
    return new ScheduledSend(atMillis, forth, 0, Delivery.RELIABLE_ORDERED, 0, 0, 0);
  }
}
