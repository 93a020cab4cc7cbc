package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.History;
import io.posthorn.wire.CloseReason;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Faults of the network by their number in the list of faults. Rows that a property holds stand
 * there: 1 to 6 in {@link DeliveryProperties} and {@link OneFaultProperties}, 7 and 10 in {@link
 * QuietProperties}.
 */
class NetworkFaultsTest {
  private static final long MS = 1_000_000L;
  private static final long RTT_NANOS = 40 * MS;

  private static Pair pair(long seed, SocketOptions options) {
    return new Pair(seed, options).link(LinkConditions.parse("delay 20ms"));
  }

  /** When an end was told that its connection ended since the peer restarted, or -1. */
  private static long restartToldNanos(Pair pair, int end) {
    for (History.Entry entry : pair.history.entries()) {
      if (entry.end() == end
          && entry instanceof History.Told told
          && told.event() instanceof EndpointEvent.Closed closed
          && closed.reason() == CloseReason.PEER_RESTARTED) {
        return told.atNanos();
      }
    }
    return -1;
  }

  private static void settle(Pair pair, Duration limit) {
    assertTrue(pair.network.runUntil(pair::isSettled, limit), () -> "stuck: " + pair.history);
  }

  // 19: one side restarts.

  @Property(tries = 20)
  void fault19ARestartIsFoundWithinOneRoundTripOfTheNextPacket(
      @ForAll long seed, @ForAll boolean clear, @ForAll boolean initiatorDies) {
    Pair pair = pair(seed, clear ? Pair.clear() : Pair.options());
    pair.a.keepIdentity();
    pair.b.keepIdentity();
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    settle(pair, Duration.ofSeconds(2));
    pair.network.run(Duration.ofSeconds(4));
    Party dies = initiatorDies ? pair.a : pair.b;
    Party lives = initiatorDies ? pair.b : pair.a;
    dies.crash();
    long sentNanos = pair.network.nowNanos();
    lives.send(dies, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofMillis(100));
    long told = restartToldNanos(pair, lives.end);
    assertTrue(told >= 0 && told <= sentNanos + RTT_NANOS + MS, "told at " + told);
    lives.send(dies, 0, Delivery.RELIABLE_ORDERED, 100); // and opens anew
    settle(pair, Duration.ofSeconds(2));
    assertEquals(2, pair.history.received().size());
    Checkers.checkSoFar(pair.history);
  }

  /** The key is lost with the process: the hint asks for a handshake, which proves it. */
  @Property(tries = 20)
  void fault19WithoutALastingIdentityAHintLeadsToTheProof(
      @ForAll long seed, @ForAll boolean clear, @ForAll boolean initiatorDies) {
    Pair pair = pair(seed, clear ? Pair.clear() : Pair.options());
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    settle(pair, Duration.ofSeconds(2));
    pair.network.run(Duration.ofSeconds(4));
    Party dies = initiatorDies ? pair.a : pair.b;
    Party lives = initiatorDies ? pair.b : pair.a;
    dies.crash();
    long sentNanos = pair.network.nowNanos();
    lives.send(dies, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofMillis(200));
    long told = restartToldNanos(pair, lives.end);
    assertTrue(told >= 0 && told <= sentNanos + 2 * RTT_NANOS + MS, "told at " + told);
    lives.send(dies, 0, Delivery.RELIABLE_ORDERED, 100);
    settle(pair, Duration.ofSeconds(2));
    Checkers.checkSoFar(pair.history);
  }

  /** Whatever the network does meanwhile: it is found out, and nothing arrives twice. */
  @Property(tries = 20)
  void fault19ARestartOnABadNetworkIsFoundAllTheSame(
      @ForAll long seed, @ForAll boolean lasting, @ForAll boolean initiatorDies) {
    Pair pair =
        new Pair(seed, Pair.patient(true, false))
            .link(LinkConditions.parse("delay 20ms 10ms loss 20% duplicate 20% reorder 20%"));
    if (lasting) {
      pair.a.keepIdentity();
      pair.b.keepIdentity();
    }
    for (int i = 0; i < 20; i++) {
      Party from = i % 2 == 0 ? pair.a : pair.b;
      Party to = i % 2 == 0 ? pair.b : pair.a;
      pair.network.at(
          Duration.ofMillis(20L * i), () -> from.send(to, 0, Delivery.RELIABLE_ORDERED, 300));
    }
    Party dies = initiatorDies ? pair.a : pair.b;
    Party lives = initiatorDies ? pair.b : pair.a;
    settle(pair, Duration.ofSeconds(30));
    pair.network.run(Duration.ofSeconds(4));
    dies.crash();
    lives.send(dies, 0, Delivery.RELIABLE_ORDERED, 100);
    boolean found =
        pair.network.runUntil(() -> restartToldNanos(pair, lives.end) >= 0, Duration.ofSeconds(20));
    assertTrue(found, () -> "not found: " + pair.history);
    pair.network.run(Duration.ofSeconds(30));
    Checkers.checkSoFar(pair.history);
  }
}
