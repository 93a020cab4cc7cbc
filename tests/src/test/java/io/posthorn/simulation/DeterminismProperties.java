package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.simulation.Hardness.Fault;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import io.posthorn.testkit.jqwik.ScheduledSend;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

/** Invariant 7: same seed, same inputs, the same trace, byte for byte. */
class DeterminismProperties {
  private static final Hardness HARDNESS =
      new Hardness()
          .atLeast(20, Fault.LOST)
          .atLeast(3, Fault.REORDERED)
          .atLeast(15, Fault.OUTAGE)
          .atLeast(5, Fault.DUPLICATED)
          .atLeast(2, Fault.CORRUPTED);

  private record Outcome(byte[] trace, String history) {}

  @Provide
  Arbitrary<LinkConditions> links() {
    return NetworkArbitraries.rebindingLinks();
  }

  @Provide
  Arbitrary<List<ScheduledSend>> sends() {
    return NetworkArbitraries.sends(8);
  }

  @AfterContainer
  static void theTriesWereHard() {
    HARDNESS.check();
  }

  @Property(tries = 60, edgeCases = EdgeCasesMode.NONE)
  void oneSeedGivesOneTrace(
      @ForAll long seed,
      @ForAll("links") LinkConditions forth,
      @ForAll("links") LinkConditions back,
      @ForAll("sends") List<ScheduledSend> sends,
      @ForAll boolean clear) {
    Outcome first = run(seed, forth, back, sends, clear);
    Outcome second = run(seed, forth, back, sends, clear);
    assertArrayEquals(first.trace, second.trace);
    assertEquals(first.history, second.history);
  }

  @Property(tries = 60, edgeCases = EdgeCasesMode.NONE)
  void anotherSeedGivesAnotherTrace(@ForAll long seed, @ForAll("links") LinkConditions link) {
    List<ScheduledSend> sends =
        List.of(new ScheduledSend(0, true, 0, Delivery.RELIABLE_ORDERED, 0, 10, 0));
    byte[] first = run(seed, link, link, sends, false).trace;
    byte[] second = run(seed + 1, link, link, sends, false).trace;
    assertTrue(first.length > 0);
    assertFalse(Arrays.equals(first, second), "keys, ids and fates come from the seed");
  }

  private static Outcome run(
      long seed,
      LinkConditions forth,
      LinkConditions back,
      List<ScheduledSend> sends,
      boolean clear) {
    Pair pair = new Pair(seed, Pair.patient(!clear, false)).link(forth, back);
    if (forth.rebindPeriodNanos() > 0 || back.rebindPeriodNanos() > 0) {
      pair.b.answerOnly();
    }
    pair.network.recordTrace();
    pair.schedule(sends);
    pair.network.run(Duration.ofSeconds(5));
    HARDNESS.add(pair.network.counters());
    return new Outcome(pair.network.trace(), pair.history.toString());
  }
}
