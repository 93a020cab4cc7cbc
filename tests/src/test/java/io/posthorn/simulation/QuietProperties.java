package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.Hardness.Fault;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.History;
import io.posthorn.simulation.checker.OrderChecker;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import io.posthorn.testkit.jqwik.ScheduledSend;
import io.posthorn.wire.CloseReason;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;

/** What is sent and how often timers run when there is little or nothing to do. */
class QuietProperties {
  private static final Hardness HARDNESS =
      new Hardness()
          .atLeast(50, Fault.LOST)
          .atLeast(25, Fault.REORDERED)
          .atLeast(30, Fault.OUTAGE)
          .atLeast(20, Fault.DUPLICATED)
          .atLeast(10, Fault.CORRUPTED);

  @Provide
  Arbitrary<LinkConditions> links() {
    return NetworkArbitraries.rebindingLinks();
  }

  @Provide
  Arbitrary<List<ScheduledSend>> sends() {
    return NetworkArbitraries.sends(10);
  }

  @AfterContainer
  static void theTriesWereHard() {
    HARDNESS.check();
  }

  /** A connection that was asked for stays, and says nothing but a keep-alive each ten seconds. */
  @Property(tries = 10)
  void anIdleConnectionOnlyKeepsItselfAlive(@ForAll long seed, @ForAll boolean clear) {
    Pair pair =
        new Pair(seed, clear ? Pair.clear() : Pair.options())
            .link(LinkConditions.parse("delay 20ms"));
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(5));
    long offered = pair.network.counters().offered();
    long timeouts = pair.a.timeouts() + pair.b.timeouts();
    int minutes = 60;
    pair.network.run(Duration.ofMinutes(minutes));
    long keepAlives = minutes * 6L;
    long sent = pair.network.counters().offered() - offered;
    // One PING in 64 quiet packets asks for an ACK of ACKs, so that these can be forgotten.
    long most = 2 * keepAlives + keepAlives / 16;
    assertTrue(sent <= most && sent >= 2 * (keepAlives - 5), sent + " datagrams");
    long ran = pair.a.timeouts() + pair.b.timeouts() - timeouts;
    assertTrue(ran <= 8 * keepAlives, ran + " timeouts");
    assertEquals(1, pair.a.endpoint().connections(pair.network.nowNanos()).size());
    assertEquals(1, pair.b.endpoint().connections(pair.network.nowNanos()).size());
  }

  /** A sender that only credit holds back asks for a sign of life, ever more seldom. */
  @Property(tries = 3)
  void aSenderIsQuietWhileNobodyReads(@ForAll long seed) {
    DraftOptions options = DraftOptions.of(Pair.options());
    options.receiveBufferBytes = 1 << 20;
    Pair pair = new Pair(seed, options.done()).link(LinkConditions.parse("delay 150us"));
    pair.b.pauseReading();
    for (int i = 0; i < 60; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 50_000);
    }
    pair.network.run(Duration.ofSeconds(30));
    long offered = pair.network.counters().offered();
    pair.network.run(Duration.ofMinutes(10));
    long sent = pair.network.counters().offered() - offered;
    assertTrue(sent <= 700, sent + " datagrams in ten minutes");
    pair.b.resumeReading();
    pair.network.run(Duration.ofSeconds(10));
    assertEquals(60, pair.history.received().size());
  }

  private static SocketOptions withTimeout(Duration idleTimeout, Duration keepAlive) {
    DraftOptions options = DraftOptions.of(Pair.options());
    options.idleTimeout = idleTimeout;
    options.keepAlive = keepAlive;
    return options.done();
  }

  /** The side that keeps it alive has a long timeout, and the other a short one, which counts. */
  @Property(tries = 4)
  void aPeerWithAShortTimeoutIsKeptAliveInTime(@ForAll long seed, @ForAll boolean lossy) {
    SocketOptions impatient = withTimeout(Duration.ofSeconds(5), Duration.ofMillis(1_600));
    Pair pair =
        new Pair(seed, Pair.options(), impatient)
            .link(LinkConditions.parse(lossy ? "delay 20ms loss 10%" : "delay 20ms"));
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofMinutes(10));
    assertEquals(List.of(), pair.history.told(0, EndpointEvent.Closed.class));
    assertEquals(List.of(), pair.history.told(1, EndpointEvent.Closed.class));
  }

  /** No answer can come within the timeout that was asked for: it is longer then. */
  @Property(tries = 4)
  void aTimeoutShorterThanTheWayThereAndBackEndsNothing(@ForAll long seed) {
    SocketOptions impatient = withTimeout(Duration.ofSeconds(1), Duration.ofMillis(333));
    Pair pair = new Pair(seed, impatient).link(LinkConditions.parse("delay 750ms"));
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(10));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(20));
    assertEquals(List.of(), pair.history.told(0, EndpointEvent.Closed.class));
    assertEquals(List.of(), pair.history.told(1, EndpointEvent.Closed.class));
    assertEquals(1, pair.history.received().size());
    pair.network.detach(Pair.B);
    pair.network.run(Duration.ofSeconds(15));
    assertEquals(1, pair.history.told(0, EndpointEvent.Closed.class).size());
  }

  /** A connection that a mere send opened ends by itself when nobody uses it, without an error. */
  @Property(tries = 10)
  void anImplicitConnectionIsLetGo(@ForAll long seed, @ForAll boolean clear) {
    Pair pair =
        new Pair(seed, clear ? Pair.clear() : Pair.options())
            .link(LinkConditions.parse("delay 20ms"));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(299));
    assertEquals(1, pair.a.endpoint().connections(pair.network.nowNanos()).size());
    pair.network.run(Duration.ofSeconds(10));
    for (int end = 0; end < 2; end++) {
      List<EndpointEvent.Closed> closed = pair.history.told(end, EndpointEvent.Closed.class);
      assertEquals(1, closed.size());
      assertEquals(CloseReason.APPLICATION, closed.get(0).reason());
      assertEquals(0, closed.get(0).unacknowledged());
    }
    long offered = pair.network.counters().offered();
    pair.network.run(Duration.ofMinutes(10));
    assertEquals(offered, pair.network.counters().offered(), "words after the end");
    assertEquals(Long.MAX_VALUE, pair.a.nextTimeoutNanos(), "a timer after the end");
    assertEquals(Long.MAX_VALUE, pair.b.nextTimeoutNanos(), "a timer after the end");
  }

  /**
   * FAULTS 7 and 10: silence is noticed by both ends, whoever has something to say. Who waits for
   * an answer is told after the thirty seconds that are the limit, also where it hears the other
   * all the time; the first probe may have been a moment later. What goes meanwhile is bounded.
   */
  @Property(tries = 40)
  void silenceIsReportedWithinTheIdleTimeout(
      @ForAll long seed,
      @ForAll boolean aWaits,
      @ForAll boolean bWaits,
      @ForAll boolean oneWay,
      @ForAll @IntRange(min = 0, max = 12_000) int cutMillis) {
    Pair pair = new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 20ms"));
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(1));
    pair.network.run(Duration.ofMillis(cutMillis));
    pair.network.cut(Pair.A, Pair.B);
    if (!oneWay) {
      pair.network.cut(Pair.B, Pair.A);
    }
    pair.network.run(Duration.ofMillis(100)); // what is under way arrives
    if (aWaits) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    }
    if (bWaits) {
      pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 100);
    }
    long since = pair.network.nowNanos();
    long before = pair.network.counters().offered();
    // Without messages it is the next keep-alive that gets no answer: up to ten seconds later.
    pair.network.run(Duration.ofSeconds(41));
    long sent = pair.network.counters().offered() - before;
    boolean[] waits = {aWaits, bWaits};
    for (int end = 0; end < 2; end++) {
      List<EndpointEvent.Closed> closed = pair.history.told(end, EndpointEvent.Closed.class);
      assertEquals(1, closed.size(), "end " + end + " was not told");
      assertEquals(CloseReason.IDLE_TIMEOUT, closed.get(0).reason());
      if (waits[end]) {
        long millis = (endNanos(pair.history, end) - since) / 1_000_000;
        assertTrue(millis >= 29_800 && millis <= 30_200, "end " + end + " after " + millis + " ms");
      }
    }
    assertEquals(0, pair.history.unsettled());
    assertTrue(sent < 1_500, sent + " datagrams to nobody");
    Checkers.checkSoFar(pair.history);
    assertEquals(Long.MAX_VALUE, pair.a.nextTimeoutNanos(), "a timer after the end");
    assertEquals(Long.MAX_VALUE, pair.b.nextTimeoutNanos(), "a timer after the end");
  }

  private static long endNanos(History history, int end) {
    for (History.Entry entry : history.entries()) {
      if (entry instanceof History.Told told
          && told.end() == end
          && told.event() instanceof EndpointEvent.Closed) {
        return told.atNanos();
      }
    }
    throw new AssertionError("end " + end + " was not told");
  }

  /**
   * FAULTS 7: what arrived and was never acknowledged, for the way back was dead, does not come
   * once more by the connection that is opened when both ends had given up: not from the sender,
   * and not from a network that delivers its copies a minute late.
   */
  @Property(tries = 20)
  void fault7_afterReconnectingNothingComesTwice(
      @ForAll long seed, @ForAll boolean clear, @ForAll boolean otherOpens) {
    Pair pair =
        new Pair(seed, clear ? Pair.clear() : Pair.options())
            .link(LinkConditions.parse("delay 20ms"));
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(1));
    pair.network.cut(Pair.B, Pair.A);
    pair.network.link(
        Pair.A,
        Pair.B,
        LinkConditions.parse("delay 20ms").withDuplicate(0.9, Duration.ofSeconds(100)));
    for (int i = 0; i < 20; i++) {
      Delivery delivery = i % 2 == 0 ? Delivery.RELIABLE_ORDERED : Delivery.RELIABLE_UNORDERED;
      pair.a.send(pair.b, 0, delivery, 100);
    }
    pair.network.run(Duration.ofSeconds(75));
    assertEquals(20, pair.history.received().size(), "all of it arrived");
    assertEquals(0, pair.history.unsettled(), "and its sender was told that it may have");
    for (int end = 0; end < 2; end++) {
      assertEquals(1, pair.history.told(end, EndpointEvent.Closed.class).size(), "end " + end);
    }
    pair.network.mend(Pair.B, Pair.A);
    Party opener = otherOpens ? pair.b : pair.a;
    Party other = otherOpens ? pair.a : pair.b;
    for (int i = 0; i < 20; i++) {
      opener.send(other, 0, Delivery.RELIABLE_ORDERED, 100);
    }
    pair.network.run(Duration.ofSeconds(110)); // the last copies
    assertTrue(pair.isSettled(), () -> "stuck: " + pair.history);
    assertEquals(40, pair.history.received().size());
    assertTrue(pair.network.counters(Pair.A, Pair.B).duplicated() > 20);
    for (int end = 0; end < 2; end++) {
      assertEquals(2, pair.history.told(end, EndpointEvent.Connected.class).size(), "end " + end);
    }
    Checkers.checkSoFar(pair.history);
    OrderChecker.checkAcrossConnections(pair.history);
  }

  /** No storm: each second, timers run about as often as datagrams come and go, and not more. */
  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void timersRunNoMoreThanTheyHaveTo(
      @ForAll long seed,
      @ForAll("links") LinkConditions forth,
      @ForAll("links") LinkConditions back,
      @ForAll("sends") List<ScheduledSend> sends) {
    Pair pair = new Pair(seed, Pair.patient(true, false)).link(forth, back);
    pair.schedule(sends);
    long timeouts = 0;
    long datagrams = 0;
    for (int second = 0; second < 30; second++) {
      pair.network.run(Duration.ofSeconds(1));
      long ran = pair.a.timeouts() + pair.b.timeouts();
      LinkCounters counters = pair.network.counters();
      long seen = counters.offered() + counters.delivered();
      long allowed = 30 + 4 * (seen - datagrams);
      assertTrue(ran - timeouts <= allowed, (ran - timeouts) + " timeouts in second " + second);
      timeouts = ran;
      datagrams = seen;
    }
    HARDNESS.add(pair.network.counters());
  }
}
