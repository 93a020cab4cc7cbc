package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class AssertionProperties {
  private static final ComparePlan PLAN =
      new ComparePlan(LinkConditions.NONE, 10, 100, 1_000, 2, 1);

  static Measurement measured(int delivered, long p99Nanos) {
    return new Measurement(
        new DeliverySummary(
            10, 10, delivered, 1, 2, 0, 8_000, 5_000_000, p99Nanos, 90_000_000, 0.5),
        20,
        3_000,
        Carrier.UNKNOWN,
        "cubic",
        "",
        "");
  }

  /** Two runs: reliable loses nothing in the first and one message in the second. */
  private static Comparison comparison() {
    Comparison comparison = new Comparison(PLAN);
    comparison.add(Transport.PLAIN, measured(8, DeliveryLog.INFINITE));
    comparison.add(Transport.PLAIN, measured(7, DeliveryLog.INFINITE));
    comparison.add(Transport.RELIABLE, measured(10, 40_000_000));
    comparison.add(Transport.RELIABLE, measured(9, 60_000_000));
    comparison.notAvailable(Transport.TCP, "not here");
    return comparison;
  }

  private static int firstFalseRun(String text) throws Exception {
    return Assertion.parse(text).firstFalseRun(comparison());
  }

  @Example
  void holdsOnlyIfItIsTrueInEveryRun() throws Exception {
    assertEquals(-1, firstFalseRun("plain.sent==10"));
    assertEquals(1, firstFalseRun("reliable.lost==0"));
    assertEquals(0, firstFalseRun("reliable.lost==1"));
    assertEquals(1, firstFalseRun("reliable.p99<50ms"));
    assertEquals(-1, firstFalseRun("reliable.p99<=60ms && reliable.p99 >= 0.04s"));
    assertEquals(-1, firstFalseRun("plain.p99>1000s"));
    assertEquals(-1, firstFalseRun("plain.within100ms==50% && plain.goodput==8kbit"));
    assertEquals(-1, firstFalseRun("reliable.p99<plain.p99"));
    assertEquals(-1, firstFalseRun("plain.max==90000us&&plain.outOfOrder!=3"));
  }

  @Example
  void andBindsTighterThanOrAndParenthesesTighterStill() throws Exception {
    assertEquals(-1, firstFalseRun("1==1 || 1==2 && 1==2"));
    assertEquals(0, firstFalseRun("(1==1 || 1==2) && 1==2"));
    assertEquals(-1, firstFalseRun("((1==1))"));
  }

  @Example
  void whatCouldNotBeMeasuredIsSaidUnlessItDoesNotMatter() throws Exception {
    assertThrows(Assertion.UnknownFigureException.class, () -> firstFalseRun("tcp.lost==0"));
    assertThrows(
        Assertion.UnknownFigureException.class, () -> firstFalseRun("reliable.retransmissions==0"));
    assertEquals(-1, firstFalseRun("plain.sent==10 || tcp.lost==0"));
  }

  private static void assertWrong(String text, int column, String expected) {
    String said =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> Assertion.parse(text)).getMessage());
    assertTrue(said.contains("column " + column + ","), said);
    assertTrue(said.contains(expected), said);
  }

  @Example
  void errorsNameTheColumnAndWhatWasExpected() {
    assertWrong("", 1, "a figure such as");
    assertWrong("reliable.lost", 14, "one of <");
    assertWrong("reliable.lost=0", 14, "one of <");
    assertWrong("reliable.lots==0", 10, "retransmissions");
    assertWrong("relyable.lost==0", 1, "plain, reliable, tcp");
    assertWrong("reliable==0", 9, "a point and a metric");
    assertWrong("reliable.p99<80", 14, "a time");
    assertWrong("reliable.p99<80kb", 16, "ms");
    assertWrong("reliable.lost==0 and 1==1", 18, "&&");
    assertWrong("(reliable.lost==0", 18, ")");
    assertWrong("reliable.lost==0 &&", 20, "a figure");
    assertWrong("reliable.lost==1.2.3", 16, "a number");
    assertWrong("(".repeat(5_000), 102, "parentheses");
  }

  @Provide
  Arbitrary<String> nearlyExpressions() {
    return Arbitraries.of(
            "reliable",
            "plain",
            "tcp",
            ".",
            "lost",
            "p99",
            "within100ms",
            "==",
            "<",
            ">=",
            "=",
            "&&",
            "||",
            "&",
            "(",
            ")",
            "80ms",
            "5",
            "%",
            "1.5",
            "kbit",
            " ",
            "-",
            "\u0000",
            "é")
        .list()
        .ofMaxSize(12)
        .map(parts -> String.join("", parts));
  }

  @Property
  void anyTextIsAClaimOrAnErrorWithItsColumn(@ForAll("nearlyExpressions") String text)
      throws Exception {
    Assertion parsed;
    try {
      parsed = Assertion.parse(text);
    } catch (IllegalArgumentException wrong) {
      assertTrue(String.valueOf(wrong.getMessage()).contains("column "), wrong::getMessage);
      return;
    }
    try {
      int run = parsed.firstFalseRun(comparison());
      assertTrue(run >= -1 && run < 2);
    } catch (Assertion.UnknownFigureException notMeasured) {
      assertTrue(text.contains("tcp") || text.contains("retransmissions"), text);
    }
  }
}
