package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.house.sample.SkippingChecks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** No note of a skipped test is lost, however many processes and plans surefire makes of a run. */
class SkippedTestRecorderTest {
  private static final int END_SECONDS = 90;

  @TempDir private Path folder;
  private final List<Process> forks = new ArrayList<>();

  @AfterEach
  void endWhatWasStarted() {
    forks.forEach(Process::destroyForcibly);
  }

  private Path record() {
    return folder.resolve("target/skipped.txt");
  }

  /** Starts a virtual machine that runs these plans, with the recorder where JUnit finds it. */
  private void fork(String... plans) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.add("-Dposthorn.skipped=" + record());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(SkippingChecks.class.getName());
    command.addAll(List.of(plans));
    forks.add(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("fork-" + forks.size()).toFile())
            .start());
  }

  private void awaitForks() throws Exception {
    for (int i = 0; i < forks.size(); i++) {
      Path output = folder.resolve("fork-" + i);
      assertTrue(forks.get(i).waitFor(END_SECONDS, TimeUnit.SECONDS), "it does not end");
      assertEquals(0, forks.get(i).exitValue(), Files.readString(output));
    }
  }

  @Test
  void processesAndPlansAddToOneFileAndNoneEmptiesIt() throws Exception {
    fork("skips", "passes", "skips");
    fork("passes", "skips", "passes");
    awaitForks();
    List<String> lines = Files.readAllLines(record());
    assertEquals(3 * SkippingChecks.LINES, lines.size());
    TreeSet<String> tests = new TreeSet<>();
    for (String line : lines) {
      assertTrue(line.startsWith("[engine:junit-jupiter]/[class:") && line.endsWith(" end"), line);
      tests.add(line.substring(0, line.indexOf(' ')));
    }
    assertEquals(SkippingChecks.LINES, tests.size(), tests::toString);
    assertTrue(tests.last().endsWith("[test-template-invocation:#9]"), tests::last);
    assertTrue(tests.first().endsWith("$AbortsWhole]"), tests::first);
  }

  @Test
  void whereNothingIsSkippedAnEmptyFileSaysSo() throws Exception {
    fork("passes");
    awaitForks();
    assertEquals("", Files.readString(record()));
  }

  @Test
  void theBuildDeletesTheFileBeforeTheTestsAndReadsItAfter() throws Exception {
    List<String> named = pom("//posthorn.skipped/text()");
    assertEquals(1, named.size());
    String antrun = "plugin[artifactId='maven-antrun-plugin']//execution";
    // Any phase before that of the tests will do; another file is deleted there too.
    String before = "[phase='process-test-resources']//delete/@file";
    assertTrue(pom("/project/build//" + antrun + before).containsAll(named));
    String check = "//profile[id='ci']//" + antrun + "[phase='verify']";
    assertEquals(List.of("env.CI"), pom("//profile[id='ci']/activation/property/name/text()"));
    assertEquals(named, pom(check + "//loadfile/@srcFile"));
    assertEquals(named, pom(check + "//available/@file"));
  }

  private static List<String> pom(String xpath) throws Exception {
    Document document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(SourceFile.ROOT.resolve("tests/pom.xml").toFile());
    NodeList nodes =
        (NodeList)
            XPathFactory.newInstance().newXPath().evaluate(xpath, document, XPathConstants.NODESET);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      texts.add(nodes.item(i).getNodeValue().strip());
    }
    return texts;
  }
}
