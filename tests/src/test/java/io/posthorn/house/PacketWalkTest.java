package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The way of one packet through the protocol takes six files, and those that are named are there.
 */
class PacketWalkTest {
  private static final Path ROOM =
      SourceFile.ROOT.resolve("transport/src/main/java/io/posthorn/protocol");
  private static final Pattern WAY = Pattern.compile("<ol>(.*?)</ol>", Pattern.DOTALL);
  private static final Pattern STEP =
      Pattern.compile("<li>\\{@code ((?:[a-z]+/)?[A-Z]\\w+)(?:\\.([a-z]\\w+))?}");

  @Test
  void eachWayOfOnePacketTakesSixFiles() throws IOException {
    String text = SourceFile.read(ROOM.resolve("package-info.java")).text();
    List<MatchResult> ways = WAY.matcher(text).results().toList();
    assertEquals(2, ways.size());
    List<String> missing = new ArrayList<>();
    for (MatchResult way : ways) {
      List<MatchResult> steps = STEP.matcher(way.group(1)).results().toList();
      assertEquals(6, steps.size());
      for (MatchResult step : steps) {
        Path file = ROOM.resolve(step.group(1) + ".java");
        String method = step.group(2);
        if (!Files.exists(file)
            || (method != null && !SourceFile.read(file).text().contains(" " + method + "("))) {
          missing.add(step.group());
        }
      }
    }
    assertTrue(missing.isEmpty(), () -> "not there: " + missing);
  }
}
