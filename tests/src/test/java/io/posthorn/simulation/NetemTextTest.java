package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Conditions in the words of tc. */
class NetemTextTest {
  private static List<String> tc(String conditions) {
    return LinkConditions.parse(conditions).toTc("eth0");
  }

  private static String command(String conditions) {
    return tc(conditions).get(0);
  }

  @Test
  void whatNetemKnowsIsSaidInItsWords() {
    String start = "tc qdisc replace dev eth0 root netem";
    assertEquals(start, command("none"));
    for (String same :
        List.of(
            "loss 5%",
            "loss 5% ecn",
            "loss gemodel 1% 20%",
            "loss gemodel 1% 20% 70% 0.1%",
            "duplicate 1%",
            "corrupt 0.1%",
            "rate 20mbit")) {
      assertEquals(List.of(start + " " + same), tc(same));
    }
    for (String delayed :
        List.of(
            "delay 40ms",
            "delay 40ms 10ms 25% distribution normal",
            "delay 40ms reorder 25% gap 5")) {
      assertEquals(List.of(start + " " + delayed + " limit 65536"), tc(delayed));
    }
    assertEquals(start + " rate 20mbit limit 100", command("rate 20mbit queue 100"));
  }

  /** It counts what is in the delay: a queue's length alone would lose what is under way. */
  @Test
  void theLimitHoldsWhatIsInTheDelayToo() {
    assertTrue(command("@satellite").endsWith(" limit 974"), command("@satellite"));
    assertTrue(tc("@satellite").get(1).contains("limit 974"), tc("@satellite")::toString);
    assertTrue(command("delay 60ms rate 20mbit").endsWith(" limit 1100"));
    assertTrue(command("delay 50ms 10ms rate 20mbit queue 7").endsWith(" limit 107"));
    assertTrue(command("delay 3600s rate 20mbit queue 7").endsWith(" limit 65536"));
  }

  /** "ecn requested without loss model", "distribution specified but no latency …". */
  @Test
  void whatTcRefusesIsLeftOut() {
    String start = "tc qdisc replace dev eth0 root netem delay ";
    assertEquals(List.of(start + "40ms limit 65536"), tc("delay 40ms ecn"));
    assertEquals(List.of(start + "40ms limit 65536"), tc("delay 40ms distribution normal"));
    List<String> noDelay = tc("delay 0ms 5ms distribution normal");
    assertEquals(start + "0s 5ms limit 65536", noDelay.get(0));
    assertTrue(noDelay.get(1).contains("distribution normal"), noDelay::toString);
    assertEquals(2, noDelay.size());
  }

  @Test
  void whatNetemDoesNotKnowIsSaidAsARemark() {
    List<String> lines =
        tc(
            "duplicate 1% 2s reorder 5% 20ms rate 20mbit queue 60ms mtu 1400"
                + " outage 2s 1s every 10s rebind 5s");
    assertEquals(
        "tc qdisc replace dev eth0 root netem duplicate 1% rate 20mbit limit 100", lines.get(0));
    for (String word : List.of("copies", "reorder", "limit 100", "mtu 1400", "outage", "rebind")) {
      assertTrue(
          lines.stream().skip(1).anyMatch(line -> line.startsWith("# ") && line.contains(word)),
          word + " in " + lines);
    }
    assertEquals(7, lines.size());
  }
}
