package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.simulation.Hardness.Fault;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.History;
import io.posthorn.simulation.checker.MemoryChecker;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;

/** Invariant 5: full means back-pressure; nothing that is reliable is dropped. */
class BoundedProperties {
  private static final Hardness HARDNESS =
      new Hardness()
          .atLeast(40, Fault.LOST)
          .atLeast(20, Fault.REORDERED)
          .atLeast(5, Fault.DUPLICATED)
          .atLeast(5, Fault.CORRUPTED);

  private static final int LARGEST_BYTES = 60_000;

  /** What a burst consists of: each size many times over, on one channel. */
  record Burst(Delivery delivery, int channel, int sizeBytes) {}

  @Provide
  Arbitrary<List<Burst>> bursts() {
    return Combinators.combine(
            Arbitraries.of(
                Delivery.RELIABLE_ORDERED, Delivery.RELIABLE_UNORDERED, Delivery.RELIABLE_ORDERED),
            Arbitraries.of(0, 1, 2, 63),
            Arbitraries.of(1_000, 0, 1, 64, 10_000, LARGEST_BYTES))
        .as(Burst::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(4);
  }

  /** Without bursts of losses, one of which may outlast the idle timeout while few packets go. */
  @Provide
  Arbitrary<LinkConditions> links() {
    return NetworkArbitraries.links(20, Duration.ZERO)
        .map(link -> link.loss().bursts() ? link.withLoss(0.2) : link);
  }

  @AfterContainer
  static void theTriesWereHard() {
    HARDNESS.check();
  }

  /**
   * A reader that stops for a while: its peer is told to wait, and to go on; neither holds more
   * than its buffers may, and nothing is lost.
   */
  @Property(tries = 40, edgeCases = EdgeCasesMode.NONE)
  void fault22_aReaderThatStopsHoldsItsSenderBack(
      @ForAll long seed,
      @ForAll("links") LinkConditions link,
      @ForAll("bursts") @Size(min = 1, max = 4) List<Burst> bursts) {
    SocketOptions options = Pair.patient(true, true);
    Pair pair = new Pair(seed, options).link(link);
    pair.b.pauseReading();
    int count = send(pair, bursts, 2L * (options.sendBufferBytes() + options.receiveBufferBytes()));
    pair.network.run(Duration.ofSeconds(60));
    assertTrue(wasBlocked(pair.history), "the sender was never told to wait");
    assertEquals(0, pair.history.received().size());
    assertEquals(
        List.of(), pair.history.told(0, EndpointEvent.Closed.class), "it is slow, not dead");
    checkMemory(pair, options);

    pair.link(LinkConditions.parse("delay 5ms"));
    pair.b.resumeReading();
    assertTrue(
        pair.network.runUntil(pair::isSettled, Duration.ofSeconds(120)),
        () -> "stuck: " + pair.a + "\n" + pair.b);
    assertEquals(count, pair.history.received().size());
    checkMemory(pair, options);
    Checkers.checkSoFar(pair.history);
    HARDNESS.add(pair.network.counters());
  }

  /** A reader of one message a second, for a while, then no faster than it likes. */
  @Property(tries = 20, edgeCases = EdgeCasesMode.NONE)
  void fault22_aSlowReaderGetsEverything(
      @ForAll long seed,
      @ForAll("links") LinkConditions link,
      @ForAll("bursts") @Size(min = 1, max = 3) List<Burst> bursts) {
    SocketOptions options = Pair.patient(true, true);
    Pair pair = new Pair(seed, options).link(link);
    pair.b.pauseReading();
    int count = send(pair, bursts, options.sendBufferBytes() + options.receiveBufferBytes());
    for (int second = 0; second < 40; second++) {
      pair.network.run(Duration.ofSeconds(1));
      pair.b.readOne();
    }
    checkMemory(pair, options);
    pair.link(LinkConditions.NONE);
    while (pair.history.received().size() < count) {
      pair.network.run(Duration.ofMillis(200));
      if (!pair.b.readOne()) {
        pair.network.run(Duration.ofSeconds(20));
        assertTrue(pair.b.readOne(), () -> "stuck: " + pair.a + "\n" + pair.b);
      }
      while (pair.b.readOne()) {
        // All that is there: the window may be one message wide.
      }
    }
    pair.network.run(Duration.ofSeconds(2));
    assertTrue(pair.isSettled());
    checkMemory(pair, options);
    Checkers.checkSoFar(pair.history);
    HARDNESS.add(pair.network.counters());
  }

  /** One reader that sleeps does not hold another connection of the same socket back. */
  @Property(tries = 20, edgeCases = EdgeCasesMode.NONE)
  void channelsDoNotBlockEachOther(@ForAll long seed, @ForAll boolean clear) {
    SocketOptions options = Pair.patient(!clear, true);
    Pair pair = new Pair(seed, options).link(LinkConditions.parse("delay 10ms loss 5%"));
    pair.b.pauseReading();
    for (int i = 0; i < 60; i++) {
      pair.a.send(pair.b, 1, Delivery.RELIABLE_ORDERED, 1_000); // far more than its window
    }
    pair.network.run(Duration.ofSeconds(5));
    pair.a.send(pair.b, 2, Delivery.RELIABLE_ORDERED, 100);
    pair.a.send(pair.b, 3, Delivery.RELIABLE_UNORDERED, 100);
    pair.network.run(Duration.ofSeconds(5));
    int acknowledged = 0;
    for (History.Sent sent : pair.history.sent()) {
      if (sent.channel() > 1 && !pair.history.settled(sent).isEmpty()) {
        acknowledged++;
      }
    }
    assertEquals(2, acknowledged, "a stalled channel took the credit of others");
  }

  /**
   * Bulk on a channel holds back neither the other deliveries of that channel nor other channels.
   */
  @Property(tries = 10, edgeCases = EdgeCasesMode.NONE)
  void bulkStarvesNobody(@ForAll long seed) {
    Pair pair = new Pair(seed, Pair.patient(true, false));
    pair.link(LinkConditions.parse("delay 10ms rate 10mbit queue 100"));
    for (int i = 0; i < 400; i++) {
      pair.a.send(pair.b, 1, Delivery.RELIABLE_ORDERED, 10_000); // more than 3 seconds
    }
    pair.network.run(Duration.ofSeconds(1));
    List<Delivery> others =
        List.of(Delivery.RELIABLE_ORDERED, Delivery.RELIABLE_UNORDERED, Delivery.UNRELIABLE);
    for (Delivery delivery : others) {
      pair.a.send(pair.b, delivery == Delivery.RELIABLE_ORDERED ? 2 : 1, delivery, 500);
    }
    int before = pair.history.received().size();
    pair.network.run(Duration.ofMillis(800));
    long small =
        pair.history.received().stream()
            .skip(before)
            .filter(received -> received.message().body().length == 500)
            .count();
    assertEquals(3, small, "of 3 short messages beside the bulk");
  }

  /** Sends each burst's messages in turn until so many bytes were wanted. */
  private static int send(Pair pair, List<Burst> bursts, long bytes) {
    long wanted = 0;
    int count = 0;
    while (wanted < bytes) {
      Burst burst = bursts.get(count % bursts.size());
      pair.a.send(pair.b, burst.channel, burst.delivery, burst.sizeBytes);
      wanted += burst.sizeBytes + 64; // each is charged some overhead
      count++;
    }
    return count;
  }

  private static boolean wasBlocked(History history) {
    for (History.Entry entry : history.entries()) {
      if (entry instanceof History.Refused refused && refused.outcome() == SendOutcome.BLOCKED) {
        return true;
      }
    }
    return false;
  }

  private static void checkMemory(Pair pair, SocketOptions options) {
    long ceiling = MemoryChecker.sendCeilingBytes(options, LARGEST_BYTES);
    MemoryChecker.check(pair.history, 0, 1, ceiling, options.receiveBufferBytes());
    for (var row : pair.a.endpoint().connections(pair.network.nowNanos())) {
      assertTrue(row.bytesQueued() <= ceiling, row.toString());
    }
  }
}
