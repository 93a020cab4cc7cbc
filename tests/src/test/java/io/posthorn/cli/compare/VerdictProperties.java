package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The one sentence says nothing that the figures do not. */
class VerdictProperties {
  private static final int MESSAGES = 1_000;
  private static final ComparePlan PLAN =
      new ComparePlan(LinkConditions.NONE, MESSAGES, 200, 160_000, 1, 1);
  private static final Pattern TIMES_AS_LATE = Pattern.compile("([\\d.]+) times as late");

  /** What arrived of {@link #MESSAGES} messages; the p99 is endless if more than 1 % did not. */
  private static Measurement run(
      int lost, int duplicated, int outOfOrder, double p99Millis, long bytes) {
    long endless = DeliveryLog.INFINITE;
    long p99 = lost * 100 > MESSAGES ? endless : (long) (p99Millis * 1e6);
    return new Measurement(
        new DeliverySummary(
            MESSAGES,
            MESSAGES,
            MESSAGES - lost,
            duplicated,
            outOfOrder,
            0,
            150_000,
            lost * 2 > MESSAGES ? endless : p99,
            p99,
            lost > 0 ? endless : p99,
            0.5),
        bytes,
        bytes,
        Carrier.UNKNOWN,
        "",
        "",
        "");
  }

  private static Measurement whole(double p99Millis) {
    return run(0, 0, 0, p99Millis, 1_000);
  }

  private static Measurement losing(int lost) {
    return run(lost, 0, 0, 20, 1_000);
  }

  private static Comparison comparison(
      List<Measurement> plain, List<Measurement> reliable, List<Measurement> tcp) {
    Comparison comparison = new Comparison(PLAN);
    plain.forEach(run -> comparison.add(Transport.PLAIN, run));
    reliable.forEach(run -> comparison.add(Transport.RELIABLE, run));
    tcp.forEach(run -> comparison.add(Transport.TCP, run));
    return comparison;
  }

  private static void assertSays(
      String expected, List<Measurement> plain, List<Measurement> reliable, List<Measurement> tcp) {
    assertEquals(expected, Verdict.of(comparison(plain, reliable, tcp)));
  }

  private static final String SPARED =
      "Plain delivered every message, once and in order, for this network spared them; ";
  private static final String GOOD_40 =
      "reliable delivered every one, once and in order, 99 % of them within 40 ms, for 1.0 times"
          + " plain's bytes; ";

  @Example
  void bothThatRepairAreComparedIfBothGotThrough() {
    List<Measurement> plain = List.of(whole(20));
    List<Measurement> reliable = List.of(whole(40));
    assertSays(
        SPARED
            + GOOD_40
            + "TCP delivered every one too, 99 % of them within 80 ms, 2.0 times as late.",
        plain,
        reliable,
        List.of(whole(80)));
    assertSays(
        SPARED
            + GOOD_40
            + "TCP delivered every one too, 99 % of them within 20 ms, where reliable was 2.0 times"
            + " as late.",
        plain,
        reliable,
        List.of(whole(20)));
    assertSays(
        SPARED + GOOD_40 + "TCP delivered every one too, 99 % of them within 41 ms, about as soon.",
        plain,
        reliable,
        List.of(whole(41)));
    assertSays(
        SPARED
            + GOOD_40
            + "TCP delivered every one too, 99 % of them within 0 ms, where reliable was later.",
        plain,
        reliable,
        List.of(whole(0)));
  }

  @Example
  void noneIsLaterThanWhatDidNotGetThrough() {
    List<Measurement> plain = List.of(whole(20));
    assertSays(
        SPARED
            + "reliable did not get through: it lost 100 % of the messages; TCP delivered every"
            + " one, 99 % of them within 80 ms.",
        plain,
        List.of(losing(MESSAGES)),
        List.of(whole(80)));
    assertSays(
        SPARED
            + "reliable did not get through: it lost 0.5 % of the messages; TCP delivered every"
            + " one, 99 % of them within 80 ms.",
        plain,
        List.of(losing(5)),
        List.of(whole(80)));
    assertSays(
        SPARED + GOOD_40 + "TCP did not get through: it lost 2 % of the messages.",
        plain,
        List.of(whole(40)),
        List.of(losing(20)));
    assertSays(
        SPARED
            + "reliable did not get through: it lost 100 % of the messages; TCP did not get"
            + " through: it lost 100 % of the messages.",
        plain,
        List.of(losing(MESSAGES)),
        List.of(losing(MESSAGES)));
    assertSays(
        "Plain lost 100 % of the messages; reliable could not be measured here; TCP could not be"
            + " put through the same network here.",
        List.of(losing(MESSAGES)), List.of(), List.of());
  }

  @Example
  void aFaultThatTheMediansHideIsSaid() {
    Measurement twice = run(0, 3, 0, 20, 1_000);
    Measurement mixedUp = run(0, 0, 4, 20, 1_000);
    assertSays(
        "Plain delivered every message, once and in order, in 2 of 3 runs, and at worst lost 0.7 %"
            + " of the messages; reliable delivered every message, once and in order, in none of 3"
            + " runs, and at worst lost 0.1 % of the messages, delivered 3 twice and had 4 out of"
            + " order; TCP delivered every one, 99 % of them within 20 ms.",
        List.of(whole(20), losing(7), whole(20)),
        List.of(losing(1), twice, mixedUp),
        List.of(whole(20), whole(20), whole(20)));
    assertSays(
        SPARED
            + "reliable broke its promise: it had 4 out of order; TCP could not be put through the"
            + " same network here.",
        List.of(whole(20)),
        List.of(mixedUp),
        List.of());
  }

  @Example
  void aRunThatWasCutShortProvesNothing() {
    Comparison comparison = new Comparison(PLAN);
    comparison.addCutShort(
        Map.of(Transport.PLAIN, losing(3), Transport.RELIABLE, losing(1), Transport.TCP, whole(9)));
    assertEquals(
        "Stopped in the first run: these figures are of the messages sent until then, and of what"
            + " arrived by a moment later.",
        Verdict.of(comparison));
    assertEquals(0, comparison.complete());
    assertFalse(comparison.isEmpty());
    assertTrue(new Comparison(PLAN).isEmpty());
  }

  @Example
  void fewAreNotRoundedToNoneNorToAll() {
    ComparePlan many = new ComparePlan(LinkConditions.NONE, 1_000_000, 200, 160_000, 1, 1);
    Comparison comparison = new Comparison(many);
    comparison.add(Transport.PLAIN, losing(3));
    assertTrue(
        Verdict.of(comparison).startsWith("Plain lost 3 of 1,000,000 messages; "),
        Verdict.of(comparison));
  }

  @Provide
  Arbitrary<List<Measurement>> runs() {
    Arbitrary<Integer> none = Arbitraries.just(0);
    Arbitrary<Integer> few = Arbitraries.oneOf(none, none, none, upTo(5));
    Arbitrary<Integer> lost =
        Arbitraries.oneOf(none, none, none, upTo(15), upTo(MESSAGES), Arbitraries.just(MESSAGES));
    Arbitrary<Double> p99 =
        Arbitraries.oneOf(Arbitraries.doubles().between(0, 9_000), Arbitraries.of(0.0, 20.0));
    Arbitrary<Long> bytes =
        Arbitraries.oneOf(
            Arbitraries.of(0L, Carrier.UNKNOWN), Arbitraries.longs().between(1, 1_000_000));
    return Combinators.combine(lost, few, few, p99, bytes)
        .as(VerdictProperties::run)
        .list()
        .ofMaxSize(4);
  }

  private static Arbitrary<Integer> upTo(int most) {
    return Arbitraries.integers().between(1, most);
  }

  @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
  void theSentenceClaimsNoMoreThanWasMeasured(
      @ForAll("runs") List<Measurement> plain,
      @ForAll("runs") List<Measurement> reliable,
      @ForAll("runs") List<Measurement> tcp) {
    Comparison comparison = comparison(plain, reliable, tcp);
    String said = Verdict.of(comparison);
    for (String nonsense : new String[] {"Infinity", "NaN", "never", "null", "-1"}) {
      assertFalse(said.contains(nonsense), said);
    }
    assertEquals(said.length() - 1, said.indexOf(". ") < 0 ? said.lastIndexOf('.') : -1, said);
    String[] parts = said.split("; ", -1);
    assertEquals(3, parts.length, said);

    boolean reliablePerfect = comparison.isPerfect(Transport.RELIABLE);
    boolean tcpPerfect = comparison.isPerfect(Transport.TCP);
    assertEquals(
        comparison.isPerfect(Transport.PLAIN), parts[0].contains("this network spared them"), said);
    assertEquals(reliablePerfect, parts[1].startsWith("reliable delivered every one, "), said);
    assertEquals(tcpPerfect, parts[2].startsWith("TCP delivered every one"), said);
    assertEquals(tcpPerfect && reliablePerfect, parts[2].contains("every one too"), said);
    boolean compares = parts[2].contains("later") || parts[2].contains("as soon");
    Matcher factor = TIMES_AS_LATE.matcher(parts[2]);
    assertEquals(tcpPerfect && reliablePerfect, compares || factor.find(), said);
    factor.reset();
    if (factor.find()) {
      assertTrue(Double.parseDouble(factor.group(1)) >= 1.1, said);
    }
    for (Transport transport : Transport.values()) {
      String part = parts[transport.ordinal()];
      assertEquals(!comparison.has(transport), part.contains("could not be"), said);
      if (part.contains("at worst")) {
        assertTrue(comparison.perfectRuns(transport) < comparison.runs(transport).size(), said);
      }
    }
  }
}
