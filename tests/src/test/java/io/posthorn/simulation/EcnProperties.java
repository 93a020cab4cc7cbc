package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.CongestionControl;
import io.posthorn.ConnectionInfo;
import io.posthorn.ConnectionInfo.Ecn;
import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.simulation.LinkConditions.EcnTreatment;
import io.posthorn.simulation.checker.Checkers;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Explicit congestion notification over paths that honour it, and over paths that do not. */
class EcnProperties {
  private static final InetSocketAddress STRANGER = Pair.address(7, 7_007);

  @Provide
  Arbitrary<EcnTreatment> harms() {
    return Arbitraries.of(EcnTreatment.BLEACH, EcnTreatment.MANGLE, EcnTreatment.DROP);
  }

  private static ConnectionInfo row(Party party, Pair pair) {
    return party.endpoint().connections(pair.network.nowNanos()).get(0);
  }

  private static void exchange(Pair pair, int messages, int bytes) {
    for (int i = 0; i < messages; i++) {
      pair.a.send(pair.b, i % 3, Delivery.RELIABLE_ORDERED, bytes);
      pair.b.send(pair.a, i % 3, Delivery.RELIABLE_UNORDERED, bytes);
    }
    assertTrue(
        pair.network.runUntil(pair::isSettled, Duration.ofMinutes(2)), () -> "stuck: " + pair.a);
  }

  /** FAULTS 16: marks that are cleared, changed at random or lose the packet cost no message. */
  @Property(tries = 30)
  void marksThatDoNotGetThroughAreGivenUp(
      @ForAll("harms") EcnTreatment harm,
      @ForAll @IntRange(min = 0, max = 10) int lossPercent,
      @ForAll long seed) {
    LinkConditions link =
        LinkConditions.parse("delay 10ms").withLoss(lossPercent / 100.0).withEcn(harm);
    Pair pair = new Pair(seed & 0xffffff, Pair.clear()).link(link);
    exchange(pair, 120, 3_000);
    Checkers.checkSoFar(pair.history);
    assertSame(Ecn.FAILED, row(pair.a, pair).ecn());
    assertSame(Ecn.FAILED, row(pair.b, pair).ecn());
  }

  /**
   * Where the loss model marks instead of losing, nothing that can be marked is sent twice, and
   * marks are heard of.
   */
  @Property(tries = 20)
  void marksInsteadOfLossAreReported(
      @ForAll CongestionControl control,
      @ForAll @IntRange(min = 5, max = 20) int percent,
      @ForAll long seed) {
    LinkConditions link = LinkConditions.parse("delay 10ms loss " + percent + "% ecn");
    Pair pair =
        new Pair(seed & 0xffffff, with(control)).link(link, LinkConditions.parse("delay 10ms"));
    exchange(pair, 120, 3_000);
    Checkers.checkSoFar(pair.history);
    ConnectionInfo info = row(pair.a, pair);
    assertSame(Ecn.CAPABLE, info.ecn());
    LinkCounters counters = pair.network.counters(Pair.A, Pair.B);
    assertTrue(counters.marked() > 0, counters::toString);
    // The handshake, and what goes between the trial and its answer, is not capable: it is lost.
    assertTrue(info.packetsLost() <= counters.lost(), () -> info + " " + counters);
    assertTrue(counters.lost() > 0 || info.bytesRetransmitted() == 0, () -> info + " " + counters);
    // The last marks may still be under way; more than were set are never believed.
    assertTrue(
        info.packetsMarked() > 0 && info.packetsMarked() <= counters.marked(),
        () -> info.packetsMarked() + " of " + counters);
  }

  private static SocketOptions with(CongestionControl control) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.congestionControl = control;
    return options.done();
  }

  /** A queue that marks in time does not overflow, and the link is full all the same. */
  @Property(tries = 6)
  void queueThatMarksDoesNotOverflow(@ForAll CongestionControl control, @ForAll long seed) {
    LinkConditions forth = LinkConditions.parse("delay 10ms rate 20mbit queue 100ms ecn 8ms");
    Pair pair =
        new Pair(seed & 0xffffff, with(control)).link(forth, LinkConditions.parse("delay 10ms"));
    int messages = 250;
    for (int i = 0; i < messages; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 20_000);
    }
    assertTrue(
        pair.network.runUntil(pair::isSettled, Duration.ofMinutes(1)), () -> "stuck: " + pair.a);
    double seconds = pair.network.nowNanos() / 1e9;
    double megabits = messages * 20_000 * 8e-6 / seconds;
    LinkCounters counters = pair.network.counters(Pair.A, Pair.B);
    assertEquals(0, counters.queueDropped(), counters::toString);
    assertTrue(counters.marked() > 0, counters::toString);
    assertTrue(megabits > 11, () -> megabits + " Mbit/s with " + control);
  }

  /**
   * Somebody copies a packet of a link that goes down, from an address of his own, and answers
   * nothing: the trial went there, so it is repeated once the path has gone back.
   */
  @Property(tries = 5)
  void trialThatWentToAnAddressNeverProvedIsRepeated(@ForAll long seed) {
    Pair pair = new Pair(seed & 0xffffff, Pair.clear()).link(LinkConditions.parse("delay 20ms"));
    exchange(pair, 10, 500);
    pair.network.run(Duration.ofSeconds(1));
    assertSame(Ecn.CAPABLE, row(pair.b, pair).ecn());
    boolean[] copied = new boolean[1];
    pair.network.intercept(
        (from, to, number, datagram) -> {
          if (from.equals(Pair.A) && datagram.remaining() > 400 && !copied[0]) {
            copied[0] = true;
            byte[] copy = new byte[datagram.remaining()];
            datagram.get(datagram.position(), copy);
            pair.network.at(pair.network.nowNanos() + 20_000_000, () -> arrive(pair, copy));
            return Interception.DROP;
          }
          return Interception.DROP;
        });
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 500);
    for (int i = 0; i < 20; i++) {
      long at = pair.network.nowNanos() + 25_000_000 + 4_000_000L * i;
      pair.network.at(at, () -> pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 10));
    }
    pair.network.run(Duration.ofSeconds(4));
    assertEquals(Pair.A, row(pair.b, pair).remote(), "it went back");
    pair.network.intercept(null);
    pair.network.run(Duration.ofSeconds(1));
    exchange(pair, 20, 500);
    pair.network.run(Duration.ofSeconds(1));
    assertSame(Ecn.CAPABLE, row(pair.b, pair).ecn());
  }

  private static void arrive(Pair pair, byte[] copy) {
    pair.b.onDatagram(ByteBuffer.wrap(copy), STRANGER, pair.network.nowNanos());
    pair.network.wake(Pair.B);
  }
}
