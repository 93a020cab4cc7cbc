package io.posthorn.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.testkit.sample.TracedTally;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What a failing run over a simulated network leaves behind. */
class SimulatedRunTest {
  private static final Pattern HEAD = Pattern.compile("# seed (-?\\d+) link '(.*)'");

  private static Path file(Throwable failure) {
    assertEquals(1, failure.getSuppressed().length, "the trace");
    String words = String.valueOf(failure.getSuppressed()[0].getMessage());
    assertTrue(words.contains("; each datagram is in "), words);
    return Path.of(words.substring(words.indexOf(" is in ") + 7));
  }

  @Test
  void failingPropertyLeavesTheTraceOfTheSmallestNetworkAndItReplays() throws Exception {
    FailingProperty found = FailingProperty.run(TracedTally.class, "everyTotalIsRight");
    assertInstanceOf(AssertionError.class, found.failure());
    Path file = file(found.failure());
    byte[] trace = Files.readAllBytes(file);
    List<String> lines = Files.readAllLines(file);
    Files.delete(file);
    Matcher head = HEAD.matcher(lines.get(0));
    assertTrue(head.matches(), lines.get(0));
    assertEquals(found.smallest("link"), head.group(2));
    assertTrue(lines.size() > 3, lines.toString());
    LinkConditions link = LinkConditions.parse(head.group(2));
    AssertionError again =
        assertThrows(
            AssertionError.class,
            () -> new TracedTally().everyTotalIsRight(link, Long.parseLong(head.group(1))));
    assertArrayEquals(trace, Files.readAllBytes(file(again)), "to the byte");
    Files.delete(file(again));
  }

  @Test
  void runThatSucceedsLeavesNothing() throws Exception {
    long[] seed = {0};
    SimulatedRun.over(7, LinkConditions.NONE, network -> seed[0] = network.seed());
    assertEquals(7, seed[0]);
  }
}
