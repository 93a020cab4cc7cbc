package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What may not stand in a source file, wherever it hides. */
class SourceTextTest {
  // Put together from parts, for this file is read too.
  private static final Pattern UNFINISHED =
      Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X|HA" + "CK)\\b");

  private static final Pattern HIDDEN_FAILURE =
      Pattern.compile("catch\\s*\\([^)]*\\)\\s*\\{\\s*\\}");

  private static final Pattern SWITCHED_OFF =
      Pattern.compile("@(Dis" + "abled|Ign" + "ore)(If\\w*|Unless\\w*)?\\b");

  private static final Pattern WALL_CLOCK_WAIT =
      Pattern.compile(
          "\\bThread\\s*\\.\\s*sl" + "eep\\b|\\bTimeUnit\\.\\w+\\.sl" + "eep\\b|park" + "Nanos\\(");

  private static final Pattern MOCK = Pattern.compile("\\borg\\.(mock" + "ito|easym" + "ock)\\b");

  /** A comparison that ends where two things differ, so that its time tells where. */
  private static final Pattern HASTY_COMPARISON =
      Pattern.compile(
          "\\bArrays\\s*\\.\\s*(equals|mismatch|compare\\w*)\\b"
              + "|\\.\\s*(equals|contentEquals|mismatch|compareTo)\\(|\\bbreak\\b");

  /** What compares a secret, and the method that does. */
  private static final Map<String, String> COMPARES_SECRETS =
      Map.of(
          "protocol/handshake/ResetTokens", "matches",
          "protocol/handshake/RetryCookies", "verify",
          "protocol/path/PeerConnectionIds", "isReset");

  @Test
  void nothingIsLeftUnfinished() throws IOException {
    List<SourceFile> files = all(".java");
    files.addAll(all(".xml"));
    files.addAll(all(".md"));
    files.addAll(all(".sh"));
    assertEquals(List.of(), matches(files, UNFINISHED));
    assertTrue(files.size() > 30, "the sources were not found");
  }

  @Test
  void noCatchBlockIsEmpty() throws IOException {
    assertEquals(List.of(), matches(all(".java"), HIDDEN_FAILURE));
  }

  @Test
  void noTestIsSwitchedOff() throws IOException {
    assertEquals(List.of(), matches(tests(), SWITCHED_OFF));
  }

  @Test
  void noTestWaitsByTheWallClock() throws IOException {
    assertEquals(List.of(), matches(tests(), WALL_CLOCK_WAIT));
  }

  @Test
  void noTestMocks() throws IOException {
    assertEquals(List.of(), matches(tests(), MOCK));
  }

  /** FAULTS 37: whoever guesses at a token does not learn how much of it is right. */
  @Test
  void fault37_secretsAreComparedInATimeThatDoesNotTell() throws IOException {
    for (Map.Entry<String, String> each : COMPARES_SECRETS.entrySet()) {
      String path = "transport/src/main/java/io/posthorn/" + each.getKey() + ".java";
      SourceFile file = SourceFile.read(SourceFile.ROOT.resolve(path));
      assertEquals(List.of(), file.linesMatching(HASTY_COMPARISON));
      int from = file.text().indexOf(" boolean " + each.getValue() + "(");
      assertTrue(from > 0, path + " has no " + each.getValue());
      String method = file.text().substring(from, file.text().indexOf("\n  }\n", from));
      // Those of a cookie go by its length and its tick, which are no secrets.
      int returns = each.getValue().equals("verify") ? 3 : 1;
      assertEquals(returns, method.split("\\breturn\\b", -1).length - 1, method);
    }
  }

  @Test
  void thePatternsMatchWhatTheyShould() {
    // A percent sign stands where the word is cut, so that this file stays clean.
    String text =
        """
        // TO%DO later
        try { } catch (IOException e) %{
        }
        @Dis%abled("flaky") @Dis%abledOnOs
        Thread.sl%eep(1); TimeUnit.SECONDS.sl%eep(1);
        import org.mock%ito.Mock;
        Arrays.equals(a, b); a.equals(b); break;
        """;
    SourceFile bad = new SourceFile("Bad.java", text.replace("%", ""));
    assertEquals(List.of("Bad.java:1: TO" + "DO"), bad.linesMatching(UNFINISHED));
    assertEquals(1, bad.linesMatching(HIDDEN_FAILURE).size());
    assertEquals("Bad.java:4: @Dis" + "abled", bad.linesMatching(SWITCHED_OFF).get(0));
    assertEquals(2, bad.linesMatching(WALL_CLOCK_WAIT).size());
    assertEquals(1, bad.linesMatching(MOCK).size());
    assertEquals(3, bad.linesMatching(HASTY_COMPARISON).size());
  }

  private static List<String> matches(List<SourceFile> files, Pattern pattern) {
    List<String> found = new ArrayList<>();
    for (SourceFile file : files) {
      found.addAll(file.linesMatching(pattern));
    }
    return found;
  }

  private static List<SourceFile> all(String end) throws IOException {
    List<SourceFile> files = new ArrayList<>();
    for (String module : List.of("transport", "cli", "tests")) {
      files.addAll(SourceFile.under(module + "/src", end));
    }
    for (String file : List.of("pom.xml", "transport/pom.xml", "cli/pom.xml", "tests/pom.xml")) {
      if (file.endsWith(end)) {
        files.add(SourceFile.read(SourceFile.ROOT.resolve(file)));
      }
    }
    return files;
  }

  private static List<SourceFile> tests() throws IOException {
    return SourceFile.under("tests/src", ".java");
  }
}
