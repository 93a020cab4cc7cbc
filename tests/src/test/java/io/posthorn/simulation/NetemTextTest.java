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
            "delay 40ms",
            "delay 40ms 10ms 25% distribution normal",
            "loss 5%",
            "loss 5% ecn",
            "loss gemodel 1% 20%",
            "loss gemodel 1% 20% 70% 0.1%",
            "delay 40ms reorder 25% gap 5",
            "duplicate 1%",
            "corrupt 0.1%",
            "rate 20mbit")) {
      assertEquals(List.of(start + " " + same), tc(same));
    }
    assertEquals(start + " rate 20mbit limit 100", command("rate 20mbit queue 100"));
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
