package io.posthorn.cli.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.compare.CompareReport;
import io.posthorn.cli.compare.Comparison;
import io.posthorn.cli.compare.Measurement;
import io.posthorn.cli.compare.Metric;
import io.posthorn.cli.compare.Transport;
import io.posthorn.simulation.LinkConditions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A connection that the network does not let open is a result, beside those of the others. */
@Timeout(60)
class RelayArenaTest {
  private static final int MESSAGES = 5;

  private static Measurement run(Transport transport, String conditions) throws Exception {
    try (RelayArena arena = new RelayArena("a test", Duration.ofMillis(300))) {
      return arena.run(transport, plan(conditions), 0, (sent, delivered) -> {});
    }
  }

  private static ComparePlan plan(String conditions) {
    return new ComparePlan(LinkConditions.parse(conditions), MESSAGES, 100, 800_000, 1, 5);
  }

  private static void assertNeverOpened(Measurement measured) {
    assertEquals(0, measured.summary().sent(), measured::toString);
    assertEquals(0, measured.summary().delivered(), measured::toString);
    assertEquals(MESSAGES, measured.summary().lost(), measured::toString);
    assertEquals(Double.POSITIVE_INFINITY, measured.value(Metric.P99));
    assertTrue(measured.datagrams() > 0, "what was sent is told: " + measured);
    assertTrue(measured.wireBytes() >= 1_200 * measured.datagrams(), measured::toString);
    assertTrue(measured.failure().contains("no answer from 127.0.0.1:"), measured.failure());
    assertTrue(measured.failure().contains(" in 300 ms"), measured.failure());
    assertFalse(measured.congestionController().isEmpty());
  }

  @Test
  void aNetworkThatLosesAllIsAResult() throws Exception {
    assertNeverOpened(run(Transport.RELIABLE, "loss 100%"));
  }

  @Test
  void aNetworkTooNarrowForTheFirstPacketIsAResult() throws Exception {
    assertNeverOpened(run(Transport.RELIABLE, "mtu 1200"));
  }

  @Test
  void aRunThatIsCutShortAnswersWithWhatWasSent() throws Exception {
    for (Transport transport : new Transport[] {Transport.PLAIN, Transport.RELIABLE}) {
      try (RelayArena arena = new RelayArena("a test")) {
        ComparePlan endless =
            new ComparePlan(LinkConditions.parse("delay 1ms"), 1_000_000, 100, 80_000, 1, 5);
        Measurement measured =
            arena.run(
                transport,
                endless,
                0,
                (sent, delivered) -> {
                  if (delivered > 2) {
                    assertTrue(arena.endSending());
                  }
                });
        assertEquals("", measured.failure());
        assertTrue(measured.summary().sent() > 2, measured::toString);
        assertTrue(measured.summary().due() < 1_000_000, measured::toString);
        assertTrue(measured.summary().lost() <= 2, measured::toString);
        Measurement after = arena.run(transport, endless, 0, (sent, delivered) -> {});
        assertEquals(0, after.summary().sent(), "nothing is sent any more");
      }
    }
  }

  @Test
  void theFiguresOfPlainStandBesideIt() throws Exception {
    String narrow = "mtu 1200";
    Comparison comparison = new Comparison(plan(narrow));
    comparison.add(Transport.PLAIN, run(Transport.PLAIN, narrow));
    comparison.add(Transport.RELIABLE, run(Transport.RELIABLE, narrow));
    comparison.notAvailable(Transport.TCP, "a test");
    String said = String.join("\n", CompareReport.lines(comparison));
    assertTrue(
        said.contains("Plain delivered every message, once and in order, for this network spared"),
        said);
    assertTrue(said.contains("reliable did not get through: it lost 100 % of the messages"), said);
    assertTrue(said.contains("reliable, run 1: ended early: no answer from 127.0.0.1:"), said);
  }
}
