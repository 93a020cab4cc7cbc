package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    for (long seed = 1; seed <= 2; seed++) {
      SoakRun first = new SoakRun(SoakPlan.of(seed));
      SoakRun second = new SoakRun(SoakPlan.of(seed));
      assertEquals(first.run().line(), second.run().line());
      assertEquals(first.digest(), second.digest());
    }
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
