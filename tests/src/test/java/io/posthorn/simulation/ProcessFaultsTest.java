package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointCounters;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.OrderChecker;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Faults 20, 24 and 25 of the list of faults: a process that dies, or does not get to run. */
class ProcessFaultsTest {
  /** A party whose process stands still for a while; what comes meanwhile waits, or is lost. */
  private static final class Sleeper implements SimulatedHost {
    private record Held(ByteBuffer datagram, InetSocketAddress from) {}

    private final Party party;
    private final boolean bufferKept;
    private final List<Held> held = new ArrayList<>();
    private boolean asleep;

    Sleeper(Party party, boolean bufferKept) {
      this.party = party;
      this.bufferKept = bufferKept;
    }

    void sleep() {
      asleep = true;
    }

    void wake(long nowNanos) {
      asleep = false;
      for (Held each : held) {
        party.onDatagram(each.datagram, each.from, nowNanos);
      }
      held.clear();
    }

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      if (!asleep) {
        party.onDatagram(datagram, from, nowNanos);
      } else if (bufferKept) {
        ByteBuffer copy = ByteBuffer.allocate(datagram.remaining()).put(datagram).flip();
        held.add(new Held(copy, from));
      }
    }

    @Override
    public void onTimeout(long nowNanos) {
      party.onTimeout(nowNanos);
    }

    @Override
    public long nextTimeoutNanos() {
      return asleep ? Long.MAX_VALUE : party.nextTimeoutNanos();
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
      if (!asleep) {
        party.pollTransmit(out, nowNanos);
      }
    }
  }

  /** The sender dies in the middle of a message: no part of it is handed over, nothing stays. */
  @Property(tries = 5)
  void fault20_aSenderThatDiesLeavesNoPartOfAMessage(
      @ForAll long seed, @ForAll boolean clear, @ForAll @IntRange(min = 60, max = 700) int at) {
    Pair pair =
        new Pair(seed, clear ? Pair.clear() : Pair.options())
            .link(LinkConditions.parse("delay 10ms rate 10mbit"));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 1_000_000); // 0.8 seconds
    pair.a.send(pair.b, 0, Delivery.RELIABLE_UNORDERED, 1_000_000);
    pair.network.run(Duration.ofMillis(at));
    pair.network.detach(Pair.A);
    pair.network.run(Duration.ofSeconds(45));
    assertEquals(0, pair.history.received().size());
    assertEquals(1, pair.history.told(1, EndpointEvent.Closed.class).size());
    assertEquals(0, pair.b.endpoint().connections(pair.network.nowNanos()).size());
    assertEquals(Long.MAX_VALUE, pair.b.nextTimeoutNanos(), "a timer is left");
  }

  /**
   * The other process died, and there is another, while nobody had anything to say: the keep-alive
   * learns it, also where its first packet is lost, though what asks again is a PING alone.
   */
  @Property(tries = 10)
  void fault20_aRestartShowsWithTheFirstPacketThatArrivesHoweverShort(
      @ForAll long seed, @ForAll boolean clear) {
    Pair pair =
        new Pair(seed, clear ? Pair.clear() : Pair.options())
            .link(LinkConditions.parse("delay 10ms"));
    pair.b.keepIdentity();
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(5));
    pair.b.crash();
    boolean[] first = {true};
    pair.network.intercept(
        (from, to, number, datagram) -> {
          boolean lost = first[0] && from.equals(Pair.A);
          first[0] &= !lost;
          return lost ? Interception.DROP : Interception.DELIVER;
        });
    pair.network.run(Duration.ofSeconds(12));
    List<EndpointEvent.Closed> ends = pair.history.told(0, EndpointEvent.Closed.class);
    assertEquals(1, ends.size());
    assertEquals(CloseReason.PEER_RESTARTED, ends.get(0).reason());
  }

  /** It takes part of what is flushed, and another process that is there since none of it. */
  @Property(tries = 10)
  void aRestartShowsWhileTheOtherEndFlushes(@ForAll long seed, @ForAll boolean clear) {
    Pair pair =
        new Pair(seed, clear ? Pair.clear() : Pair.options())
            .link(LinkConditions.parse("delay 10ms rate 4mbit"));
    pair.b.keepIdentity();
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(5));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 500_000);
    pair.a.closeConnections(Duration.ofSeconds(60));
    pair.network.run(Duration.ofMillis(200));
    pair.b.crash();
    pair.network.run(Duration.ofSeconds(12));
    List<EndpointEvent.Closed> ends = pair.history.told(0, EndpointEvent.Closed.class);
    assertEquals(1, ends.size());
    assertEquals(CloseReason.PEER_RESTARTED, ends.get(0).reason());
  }

  /**
   * The other process died just after it answered, and there is another at its port: who opens
   * learns it with the first packet that arrives, and the next connection is one with the new.
   */
  @Property(tries = 20)
  void fault20_aRestartBetweenTheHandshakesMessagesShowsWithinARoundTrip(
      @ForAll long seed, @ForAll boolean clear, @ForAll boolean sameIdentity) {
    Pair pair =
        new Pair(seed, clear ? Pair.clear() : Pair.options())
            .link(LinkConditions.parse("delay 10ms"));
    if (sameIdentity) {
      pair.b.keepIdentity();
    }
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofMillis(15)); // M2 is on its way
    pair.b.crash();
    // M3 arrives after 30 ms, its answer after 40 ms; a hint has to be looked into, in 20 ms more.
    pair.network.run(Duration.ofMillis(46));
    List<EndpointEvent.Closed> ends = pair.history.told(0, EndpointEvent.Closed.class);
    assertEquals(1, ends.size());
    assertEquals(CloseReason.PEER_RESTARTED, ends.get(0).reason());
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    assertTrue(
        pair.network.runUntil(() -> pair.history.received().size() == 1, Duration.ofSeconds(1)),
        () -> "stuck: " + pair.history);
  }

  /**
   * The machine sleeps for an hour: its own clock jumps. Nothing bursts, and whoever wakes asks
   * once before it calls the other dead; if the other waited too, they go on where they were.
   */
  @Example
  void fault24_afterSuspendAndResumeOfBothTheConnectionGoesOn() {
    Pair pair = new Pair(24, Pair.options()).link(LinkConditions.parse("delay 20ms"));
    Sleeper a = new Sleeper(pair.a, false);
    Sleeper b = new Sleeper(pair.b, false);
    pair.network.replace(Pair.A, a).replace(Pair.B, b);
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(1));
    a.sleep();
    b.sleep();
    pair.network.run(Duration.ofHours(1));
    long offered = pair.network.counters().offered();
    b.wake(pair.network.nowNanos());
    a.wake(pair.network.nowNanos());
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(1, pair.history.received().size());
    assertEquals(0, pair.history.told(0, EndpointEvent.Closed.class).size());
    assertEquals(0, pair.history.told(1, EndpointEvent.Closed.class).size());
    long burst = pair.network.counters().offered() - offered;
    assertTrue(burst <= 20, burst + " datagrams on waking");
  }

  /**
   * Either end of a handshake sleeps while a cookie is on its way, longer than that lives: it is
   * refused, another is asked for, and the same handshake comes to its end.
   */
  @Property(tries = 10)
  void fault24_aCookieThatGrewOldInASleepIsReplaced(
      @ForAll long seed,
      @ForAll boolean askedSleeps,
      @ForAll @IntRange(min = 11, max = 100) int seconds) {
    Pair pair = new Pair(seed, Pair.patient(true, false)).link(LinkConditions.parse("delay 20ms"));
    pair.b.askForCookies();
    Sleeper sleeper = new Sleeper(askedSleeps ? pair.b : pair.a, true);
    pair.network.replace(askedSleeps ? Pair.B : Pair.A, sleeper);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofMillis(30)); // the cookie has left
    sleeper.sleep();
    pair.network.run(Duration.ofSeconds(seconds));
    sleeper.wake(pair.network.nowNanos());
    assertTrue(
        pair.network.runUntil(pair::isSettled, Duration.ofSeconds(3)),
        () -> "stuck: " + pair.history);
    EndpointCounters counters = pair.b.endpoint().counters();
    assertTrue(counters.drops(DropReason.COOKIE_INVALID) > 0, "no cookie was too old");
    assertEquals(1, pair.history.received().size());
    for (int end = 0; end < 2; end++) {
      assertEquals(1, pair.history.told(end, EndpointEvent.Connected.class).size());
      assertEquals(0, pair.history.told(end, EndpointEvent.Closed.class).size());
    }
  }

  /** Ten seconds of standing still, shorter than the idle timeout: no end, and no burst after. */
  @Property(tries = 10)
  void fault25_aProcessThatStandsStillForTenSecondsGoesOn(
      @ForAll long seed, @ForAll boolean senderSleeps) {
    Pair pair = new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 20ms"));
    Sleeper sleeper = new Sleeper(senderSleeps ? pair.a : pair.b, true);
    pair.network.replace(senderSleeps ? Pair.A : Pair.B, sleeper);
    for (int i = 0; i < 200; i++) {
      pair.network.at(
          Duration.ofMillis(10L * i), () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 300));
    }
    pair.network.run(Duration.ofSeconds(1));
    sleeper.sleep();
    pair.network.run(Duration.ofSeconds(10));
    sleeper.wake(pair.network.nowNanos());
    long offered = pair.network.counters(Pair.A, Pair.B).offered();
    pair.network.run(Duration.ofMillis(20)); // before anything can be answered
    long burst = pair.network.counters(Pair.A, Pair.B).offered() - offered;
    assertTrue(burst <= 12, burst + " datagrams of the sender at once");
    assertTrue(
        pair.network.runUntil(pair::isSettled, Duration.ofSeconds(3)),
        () -> "stuck: " + pair.history);
    assertEquals(200, pair.history.received().size());
    assertEquals(0, pair.history.told(0, EndpointEvent.Closed.class).size());
    assertEquals(0, pair.history.told(1, EndpointEvent.Closed.class).size());
    Checkers.checkSoFar(pair.history);
    OrderChecker.checkAcrossConnections(pair.history);
  }
}
