package io.posthorn.simulation;

import static io.posthorn.testkit.jqwik.NetworkArbitraries.LEAST_MTU_BYTES;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.simulation.Hardness.Fault;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.simulation.checker.HonestyChecker;
import io.posthorn.simulation.checker.LivenessChecker;
import io.posthorn.simulation.checker.OrderChecker;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import io.posthorn.testkit.jqwik.ScheduledClose;
import io.posthorn.testkit.jqwik.ScheduledSend;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;

/** What is promised of messages, over any network that lets something through now and then. */
class DeliveryProperties {
  private static final Hardness HARDNESS =
      new Hardness()
          .atLeast(50, Fault.LOST)
          .atLeast(25, Fault.REORDERED)
          .atLeast(10, Fault.OUTAGE)
          .atLeast(20, Fault.DUPLICATED)
          .atLeast(10, Fault.CORRUPTED)
          .atLeast(3, Fault.QUEUE_FULL)
          .atLeast(10, Fault.TOO_LARGE);

  /**
   * How soon a message arrives once the network is good, beyond three of the round trips that the
   * bad one left its sender with: so long is the first probe timeout (RFC 9002 §6.2.1, §5.3).
   */
  private static final Duration ARRIVED = Duration.ofSeconds(5);

  /** The same to somebody behind a translator that forgot him: only his keep-alive finds it out. */
  private static final Duration FOUND_AGAIN = Duration.ofSeconds(15);

  /** How soon the sender is told that nobody answers: the idle timeout twice, and a little. */
  private static final Duration GIVEN_UP = Duration.ofSeconds(65);

  /** The UDP payload that fills an Ethernet frame: the path may prove to carry less. */
  private static final int ETHERNET_BYTES = 1_472;

  /** Short of the idle timeout by enough for a probe after it. */
  private static final int LONGEST_BURST_MILLIS = 25_000;

  @Provide
  Arbitrary<LinkConditions> links() {
    return NetworkArbitraries.links();
  }

  @Provide
  Arbitrary<LinkConditions> rebindingLinks() {
    return NetworkArbitraries.rebindingLinks();
  }

  @Provide
  Arbitrary<List<ScheduledSend>> sends() {
    return NetworkArbitraries.sends(12);
  }

  @Provide
  Arbitrary<List<ScheduledClose>> closes() {
    return NetworkArbitraries.closes();
  }

  /** When the path's MTU falls to the least, in milliseconds; 0 in half of the tries: never. */
  @Provide
  Arbitrary<Integer> falls() {
    return Arbitraries.frequencyOf(
        Tuple.of(1, Arbitraries.just(0)), Tuple.of(1, Arbitraries.integers().between(1, 3_000)));
  }

  /** When the network becomes good, in milliseconds: mostly long after the last message. */
  @Provide
  Arbitrary<Integer> healing() {
    return Arbitraries.integers().between(0, 40_000).withDistribution(RandomDistribution.uniform());
  }

  @AfterContainer
  static void theTriesWereHard() {
    HARDNESS.check();
  }

  /** Two whose interface takes {@link #ETHERNET_BYTES}, or of whose interface nothing is known. */
  private static Pair pair(long seed, SocketOptions options, boolean ethernet) {
    Pair pair = new Pair(seed, options);
    if (ethernet) {
      pair.a.useInterface(ETHERNET_BYTES);
      pair.b.useInterface(ETHERNET_BYTES);
    }
    return pair;
  }

  /** Later the same links let through no more than the least MTU; what else they do begins anew. */
  private static void fall(Pair pair, LinkConditions forth, LinkConditions back, int atMillis) {
    if (atMillis > 0) {
      pair.network.at(
          Duration.ofMillis(atMillis),
          () -> pair.link(forth.withMtu(LEAST_MTU_BYTES), back.withMtu(LEAST_MTU_BYTES)));
    }
  }

  /** Each reliable message arrives, once, whole and in order; each receipt tells the truth. */
  @Property(edgeCases = EdgeCasesMode.NONE)
  void everyPromiseIsKept(
      @ForAll long seed,
      @ForAll("rebindingLinks") LinkConditions forth,
      @ForAll("links") LinkConditions back,
      @ForAll("sends") List<ScheduledSend> sends,
      @ForAll("healing") int healingMillis,
      @ForAll boolean clear,
      @ForAll boolean tight,
      @ForAll boolean ethernet,
      @ForAll("falls") int fallsAtMillis) {
    Pair pair =
        pair(seed, Pair.patient(!clear, tight), ethernet || fallsAtMillis > 0).link(forth, back);
    if (forth.rebindPeriodNanos() > 0) {
      pair.b.answerOnly(); // it could not find the other again behind its translator
    }
    pair.schedule(sends);
    // A translator that forgets within a round trip lets nothing back, as an outage does, and so
    // may a burst of losses while few packets are sent: not for longer than the idle timeout.
    int healing = forth.rebindPeriodNanos() > 0 ? healingMillis / 2 : healingMillis;
    if (forth.loss().bursts() || back.loss().bursts()) {
      healing = Math.min(healing, LONGEST_BURST_MILLIS);
    }
    Duration healed = Duration.ofMillis(healing);
    LinkConditions good = LinkConditions.parse("delay 5ms");
    pair.network.at(
        healed, () -> pair.link(fallsAtMillis > 0 ? good.withMtu(LEAST_MTU_BYTES) : good));
    fall(pair, forth, back, fallsAtMillis < healing ? fallsAtMillis : 0);
    boolean opens = forth.rebindPeriodNanos() == 0 || sends.stream().anyMatch(ScheduledSend::forth);
    try {
      pair.network.run(Duration.ofMillis(2_100)); // the schedule
      if (opens) {
        AtomicLong longestRttNanos = new AtomicLong();
        boolean settled =
            pair.network.runUntil(
                () -> {
                  longestRttNanos.accumulateAndGet(pair.smoothedRttNanos(), Math::max);
                  return pair.isSettled();
                },
                healed.plus(GIVEN_UP));
        assertTrue(settled, () -> "not settled in time: " + pair.a + "\n" + pair.b);
        int neverOpened =
            LivenessChecker.check(
                pair.history,
                healed.toNanos(),
                (forth.rebindPeriodNanos() > 0 ? FOUND_AGAIN : ARRIVED).toNanos()
                    + 3 * longestRttNanos.get());
        HARDNESS.addNeverOpened(neverOpened);
        assertTrue(neverOpened == 0 || mayKeepClosed(forth) || mayKeepClosed(back), "never opened");
      }
      pair.network.run(Duration.ofSeconds(12)); // late copies arrive
      assertTrue(pair.close(Duration.ofSeconds(3), Duration.ofSeconds(40)), "not closed in time");
      pair.network.run(Duration.ofSeconds(1));
      Checkers.checkEnded(pair.history);
      OrderChecker.checkAcrossConnections(pair.history);
      HonestyChecker.checkNothingAfterEnd(pair.history);
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + pair.history, e);
    }
    HARDNESS.add(pair.network.counters());
  }

  /**
   * Found by {@link #everyPromiseIsKept}, one of 25,000 tries: of a peer in clear that has nothing
   * to say come 20 bytes at a time, and three times that was too little for a challenge, so that
   * its new address was never proved and nothing reached it.
   */
  @Example
  void packetsOfTwentyBytesProveANewAddress() {
    List<ScheduledSend> sends =
        List.of(
            new ScheduledSend(0, true, 0, Delivery.RELIABLE_ORDERED, 0, 0, 0),
            new ScheduledSend(432, false, 0, Delivery.RELIABLE_ORDERED, 0, 0, 0));
    everyPromiseIsKept(
        0,
        LinkConditions.parse("outage 0s 1ms rebind 216ms"),
        LinkConditions.parse("loss gemodel 0.0505051% 5% ecn drop"),
        sends,
        23_122,
        true,
        true,
        false,
        0);
  }

  /**
   * Found likewise: two ends whose CLOSE crossed acknowledged each other's acknowledgements, as
   * fast as the network took them, until neither answered late packets any more. Here that is for
   * ever, since a round trip takes no time.
   */
  @Example
  void endsThatCloseTogetherFallSilent() {
    everyPromiseIsKept(
        0,
        LinkConditions.NONE,
        LinkConditions.NONE,
        List.of(new ScheduledSend(0, true, 0, Delivery.RELIABLE_ORDERED, 0, 0, 0)),
        14_101,
        true,
        true,
        false,
        0);
  }

  /** Whether ten seconds of handshake may well come to nothing. */
  private static boolean mayKeepClosed(LinkConditions link) {
    boolean bursts = link.loss().bursts();
    double passes = (1 - link.meanLoss()) * (1 - link.corruptPpb() * 1e-9);
    return link.hasOutage() || bursts || link.rateBitsPerSecond() > 0 || passes < 0.85;
  }

  /** Closes at any time: what was reported acknowledged has arrived, and all else is reported. */
  @Property(edgeCases = EdgeCasesMode.NONE)
  void closesSayWhatIsTrue(
      @ForAll long seed,
      @ForAll("links") LinkConditions forth,
      @ForAll("links") LinkConditions back,
      @ForAll("sends") List<ScheduledSend> sends,
      @ForAll("closes") List<ScheduledClose> closes,
      @ForAll boolean clear,
      @ForAll boolean ethernet,
      @ForAll("falls") int fallsAtMillis) {
    Pair pair =
        pair(seed, Pair.patient(!clear, false), ethernet || fallsAtMillis > 0).link(forth, back);
    fall(pair, forth, back, fallsAtMillis);
    pair.schedule(sends);
    for (ScheduledClose close : closes) {
      Party party = close.forth() ? pair.a : pair.b;
      pair.network.at(
          Duration.ofMillis(close.atMillis()),
          () -> party.closeConnections(Duration.ofMillis(close.lingerMillis())));
    }
    try {
      pair.network.run(Duration.ofSeconds(6));
      assertTrue(pair.close(Duration.ofSeconds(3), Duration.ofSeconds(240)), "not closed in time");
      Checkers.checkEnded(pair.history);
      HonestyChecker.checkNothingAfterEnd(pair.history);
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + pair.history, e);
    }
    HARDNESS.add(pair.network.counters());
  }
}
