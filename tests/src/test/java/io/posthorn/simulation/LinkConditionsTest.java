package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions.Distribution;
import io.posthorn.simulation.LinkConditions.QueueUnit;
import io.posthorn.simulation.LinkConditions.Rebinding;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinkConditionsTest {
  @ParameterizedTest
  @CsvSource({
    "none, none",
    "delay 40ms 10ms loss 5% reorder 10% duplicate 1% corrupt 0.1% rate 20mbit,"
        + " delay 40ms 10ms loss 5% reorder 10% duplicate 1% corrupt 0.1% rate 20mbit",
    "loss gemodel 1% 20%, loss gemodel 1% 20%",
    "loss gemodel 1%, loss gemodel 1% 99%",
    "loss gemodel 1% 20% 90%, loss gemodel 1% 20% 90%",
    "loss gemodel 1% 20% 100% 0.5%, loss gemodel 1% 20% 100% 0.5%",
    "loss random 5%, loss 5%",
    "LOSS 5% Delay 1500us, delay 1500us loss 5%",
    "delay 1.5ms, delay 1500us",
    "delay 40ms 10ms 25% distribution normal, delay 40ms 10ms 25% distribution normal",
    "delay 40ms 10ms distribution uniform, delay 40ms 10ms",
    "reorder 10% 20ms, reorder 10% 20ms",
    "delay 1s reorder 25% gap 5, delay 1s reorder 25% gap 5",
    "reorder 10% delay 5ms, delay 5ms reorder 10%",
    "duplicate 1% 2s, duplicate 1% 2s",
    "rate 1000kbit queue 100, rate 1mbit queue 100",
    "rate 1mbit queue 64kb, rate 1mbit queue 64kb",
    "rate 1mbit queue 65536b, rate 1mbit queue 64kb",
    "rate 1mbit queue 50ms, rate 1mbit queue 50ms",
    "rate 1mbit queue 1000, rate 1mbit",
    "mtu 1400, mtu 1400",
    "outage 2s 1s, outage 2s 1s",
    "outage 2s 1s every 10s, outage 2s 1s every 10s",
    "rebind 5s, rebind 5s",
    "rebind 5s port, rebind 5s",
    "rebind 5s address, rebind 5s address",
    "loss 0%, none",
  })
  void textIsReadAndWrittenCanonically(String text, String canonical) {
    LinkConditions conditions = LinkConditions.parse(text);
    assertEquals(canonical, conditions.toString());
    assertEquals(conditions, LinkConditions.parse(canonical));
    assertEquals(conditions.hashCode(), LinkConditions.parse(canonical).hashCode());
  }

  @Test
  void methodsSayTheSameAsWords() {
    assertEquals(
        LinkConditions.parse(
            "delay 40ms 10ms distribution normal loss 5% reorder 10% 20ms gap 3 duplicate 1% 2s"
                + " corrupt 0.1% rate 20mbit queue 50ms mtu 1400 outage 2s 1s every 10s"
                + " rebind 5s address"),
        LinkConditions.NONE
            .withDelay(Duration.ofMillis(40), Duration.ofMillis(10), Distribution.NORMAL)
            .withLoss(0.05)
            .withReorder(0.1, Duration.ofMillis(20), 3)
            .withDuplicate(0.01, Duration.ofSeconds(2))
            .withCorrupt(0.001)
            .withRate(20_000_000)
            .withQueue(QueueUnit.NANOS, 50_000_000)
            .withMtu(1_400)
            .withOutage(Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(10))
            .withRebind(Duration.ofSeconds(5), Rebinding.ADDRESS));
    assertEquals(
        LinkConditions.parse("loss gemodel 1% 20% 90% 0.5%"),
        LinkConditions.NONE.withBurstLoss(0.01, 0.2, 0.9, 0.005));
  }

  @Test
  void aProfileCanBeChangedByLaterWords() {
    assertEquals(LinkProfiles.LTE, LinkConditions.parse("@lte"));
    assertEquals(LinkProfiles.LTE.withLoss(0.02), LinkConditions.parse("@LTE loss 2%"));
    assertNotEquals(LinkProfiles.LTE, LinkConditions.parse("@lte loss 2%"));
    assertEquals(6, LinkProfiles.names().size());
    for (String name : LinkProfiles.names()) {
      LinkConditions profile = LinkConditions.parse(name);
      assertNotNull(LinkProfiles.find(name));
      assertEquals(profile, LinkConditions.parse(profile.toString()));
      assertTrue(profile.delayNanos() > 0 && profile.meanLoss() > 0, name);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|at the end|conditions|delay 40ms",
        "'   '|at the end|conditions|delay 40ms",
        "limit 5|word 1 \"limit\" (column 1)|delay, loss, reorder|delay 40ms 10ms loss 5%",
        "delay|at the end|a duration|delay 40ms",
        "delay 40|word 2 \"40\" (column 7)|a duration with its unit|delay 40ms",
        "delay -40ms|word 2|a duration|delay 40ms",
        "delay 999999999s|word 2|at most a year|delay 40ms",
        "delay 40ms 25%|word 3 \"25%\" (column 12)|delay, loss|loss 5%",
        "delay 40ms 10ms distribution pareto|word 5 \"pareto\"|uniform or normal|distribution",
        "delay 40ms 10ms distribution|at the end|uniform or normal|distribution normal",
        "loss|at the end|a percentage|loss 5%",
        "loss 5|word 2 \"5\"|a percentage|loss 5%",
        "loss 101%|word 2 \"101%\"|from 0% to 100%|loss 5%",
        "loss 5% 25%|word 3 \"25%\" (column 9)|no correlation|gemodel",
        "loss gemodel|at the end|a percentage|loss gemodel 1% 20%",
        "loss state 1%|word 2 \"state\"|a percentage|loss 5%",
        "loss 5%  loss 6%|word 3 \"loss\" (column 10)|also word 1|loss",
        "reorder 10%|word 1 \"reorder\"|a delay|reorder 10% 20ms",
        "delay 1ms reorder 10% gap|at the end|datagrams from 1 to 999999999|gap 5",
        "delay 1ms reorder 10% gap 0|word 6 \"0\"|datagrams from 1 to 999999999|gap 5",
        "delay 1ms reorder 10% gap 9999999999|word 6|from 1 to 999999999|gap 5",
        "duplicate 1|word 2 \"1\"|a percentage|duplicate 1%",
        "corrupt x|word 2 \"x\"|a percentage|corrupt 0.1%",
        "rate 20|word 2 \"20\"|mbit|rate 20mbit",
        "rate 20mbps|word 2 \"20mbps\"|mbit|rate 20mbit",
        "rate 2000gbit|word 2|at most 1000gbit|rate 20mbit",
        "rate 0mbit|word 2|above 0|rate 20mbit",
        "queue 100|word 1 \"queue\"|a rate|rate 20mbit queue 100",
        "rate 1mbit queue 0|word 4 \"0\"|above 0|queue 100",
        "rate 1mbit queue x|word 4 \"x\"|packets|queue 64kb",
        "rate 1mbit queue 999999|word 4|at most 65536 packets|queue 100",
        "rate 1mbit queue 99999999999|word 4|at most 65536|queue 100",
        "rate 1mbit queue 40000000s|word 4|at most a year|queue 100",
        "rate 1mbit queue 65mb|word 4|at most 64mb|queue 100",
        "mtu 67|word 2 \"67\"|68 to 65535|mtu 1400",
        "mtu 65536|word 2|68 to 65535|mtu 1400",
        "mtu 1400b|word 2|68 to 65535|mtu 1400",
        "outage 2s|at the end|a duration|outage 2s 1s",
        "outage 2s 0s|word 3|longer than 0|outage 2s 1s",
        "outage 2s 1s every 1s|word 5|longer than the outage|every 10s",
        "rebind|at the end|a duration|rebind 5s",
        "rebind 0s|word 2|longer than 0|rebind 5s",
        "rebind 5s host|word 3 \"host\"|delay, loss|loss 5%",
        "@moon|word 1 \"@moon\"|@wifi @lte @train|@lte loss 2%",
        "loss 5% @lte|word 3 \"@lte\" (column 9)|first word|@lte",
        "@lte none|word 2 \"none\"|first word|none",
      })
  void everyErrorNamesTheWordItsPlaceAndAnExample(
      String text, String where, String expected, String example) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> LinkConditions.parse(text)).toString();
    assertTrue(message.contains(where), message);
    assertTrue(message.contains(expected), message);
    assertTrue(message.substring(message.indexOf("e.g.")).contains(example), message);
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    LinkConditions none = LinkConditions.NONE;
    Duration second = Duration.ofSeconds(1);
    assertRefused(() -> none.withLoss(1.01), "loss");
    assertRefused(() -> none.withLoss(Double.NaN), "loss");
    assertRefused(() -> none.withCorrupt(-0.1), "corrupt");
    assertRefused(() -> none.withDelay(Duration.ofMillis(-1)), "delay");
    assertRefused(() -> none.withDelay(Duration.ofDays(366)), "delay");
    assertRefused(() -> none.withReorder(0.1), "delay");
    assertRefused(() -> none.withReorder(0.1, second, 0), "gap");
    assertRefused(() -> none.withRate(-1), "rate");
    assertRefused(() -> none.withQueue(QueueUnit.PACKETS, 10), "rate");
    assertRefused(() -> none.withRate(1_000).withQueue(QueueUnit.BYTES, 0), "queue");
    assertRefused(() -> none.withMtu(67), "mtu");
    assertRefused(() -> none.withOutage(second, Duration.ZERO), "outage");
    assertRefused(() -> none.withOutage(second, second, second), "period");
    assertRefused(() -> none.withRebind(second.negated(), Rebinding.PORT), "rebind");
    assertRefused(
        () -> none.withDelay(second).withReorder(0.1).withDelay(Duration.ZERO), "reorder");
  }

  private static void assertRefused(Runnable call, String named) {
    String message = assertThrows(IllegalArgumentException.class, call::run).toString();
    assertTrue(message.contains(named), message);
  }

  @Test
  void meanLossOfBurstsIsTheTimeSpentInTheBadState() {
    assertEquals(0.05, LinkConditions.parse("loss 5%").meanLoss(), 1e-12);
    assertEquals(1.0 / 21, LinkConditions.parse("loss gemodel 1% 20%").meanLoss(), 1e-12);
    assertEquals(
        0.9 / 21 + 0.01 * 20 / 21,
        LinkConditions.parse("loss gemodel 1% 20% 90% 1%").meanLoss(),
        1e-12);
  }

  @Test
  void outagesComeAtTheirTimeAndAgainEachPeriod() {
    long second = 1_000_000_000L;
    LinkConditions once = LinkConditions.parse("outage 2s 1s");
    assertFalse(once.isOutage(2 * second - 1));
    assertTrue(once.isOutage(2 * second));
    assertTrue(once.isOutage(3 * second - 1));
    assertFalse(once.isOutage(3 * second));
    assertFalse(once.isOutage(12 * second));
    LinkConditions again = LinkConditions.parse("outage 2s 1s every 10s");
    assertTrue(again.isOutage(12 * second));
    assertFalse(again.isOutage(13 * second));
    assertTrue(again.isOutage(102 * second));
    assertFalse(LinkConditions.NONE.isOutage(0));
  }
}
