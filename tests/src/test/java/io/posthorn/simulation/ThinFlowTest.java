package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.ThinFlow.Figures;
import io.posthorn.simulation.ThinFlow.Spread;
import java.util.Comparator;
import java.util.stream.LongStream;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * One-way latency of small messages under loss. The figures are those that {@link LatencyTable}
 * shows over more seeds.
 */
class ThinFlowTest {
  private static final int MESSAGES = 6_000;

  private static Figures run(long seed, String loss, Spread spread, boolean redundancy) {
    return new ThinFlow(seed, MESSAGES, loss, spread, redundancy).run();
  }

  @Example
  void withoutLossNothingWaitsAndNothingIsRepeatedOnceThatIsKnown() {
    Figures on = run(1, "", Spread.ORDERED, true);
    assertTrue(on.millisAt(1) <= 25.6, on.toString());
    Figures off = run(1, "", Spread.ORDERED, false);
    assertTrue(on.datagrams() <= off.datagrams(), on + " and " + off);
    assertTrue(on.timesBare() <= off.timesBare() + 0.05, on + " and " + off);
  }

  /**
   * One packet in some ten thousand loses all copies of what it brought and holds fifty messages
   * up: that is half of a hundredth of all, but in a run as short as this it may be more. Hence the
   * median of some runs, as in the table, where one loss in twenty or more makes that likely.
   */
  @Example
  void orderedMessagesHardlyNoticeLoss() {
    assertWithin(median("loss 1%", 1), 25.8, 30);
    assertWithin(median("loss 5%", 3), 26, 32);
    assertWithin(median("loss 10%", 5), 27, 35);
  }

  /** The middle one of ordered runs by their slowest hundredths. */
  private static Figures median(String loss, int runs) {
    return LongStream.rangeClosed(1, runs)
        .mapToObj(seed -> run(seed, loss, Spread.ORDERED, true))
        .sorted(Comparator.comparingDouble(figures -> figures.millisAt(0.99)))
        .toList()
        .get(runs / 2);
  }

  /** The budget does not reach for all copies of all; what it reaches for, it does so for each. */
  @Example
  void noChannelGoesShortForItsNumber() {
    assertWithin(run(3, "loss 10%", Spread.TEN_CHANNELS, true), 27, 35);
  }

  @Example
  void unorderedMessagesHardlyNoticeLoss() {
    assertWithin(run(5, "loss 5%", Spread.UNORDERED, true), 26, 32);
  }

  /** Acknowledgements that leave alone between its packets take nothing from a flow. */
  @Example
  void messagesOfATwoWayFlowHardlyNoticeLossEither() {
    Figures figures = new ThinFlow(8, MESSAGES, "loss 5%", Spread.ORDERED, true).twoWay().run();
    assertTrue(figures.millisAt(0.5) <= 26, figures.toString());
    assertTrue(figures.millisAt(0.99) <= 32, figures.toString());
  }

  private static void assertWithin(Figures figures, double p50, double p99) {
    assertTrue(figures.millisAt(0.5) <= p50, figures.toString());
    assertTrue(figures.millisAt(0.99) <= p99, figures.toString());
    assertTrue(figures.timesBare() <= 3.01, figures.toString());
  }

  /**
   * Without redundancy one round trip repairs, since what is lost rides in two packets. It holds up
   * what is ordered behind it, and neither unordered messages nor other channels.
   */
  @Example
  void withoutRedundancyALossCostsOneRoundTrip() {
    Figures one = run(6, "loss 1%", Spread.ORDERED, false);
    assertTrue(one.millisAt(0.99) <= 25 + 1.2 * 50, one.toString());
    Figures five = run(7, "loss 5%", Spread.ORDERED, false);
    assertTrue(five.millisAt(0.999) <= 25 + 2.5 * 50, five.toString());
    assertTrue(five.millisAt(0.9) > 25 + 50, "the network of this test loses");
    for (Spread spread : new Spread[] {Spread.UNORDERED, Spread.TEN_CHANNELS}) {
      Figures other = run(7, "loss 5%", spread, false);
      assertTrue(other.millisAt(0.5) <= 25.6, spread + " waits for others: " + other);
      assertTrue(other.millisAt(0.999) < five.millisAt(0.999), spread + ": " + other);
    }
  }

  @Property(tries = 3, edgeCases = EdgeCasesMode.NONE)
  void redundancyCostsNoPacketMore(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 15) int loss) {
    String conditions = "loss " + loss + "%";
    long on = run(seed, conditions, Spread.ORDERED, true).datagrams();
    long off = run(seed, conditions, Spread.ORDERED, false).datagrams();
    assertTrue(on <= off * 1.01 + 60, on + " with, " + off + " without");
  }
}
