package io.posthorn.cli.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.RelayStatistics;
import org.junit.jupiter.api.Test;

/** What a proxy tells of the time since it told last, and of all. */
class ProxyReportTest {
  private final ProxyReport report = new ProxyReport();

  private static RelayStatistics only(long refused, long unreachable, long systemErrors) {
    return new RelayStatistics(
        LinkCounters.ZERO, LinkCounters.ZERO, 1, refused, unreachable, systemErrors);
  }

  @Test
  void allFiguresOfALineAreOfTheTimeSinceTheLast() {
    assertEquals(
        "1 s: up 0 in, 0 out; down 0 in, 0 out; 1 client, 5 refused, 2 times port unreachable,"
            + " 1 not taken by the system",
        report.interval(only(5, 2, 1), 1, false));
    assertEquals(
        "2 s: up 0 in, 0 out; down 0 in, 0 out; 1 client, 2 refused",
        report.interval(only(7, 2, 1), 2, false));
    assertTrue(ProxyReport.total(only(0, 1, 0), 1, false).endsWith(", 1 time port unreachable"));
    String json = report.interval(only(7, 5, 2), 3, true);
    assertTrue(
        json.endsWith("\"refused\":0,\"portUnreachable\":3,\"systemErrors\":1}"), () -> json);
    String all = ProxyReport.total(only(7, 5, 2), 3, true);
    assertTrue(all.endsWith("\"refused\":7,\"portUnreachable\":5,\"systemErrors\":2}}"), () -> all);
  }

  @Test
  void whateverWentWrongAloneIsNews() {
    assertTrue(report.isNews(only(0, 0, 0)), "a client");
    report.interval(only(0, 0, 0), 1, false);
    assertFalse(report.isNews(only(0, 0, 0)));
    assertTrue(report.isNews(only(1, 0, 0)));
    assertTrue(report.isNews(only(0, 1, 0)));
    assertTrue(report.isNews(only(0, 0, 1)));
  }
}
