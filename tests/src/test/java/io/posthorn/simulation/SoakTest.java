package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.simulation.checker.History;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A hundred hours on hostile networks in each build, of the same seeds, so that a failure is the
 * change's; {@link Soak} goes on from there, and {@code seed=N} repeats one.
 */
class SoakTest {
  private static final int PARTS = 10;
  private static final double HOURS_OF_A_PART = 10;
  private static final long SEEDS_OF_A_PART = 1_000;

  /** Each fault of a network is there for at least so much of the time, in percent. */
  private static final int LEAST_SHARE = 2;

  private static final SoakTally ALL = new SoakTally();

  @RepeatedTest(PARTS)
  void noInvariantBreaksInTenHostileHours(RepetitionInfo part) {
    SoakTally tally = new SoakTally();
    long seed = part.getCurrentRepetition() * SEEDS_OF_A_PART;
    while (tally.hostileHours() < HOURS_OF_A_PART) {
      tally.add(new SoakRun(SoakPlan.of(seed++)).run());
    }
    ALL.add(tally);
  }

  /** Seeds of a longer soak that found something, which is mended. */
  @ParameterizedTest
  @ValueSource(longs = {101_672, 101_900, 102_235})
  void whatOnceFailedPasses(long seed) {
    assertEquals(1, new SoakRun(SoakPlan.of(seed)).run().get(SoakTally.RUNS));
  }

  /** Invariant 7: the same seed, the same datagrams. */
  @Test
  void aSeedRepeatsItself() {
    long ofMany =
        LongStream.iterate(3, seed -> seed + 1)
            .filter(seed -> SoakPlan.of(seed).hosts() > 2 && !SoakPlan.of(seed).server())
            .findFirst()
            .getAsLong();
    for (long seed : new long[] {1, 2, ofMany}) {
      SoakRun first = new SoakRun(SoakPlan.of(seed));
      SoakRun second = new SoakRun(SoakPlan.of(seed));
      assertEquals(first.run().line(), second.run().line());
      assertEquals(first.digest(), second.digest());
    }
  }

  /** Else what runs of one seed do would hang on where their objects lie in memory. */
  @Test
  void whatWaitsForSeveralIsTriedInTheOrderInWhichItWasSaid() {
    SimulatedNetwork network = SimulatedNetwork.seeded(1).link(LinkConditions.parse("delay 5ms"));
    History history = new History();
    SocketOptions options = Pair.options(false, true, Duration.ofSeconds(10));
    List<Party> parties = new ArrayList<>();
    for (int end = 0; end < 9; end++) {
      parties.add(new Party(network, history, end, Pair.address(end + 1, 4_001), options, end));
    }
    Party first = parties.get(0);
    for (Party to : parties.subList(1, 9)) {
      first.meet(to);
      to.meet(first);
      for (int i = 0; i < 3; i++) {
        first.send(to, 0, Delivery.RELIABLE_ORDERED, 70_000);
      }
    }
    int before = refused(history).size();
    network.runUntil(() -> refused(history).size() > before, Duration.ofSeconds(1));
    List<Integer> inOrder = IntStream.rangeClosed(1, 8).boxed().toList();
    assertEquals(inOrder, refused(history).subList(before, before + 8));
  }

  private static List<Integer> refused(History history) {
    return history.entries().stream()
        .filter(History.Refused.class::isInstance)
        .map(entry -> ((History.Refused) entry).to())
        .toList();
  }

  /** The sum of all that ran is what it is meant to be: a run on good networks proves little. */
  @AfterAll
  static void theHoursWereHostile() {
    System.out.println(ALL.report());
    if (ALL.hostileHours() < PARTS * HOURS_OF_A_PART) {
      return; // some part failed, or was not asked for
    }
    long links = ALL.get(SoakTally.LINKS);
    for (String fault :
        new String[] {
          "loss",
          "bursts",
          "jitter",
          "reordering",
          "duplication",
          "corruption",
          "rate",
          "small-mtu",
          "outages",
          "rebinding"
        }) {
      long share = 100 * ALL.get("link." + fault) / links;
      assertTrue(share >= LEAST_SHARE, fault + " in " + share + " % of the time");
    }
    assertTrue(ALL.get("datagram.lost") > ALL.get("datagram.offered") / 30, ALL::report);
    for (String deed : new String[] {"stop_reading", "close", "crash", "connect", "rebound"}) {
      assertTrue(ALL.get("deed." + deed) >= 100, deed + " " + ALL.get("deed." + deed));
    }
  }
}
