package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.CongestionControl;
import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.History;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.WireLimits;
import java.time.Duration;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

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

  // 11: the path's MTU.

  /** After so much, sizes beyond Ethernet's are tried. */
  private static final int LONG_FLOW_MEGABYTES = 26;

  private static long fastest(Pair pair, int megabytes, Duration limit) {
    long begun = pair.network.nowNanos();
    send(pair, megabytes);
    settle(pair, limit);
    return pair.network.nowNanos() - begun;
  }

  private static void send(Pair pair, int megabytes) {
    for (int i = 0; i < megabytes * 10; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100_000);
    }
  }

  private static int largest(Pair pair, long afterNanos) {
    int most = 0;
    for (long[] datagram : pair.offered) {
      if (datagram[0] >= afterNanos) {
        most = (int) Math.max(most, datagram[1]);
      }
    }
    return most;
  }

  private static Pair withMtu(long seed, int mtuBytes, int interfaceBytes) {
    Pair pair =
        new Pair(seed, smallBuffers().done())
            .link(LinkConditions.parse("delay 5ms rate 200mbit mtu " + mtuBytes))
            .watchSizes();
    pair.a.useInterface(interfaceBytes);
    pair.b.useInterface(interfaceBytes);
    return pair;
  }

  /** What is sent is many times what the buffers hold. */
  private static DraftOptions smallBuffers() {
    DraftOptions options = DraftOptions.of(Pair.clear(65_507));
    options.sendBufferBytes = 512 << 10;
    options.receiveBufferBytes = 2 << 20;
    options.maxWholeMessageBytes = 512 << 10;
    return options;
  }

  private static void watchMemory(Pair pair) {
    new HeapWatch(pair, smallBuffers().done()).every(Duration.ofMillis(25), 20);
  }

  @Property(tries = 5)
  void theSizeOfDatagramsGrowsToWhatThePathCarries(
      @ForAll long seed, @ForAll @IntRange(min = 1_300, max = 65_535) int mtuBytes) {
    Pair pair = withMtu(seed, mtuBytes, 65_507);
    fastest(pair, LONG_FLOW_MEGABYTES, Duration.ofSeconds(60));
    pair.network.run(Duration.ofSeconds(2));
    long afterNanos = pair.network.nowNanos();
    fastest(pair, 4, Duration.ofSeconds(60));
    int best = Math.min(mtuBytes - 28, 65_507);
    int most = largest(pair, afterNanos);
    assertTrue(most <= best && most > best * 3 / 4, most + " of " + best);
    Checkers.checkSoFar(pair.history);
  }

  /** FAULTS 11: from one datagram to the next the path swallows large ones, without a word. */
  @Property(tries = 5)
  void fault11_aBlackHoleForLargeDatagramsIsLeftByItself(
      @ForAll long seed, @ForAll @IntRange(min = 1_228, max = 4_500) int mtuBytes) {
    becomeABlackHole(seed, 9_000, LONG_FLOW_MEGABYTES, mtuBytes);
  }

  /** FAULTS 11: the numbers of its row. */
  @Example
  void fault11_anEthernetPathThatCarries1280FromNowOnIsNoBlackHoleForLong() {
    becomeABlackHole(1, 1_500, 2, 1_280);
  }

  private static void becomeABlackHole(long seed, int mtuBytes, int megabytes, int laterMtuBytes) {
    Pair pair = withMtu(seed, mtuBytes, mtuBytes - 28);
    fastest(pair, megabytes, Duration.ofSeconds(60));
    int before = pair.history.received().size();
    send(pair, 4);
    boolean amid =
        pair.network.runUntil(
            () -> pair.history.received().size() == before + 10, Duration.ofSeconds(10));
    assertTrue(amid, "a quarter has arrived");
    long changed = pair.network.nowNanos();
    ConnectionInfo row = pair.a.endpoint().connections(changed).get(0);
    assertEquals(mtuBytes - 28, row.datagramBytes());
    assertTrue(row.bytesInFlight() > 10L * mtuBytes, row::toString);
    pair.link(LinkConditions.parse("delay 5ms rate 200mbit mtu " + laterMtuBytes));
    watchMemory(pair);
    settle(pair, Duration.ofSeconds(60));
    long took = pair.network.nowNanos() - changed;
    assertTrue(took < 3_000 * MS, took / MS + " ms for 3 MB");
    pair.network.run(Duration.ofSeconds(20));
    long afterNanos = pair.network.nowNanos();
    fastest(pair, 2, Duration.ofSeconds(60));
    int largest = largest(pair, afterNanos);
    assertTrue(largest <= laterMtuBytes - 28, "after the search, none is too large");
    assertTrue(largest > (laterMtuBytes - 28) * 3 / 4, largest + " bytes");
    Checkers.checkSoFar(pair.history);
  }

  /** FAULTS 11: that a path does not carry large datagrams is no congestion. */
  @Property
  void fault11_theLossOfProbesForTheMtuCostsNoWindow(@ForAll CongestionControl control) {
    DraftOptions options = smallBuffers();
    options.congestionControl = control;
    Pair pair =
        new Pair(1, options.done()).link(LinkConditions.parse("delay 5ms mtu 1500")).watchSizes();
    pair.a.useInterface(8_972);
    pair.b.useInterface(8_972);
    watchMemory(pair);
    for (int i = 0; i < LONG_FLOW_MEGABYTES * 10; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100_000);
    }
    long window = 0;
    for (int milli = 0; milli < 3_000; milli++) {
      pair.network.run(Duration.ofMillis(1));
      for (ConnectionInfo row : pair.a.endpoint().connections(pair.network.nowNanos())) {
        long before = window;
        window = row.congestionWindowBytes();
        assertTrue(window >= before, () -> "fell from " + before + ": " + row);
        assertEquals(0, row.packetsLost(), row::toString);
      }
      if (milli % 100 == 0) {
        pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100_000);
      }
    }
    settle(pair, Duration.ofSeconds(1));
    long tooLarge = pair.offered.stream().filter(datagram -> datagram[1] > 1_472).count();
    assertTrue(tooLarge >= 3, tooLarge + " probes");
  }

  /** 11: half of the MTU is left. */
  @Example
  void fault11APathWhoseMtuHalvesCostsAFewRoundTrips() {
    Pair pair = withMtu(1, 9_000, 8_972);
    fastest(pair, LONG_FLOW_MEGABYTES, Duration.ofSeconds(60));
    pair.link(LinkConditions.parse("delay 5ms rate 200mbit mtu 4500"));
    watchMemory(pair);
    long took = fastest(pair, 4, Duration.ofSeconds(60));
    assertTrue(took < 1_500 * MS, took / MS + " ms for 4 MB");
  }

  /** Small messages gain nothing by large packets, and the path is not asked. */
  @Example
  void thinFlowsAskForNoLargerDatagrams() {
    Pair pair = withMtu(1, 9_000, 8_972);
    for (int i = 0; i < 1_000; i++) {
      pair.network.at(
          Duration.ofMillis(10L * i), () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 64));
    }
    pair.network.run(Duration.ofSeconds(11));
    settle(pair, Duration.ofSeconds(1));
    assertTrue(largest(pair, 0) <= 1_200, "largest: " + largest(pair, 0));
  }

  /**
   * 12: a path that carries next to nothing for a while, as a forged "too big" would have it:
   * packets are made no smaller than every path carries, the connection lives, and what was lost
   * arrives when the path is itself again.
   */
  @Property(tries = 5)
  void fault12_packetsStayAtTheFloorWhileThePathCarriesLess(
      @ForAll long seed, @ForAll @IntRange(min = 128, max = 1_000) int mtuBytes) {
    Pair pair = withMtu(seed, 1_500, 1_472);
    fastest(pair, 2, Duration.ofSeconds(60));
    long afterNanos = pair.network.nowNanos();
    pair.link(LinkConditions.parse("delay 5ms rate 200mbit mtu " + mtuBytes));
    for (int i = 0; i < 200; i++) {
      int bytes = i % 10 == 5 ? 5_000 : 16;
      pair.network.at(
          Duration.ofMillis(100L * i),
          () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_UNORDERED, bytes));
    }
    pair.network.run(Duration.ofSeconds(20));
    int floor = WireLimits.MINIMUM_DATAGRAM_BYTES;
    long atFloor =
        pair.offered.stream()
            .filter(d -> d[0] > afterNanos + 5_000 * MS && d[1] > floor - 20 && d[1] <= floor)
            .count();
    assertTrue(atFloor >= 5, atFloor + " datagrams of the size that every path carries");
    assertEquals(1, pair.a.endpoint().connections(pair.network.nowNanos()).size());
    assertTrue(
        pair.a.endpoint().connections(pair.network.nowNanos()).get(0).datagramBytes() >= floor);
    pair.link(LinkConditions.parse("delay 5ms rate 200mbit mtu 1500"));
    settle(pair, Duration.ofSeconds(10));
    long ended =
        pair.history.entries().stream()
            .filter(e -> e instanceof History.Told t && t.event() instanceof EndpointEvent.Closed)
            .count();
    assertEquals(0, ended, "the connection lives");
    Checkers.checkSoFar(pair.history);
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
    pair.network.run(Duration.ofMillis(400)); // before that, nothing may be there to be settled
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
