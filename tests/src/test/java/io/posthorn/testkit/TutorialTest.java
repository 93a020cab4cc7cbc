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

  /** The sample in the text, and the line that sees it again. */
  @Test
  void printedSampleFailsAsPrinted() throws IOException {
    String text = tutorial();
    Matcher sample =
        Pattern.compile("\n  link: (.*)\n  seed: (-?\\d+)\n\n  (org.opentest4j.*)\n").matcher(text);
    assertTrue(sample.find(), text);
    LinkConditions link = LinkConditions.parse(sample.group(1));
    long seed = Long.parseLong(sample.group(2));
    AssertionError failure =
        assertThrows(AssertionError.class, () -> new TallyExample().everyTotalIsRight(link, seed));
    assertEquals(sample.group(3), failure.toString());
    String again = "seeded(%d).link(LinkConditions.parse(\"%s\"))";
    assertTrue(text.contains(again.formatted(seed, sample.group(1))), text);
  }

  @Test
  void smallestBadNetworkHasTheOneFaultThatItNeeds() throws Exception {
    assertEquals("duplicate 1%", run("NeedsNoDuplicates", "link").smallest("link"));
    assertEquals(
        "'none', [at 0ms 'duplicate 1%', at 10000ms 'none']",
        run("NeedsNoDuplicates", "schedule").smallest("schedule"));
  }

  private static Path root() {
    return Path.of(System.getProperty("posthorn.root", ".."));
  }

  private static String tutorial() throws IOException {
    return Files.readString(root().resolve("tests/TUTORIAL.md"));
  }

  @Test
  void codeOfTheTutorialIsTheCodeThatRuns() throws IOException {
    List<String> sources = new ArrayList<>();
    Path samples = root().resolve("tests/src/test/java/io/posthorn/testkit/sample");
    try (DirectoryStream<Path> files = Files.newDirectoryStream(samples)) {
      for (Path file : files) {
        sources.add(Files.readString(file).replaceAll("\\s+", " "));
      }
    }
    int blocks = 0;
    Matcher code = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(tutorial());
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
