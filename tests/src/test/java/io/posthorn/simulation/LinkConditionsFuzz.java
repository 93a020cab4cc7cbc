package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Any text is refused in words, or says a network whose own words say the same. */
public final class LinkConditionsFuzz {
  private LinkConditionsFuzz() {}

  /** Takes the words of a network. */
  public static void fuzzerTestOneInput(byte[] input) {
    LinkConditions read;
    try {
      read = LinkConditions.parse(new String(input, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException refused) {
      assertEquals(false, String.valueOf(refused.getMessage()).isBlank());
      return;
    }
    assertEquals(read, LinkConditions.parse(read.toString()), read::toString);
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (String words :
        List.of(
            "delay 40ms 10ms loss 5% reorder 10% duplicate 1% corrupt 0.1% rate 20mbit",
            "loss gemodel 1% 20%",
            "loss gemodel 1% 20% 70% 0.1%",
            "delay 10ms 2ms distribution normal",
            "delay 10ms reorder 25% gap 5",
            "rate 1mbit queue 100 mtu 1280",
            "rate 8kbit queue 20ms",
            "outage at 5s for 2s every 10s",
            "rebind 5s",
            "rebind 5s address",
            "@wifi",
            "@satellite loss 1%",
            "@train",
            "none")) {
      seeds.add(words.getBytes(StandardCharsets.UTF_8));
    }
    return seeds;
  }
}
