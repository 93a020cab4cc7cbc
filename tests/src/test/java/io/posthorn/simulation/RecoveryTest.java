package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.simulation.LinkConditions.Rebinding;
import java.time.Duration;
import net.jqwik.api.Example;

/**
 * How long what was lost takes to come after all. Some of the figures are those that {@link
 * RecoveryTable} shows over more seeds.
 */
class RecoveryTest {
  private static final long MS = 1_000_000L;
  private static final int ACK_DELAY_MILLIS = 25;
  private static final int REBOUND_RTT_MILLIS = 20;

  /** Timers, and the time that packets take to leave. */
  private static final int SLACK_MILLIS = 3;

  /**
   * The last packet of what there is to say is lost, and none behind it tells: a probe brings it
   * again a round trip and the delay of an ACK later.
   */
  @Example
  void aLostTailComesARoundTripAndAnAckDelayLater() {
    for (int rttMillis : new int[] {20, 50, 100}) {
      for (int sizeBytes : new int[] {100, 20_000}) {
        double late = lateMillisWithoutTheTail(rttMillis, sizeBytes);
        assertTrue(
            late > rttMillis / 2.0 && late <= rttMillis + ACK_DELAY_MILLIS + SLACK_MILLIS,
            late + " ms at " + rttMillis);
      }
    }
  }

  private static double lateMillisWithoutTheTail(int rttMillis, int sizeBytes) {
    double[] millis = new double[2];
    for (int lost = 0; lost < 2; lost++) {
      Pair pair =
          new Pair(1, Pair.clear()).link(LinkConditions.parse("delay " + rttMillis / 2 + "ms"));
      pair.a.connect(pair.b);
      for (int i = 1; i <= 20; i++) {
        pair.network.at(
            Duration.ofMillis(300L * i),
            () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 5_000));
      }
      pair.network.run(Duration.ofSeconds(8));
      int before = pair.history.received().size();
      int[] toLose = {lost};
      pair.network.intercept(
          (from, to, number, datagram) -> {
            boolean isTail = datagram.remaining() < 1_200 && from.equals(Pair.A);
            return isTail && toLose[0]-- > 0 ? Interception.DROP : Interception.DELIVER;
          });
      long sentNanos = pair.network.nowNanos();
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, sizeBytes);
      boolean came =
          pair.network.runUntil(
              () -> pair.history.received().size() > before, Duration.ofSeconds(5));
      assertTrue(came, "it never came");
      millis[lost] = (pair.network.nowNanos() - sentNanos) / (double) MS;
    }
    return millis[1] - millis[0];
  }

  /** 10 KB to a peer that is not connected yet: what follows its first answer, at 1 % loss. */
  @Example
  void aShortFlowIsOverThreeRoundTripsAfterTheHandshake() {
    int rttMillis = 50;
    double[] after = new double[100];
    for (int seed = 1; seed <= after.length; seed++) {
      after[seed - 1] = RecoveryTable.completion(seed, rttMillis, 10_000, "1%")[1];
    }
    double slowest = RecoveryTable.quantile(after, 0.99);
    assertTrue(slowest <= 3 * rttMillis, slowest + " ms after the handshake");
    assertTrue(slowest > rttMillis, "nothing was lost");
  }

  /** A translator that forgets in mid-transfer, before the sender and before the receiver. */
  @Example
  void aRebindingCostsAFewRoundTrips() {
    double up = RecoveryTable.transfer(1, REBOUND_RTT_MILLIS, true, null);
    double down = RecoveryTable.transfer(1, REBOUND_RTT_MILLIS, false, null);
    assertExtra(2, up, true, Rebinding.PORT);
    assertExtra(3, down, false, Rebinding.PORT);
    assertExtra(4, down, false, Rebinding.ADDRESS); // of another network, which is learned anew
  }

  private static void assertExtra(int roundTrips, double without, boolean up, Rebinding kind) {
    double extra = RecoveryTable.transfer(1, REBOUND_RTT_MILLIS, up, kind) - without;
    assertTrue(
        extra > 0 && extra <= roundTrips * REBOUND_RTT_MILLIS, extra + " ms more by " + kind);
  }
}
