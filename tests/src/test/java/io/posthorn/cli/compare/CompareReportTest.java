package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CompareReportTest {
  private static final ComparePlan PLAN =
      new ComparePlan(LinkConditions.parse("delay 20ms loss 5%"), 100, 200, 160_000, 3, 7);

  private static Measurement run(
      int delivered, int duplicated, long p99Millis, long bytes, String controller) {
    long p99 = p99Millis < 0 ? DeliveryLog.INFINITE : p99Millis * 1_000_000;
    return new Measurement(
        new DeliverySummary(
            100, 100, delivered, duplicated, 0, 0, 150_000, 20_500_000, p99, p99, 0.95),
        100,
        bytes,
        0,
        controller,
        "",
        "");
  }

  private static Comparison comparison(boolean withTcp) {
    Comparison comparison = new Comparison(PLAN);
    int[] delivered = {95, 93, 98};
    for (int i = 0; i < 3; i++) {
      comparison.add(Transport.PLAIN, run(delivered[i], 1, -1, 20_000, ""));
      comparison.add(Transport.RELIABLE, run(100, 0, 100 + 10 * i, 30_000, "new_reno"));
      if (withTcp) {
        comparison.add(Transport.TCP, run(100, 0, 330, 30_000, "cubic"));
      }
    }
    if (!withTcp) {
      comparison.notAvailable(Transport.TCP, "it is not here");
    }
    return comparison;
  }

  private static String row(List<String> lines, String label) {
    return lines.stream().filter(line -> line.startsWith(label)).findFirst().orElseThrow();
  }

  @Test
  void tableShowsMedianAndRangeAndWhatNeverCame() {
    List<String> lines = CompareTable.lines(comparison(true));
    assertTrue(lines.get(0).contains("reliable (newreno)"), lines.get(0));
    assertTrue(lines.get(0).contains("TCP (cubic)"), lines.get(0));
    assertEquals(List.of("lost", "5 (2-7)", "0", "0"), cells(row(lines, "lost")));
    assertEquals(
        List.of("latency p99", "never", "110 ms (100-120 ms)", "330 ms"),
        cells(row(lines, "latency p99")));
    assertEquals(
        List.of("within 100 ms", "95 %", "95 %", "95 %"), cells(row(lines, "within 100 ms")));
    assertEquals(Metric.values().length + 1, lines.size());
  }

  private static List<String> cells(String line) {
    return List.of(line.strip().split(" {3,}"));
  }

  @Test
  void sentenceSaysWhatItMeans() {
    assertEquals(
        "Plain lost 5 % of the messages and delivered 1 twice; reliable delivered every one, once"
            + " and in order, 99 % of them within 110 ms, for 1.5 times plain's bytes; TCP (cubic)"
            + " delivered every one too, 99 % of them within 330 ms, 3.0 times as late.",
        Verdict.of(comparison(true)));
  }

  /** A host whose network lets no UDP through has figures for TCP alone. */
  @Test
  void sentenceClaimsNothingOfWhatWasNotMeasured() {
    Comparison comparison = new Comparison(PLAN);
    comparison.notAvailable(Transport.PLAIN, "nobody answers");
    comparison.notAvailable(Transport.RELIABLE, "nobody answers");
    comparison.add(Transport.TCP, run(100, 0, 330, 30_000, "cubic"));
    assertEquals(
        "Plain could not be measured here; reliable could not be measured here; TCP (cubic)"
            + " delivered every one, 99 % of them within 330 ms.",
        Verdict.of(comparison));
    assertEquals(1, comparison.complete());
  }

  @Test
  void sentenceIsHonestAboutABrokenPromise() {
    Comparison comparison = comparison(true);
    comparison.add(Transport.RELIABLE, run(90, 0, -1, 30_000, "new_reno"));
    assertTrue(Verdict.of(comparison).contains("in 3 of 4 runs, and at worst lost 10 %"));
    Comparison worse = new Comparison(PLAN);
    worse.add(Transport.PLAIN, run(100, 0, 20, 20_000, ""));
    worse.add(Transport.RELIABLE, run(90, 0, -1, 30_000, "new_reno"));
    worse.notAvailable(Transport.TCP, "no");
    assertTrue(Verdict.of(worse).contains("reliable did not get through: it lost 10 %"));
    assertTrue(Verdict.of(worse).startsWith("Plain delivered every message"));
  }

  @Test
  void tcpWithoutFiguresHasNoneAndTheReasonIsGiven() {
    Comparison comparison = comparison(false);
    List<String> lines = CompareReport.lines(comparison);
    assertEquals(List.of("lost", "5 (2-7)", "0", "n/a"), cells(row(lines, "lost")));
    assertTrue(lines.contains("tcp: n/a, for it is not here"), lines.toString());
    String json = CompareReport.json(comparison, "somewhere", null);
    assertTrue(json.contains("\"tcp\":{\"notAvailable\":\"it is not here\"}"), json);
    assertTrue(json.contains("\"p99Ms\":null"), "never is no number");
    assertTrue(json.contains("\"median\":{\"sent\":100,"), json);
  }

  @Test
  void sharesOfARunThatWasCutShortAreOfWhatWasSent() {
    Measurement half =
        new Measurement(
            new DeliverySummary(4, 4, 2, 0, 0, 0, 1_000, 9, 9, DeliveryLog.INFINITE, 0.5),
            4,
            800,
            0,
            "cubic",
            "",
            "");
    Comparison comparison = new Comparison(PLAN);
    assertEquals(100, comparison.due(Transport.PLAIN));
    comparison.addCutShort(Map.of(Transport.PLAIN, half, Transport.TCP, half));
    comparison.notAvailable(Transport.RELIABLE, "a test");
    assertEquals(4, comparison.due(Transport.PLAIN));
    String row = row(SweepReport.lines(List.of(new SweepStep(0.05, comparison))), "5 %");
    assertEquals("50 %", cells(row).get(1));
  }

  /** A connection that did not open has none, which says nothing about the others. */
  @Test
  void theControllerIsThatOfTheFirstRunThatHadOne() {
    Comparison comparison = new Comparison(PLAN);
    comparison.add(Transport.TCP, run(0, 0, -1, 500, ""));
    comparison.add(Transport.TCP, run(100, 0, 20, 30_000, "cubic"));
    assertEquals("cubic", comparison.congestionController(Transport.TCP));
    assertEquals("", comparison.congestionController(Transport.RELIABLE));
  }

  @Test
  void failuresAndOverloadAreRemarked() {
    Comparison comparison = comparison(true);
    Measurement good = run(100, 0, 20, 1, "cubic");
    comparison.add(
        Transport.TCP,
        new Measurement(good.summary(), 1, 1, 0, "cubic", "reset by peer", "it was too busy"));
    List<String> lines = CompareReport.lines(comparison);
    assertTrue(lines.contains("tcp, run 4: ended early: reset by peer"), lines.toString());
    assertTrue(
        lines.contains("tcp, run 4: do not trust the figures, for it was too busy"),
        lines.toString());
  }

  @Test
  void headingNamesAllThatIsNeededToRepeatIt() {
    String heading = String.join("\n", CompareReport.heading(PLAN, "somewhere"));
    for (String part :
        new String[] {"100 messages of 200 bytes", "3 runs", "seed 7", "delay 20ms loss 5%"}) {
      assertTrue(heading.contains(part), heading);
    }
    assertFalse(heading.contains("null"));
  }
}
