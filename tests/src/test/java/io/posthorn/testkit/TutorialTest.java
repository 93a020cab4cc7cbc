package io.posthorn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.testkit.sample.TallyExample;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What tests/TUTORIAL.md promises its reader. */
class TutorialTest {
  private static final String SAMPLE = "io.posthorn.testkit.sample.";

  private static FailingProperty run(String type, String method) throws ClassNotFoundException {
    return FailingProperty.run(Class.forName(SAMPLE + type), method);
  }

  @Test
  void plantedBugIsFoundWithinAThousandTriesAndSeenAgain() throws Exception {
    FailingProperty found = run("TallyExample", "everyTotalIsRight");
    assertInstanceOf(AssertionError.class, found.failure());
    assertTrue(found.failure().getMessage().contains("expected"), found.failure().getMessage());
    assertTrue(found.tries() <= 1_000, found.report());
    LinkConditions link = LinkConditions.parse(found.smallest("link"));
    long seed = Long.parseLong(found.smallest("seed").replaceAll("L$", ""));
    assertThrows(AssertionError.class, () -> new TallyExample().everyTotalIsRight(link, seed));
  }

  @Test
  void smallestBadNetworkHasTheOneFaultThatItNeeds() throws Exception {
    assertEquals("duplicate 1%", run("NeedsNoDuplicates", "link").smallest("link"));
    assertEquals(
        "'none', [at 0ms 'duplicate 1%', at 10000ms 'none']",
        run("NeedsNoDuplicates", "schedule").smallest("schedule"));
  }

  @Test
  void codeOfTheTutorialIsTheCodeThatRuns() throws IOException {
    Path root = Path.of(System.getProperty("posthorn.root", ".."));
    List<String> sources = new ArrayList<>();
    Path samples = root.resolve("tests/src/test/java/io/posthorn/testkit/sample");
    try (DirectoryStream<Path> files = Files.newDirectoryStream(samples)) {
      for (Path file : files) {
        sources.add(Files.readString(file).replaceAll("\\s+", " "));
      }
    }
    int blocks = 0;
    Matcher code =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(root.resolve("tests/TUTORIAL.md")));
    while (code.find()) {
      blocks++;
      String block = code.group(1).replaceAll("\\s+", " ").strip();
      assertTrue(
          sources.stream().anyMatch(source -> source.contains(block)),
          "not in a sample:\n" + block);
    }
    assertTrue(blocks >= 2, "the tutorial has " + blocks + " blocks");
  }
}
