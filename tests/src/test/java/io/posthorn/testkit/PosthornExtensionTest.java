package io.posthorn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.testkit.sample.EchoExample;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The bad network that tests are given, and what a failing one says. */
@BadNetwork(value = "loss 50%", seed = 7)
class PosthornExtensionTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  /** Which of the first datagrams get through, both ways together. */
  private static String fates(TestRelay relay) throws IOException {
    try (DatagramSocket server = new DatagramSocket(0, LOOPBACK);
        DatagramSocket client = new DatagramSocket(0, LOOPBACK)) {
      InetSocketAddress through = relay.inFrontOf(server.getLocalPort());
      server.setSoTimeout(20_000);
      for (int i = 0; i < 100; i++) {
        client.send(new DatagramPacket(new byte[] {(byte) i}, 1, through));
      }
      while (relay.countersUp().offered() < 100) {
        Thread.onSpinWait();
      }
      relay.up(LinkConditions.NONE); // so that the last one passes, and tells that it is the last
      StringBuilder passed = new StringBuilder();
      DatagramPacket packet = new DatagramPacket(new byte[1], 1);
      client.send(new DatagramPacket(new byte[] {127}, 1, through));
      do {
        server.receive(packet);
        passed.append(packet.getData()[0]).append(' ');
      } while (packet.getData()[0] != 127);
      return passed.toString();
    }
  }

  @Test
  void oneSeedGivesOneSetOfFates(TestRelay relay) throws IOException {
    assertEquals(7, relay.seed());
    try (TestRelay same = TestRelay.seeded(7, LinkConditions.parse("loss 50%"));
        TestRelay other = TestRelay.seeded(8, LinkConditions.parse("loss 50%"))) {
      String first = fates(relay);
      assertEquals(first, fates(same));
      assertNotEquals(first, fates(other));
      assertTrue(first.split(" ").length < 90, first);
    }
  }

  @Test
  void classesNetworkCountsWhereTheMethodHasNone(TestRelay relay) {
    assertTrue(relay.toString().contains("up 'loss 50%', down 'loss 50%'"), relay.toString());
  }

  @Test
  @BadNetwork(value = "loss 1%", down = "delay 3ms")
  void methodsNetworkPrevailsAndDirectionsMayDiffer(TestRelay relay, TestRelay again) {
    assertSame(relay, again);
    assertTrue(relay.toString().contains("up 'loss 1%', down 'delay 3ms'"), relay.toString());
    assertNotEquals(0, relay.seed());
  }

  @Test
  void sameServerHasOneRelayAndEachItsOwn(TestRelay relay) throws IOException {
    assertEquals(relay.inFrontOf(9), relay.inFrontOf(new InetSocketAddress(LOOPBACK, 9)));
    assertNotEquals(relay.inFrontOf(9), relay.inFrontOf(10));
  }

  @Nested
  class Inner {
    @Test
    void networkOfTheEnclosingClassCounts(TestRelay relay) {
      assertTrue(relay.toString().contains("loss 50%"), relay.toString());
    }
  }

  @Nested
  @ExtendWith(PosthornExtension.class)
  @BadNetwork
  class Without {
    @Test
    void networkWithoutConditionsIsPerfect(TestRelay relay) {
      assertTrue(relay.toString().startsWith("up 'none', down 'none'"), relay.toString());
    }
  }

  /**
   * Runs the sample class; answers what its tests reported, and what a class failed of, and notes
   * how tests ended.
   */
  private static List<String> runExamples(String type, Map<String, Status> ends) throws Exception {
    List<String> reports = new ArrayList<>();
    LauncherConfig unheard = // by those who note what the build skips
        LauncherConfig.builder().enableTestExecutionListenerAutoRegistration(false).build();
    LauncherFactory.create(unheard)
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(Class.forName(EchoExample.class.getName() + "$" + type)))
                .filters(EngineFilter.includeEngines("junit-jupiter"))
                .build(),
            new TestExecutionListener() {
              @Override
              public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
                reports.add(String.valueOf(entry.getKeyValuePairs().get("posthorn")));
              }

              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isTest()) {
                  ends.put(test.getDisplayName(), result.getStatus());
                } else {
                  result.getThrowable().ifPresent(thrown -> reports.add(thrown.getMessage()));
                }
              }
            });
    return reports;
  }

  private static Path recording(String report) {
    String property = "-D" + PosthornExtension.REPLAY_PROPERTY + "=";
    assertTrue(report.contains(property), report);
    return Path.of(report.substring(report.indexOf(property) + property.length()));
  }

  @Test
  void failingTestSaysHowToSeeItAgain() throws Exception {
    Map<String, Status> ends = new TreeMap<>();
    List<String> reports = runExamples("Failing", ends);
    assertEquals(
        Map.of(
            "answerComes(TestRelay)",
            Status.SUCCESSFUL,
            "answerComesAtOnce(TestRelay)",
            Status.FAILED),
        ends);
    assertEquals(1, reports.size());
    assertTrue(
        reports.get(0).contains("answerComesAtOnce(TestRelay) failed over up 'loss 100%'"),
        reports.get(0));
    assertTrue(reports.get(0).contains("-Dposthorn.seed=9"), reports.get(0));
    Path file = recording(reports.get(0));
    assertTrue(Files.readString(file).contains("\n0 up 1 "), Files.readString(file));
    Files.delete(file);
  }

  @Test
  void anAbortedTestSaysNothing() throws Exception {
    List<Path> before = recordings("Aborted.*");
    Map<String, Status> ends = new TreeMap<>();
    assertEquals(List.of(), runExamples("Aborted", ends));
    assertEquals(Map.of("wantsWhatIsNotThere(TestRelay)", Status.ABORTED), ends);
    assertEquals(before, recordings("Aborted.*"));
  }

  @Test
  void aTestThatAsksForNoRelayLeavesNothing() throws Exception {
    List<Path> before = recordings("Idle.*");
    Map<String, Status> ends = new TreeMap<>();
    assertEquals(List.of(), runExamples("Idle", ends));
    assertEquals(Map.of("needsNoServer(TestRelay)", Status.SUCCESSFUL), ends);
    assertEquals(before, recordings("Idle.*"));
  }

  private static List<Path> recordings(String glob) throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path folder : OutputFolders.all()) {
      if (Files.isDirectory(folder)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
          files.forEach(found::add);
        }
      }
    }
    Collections.sort(found);
    return found;
  }

  @Test
  void aRelayTakenByTheConstructorIsOfItsTest() throws Exception {
    Map<String, Status> ends = new TreeMap<>();
    List<String> reports = runExamples("Constructed", ends);
    assertEquals(
        Map.of(
            "answerComesAtOnce()",
            Status.FAILED,
            "theMethodsNetworkPrevails(TestRelay)",
            Status.SUCCESSFUL),
        ends);
    assertEquals(1, reports.size());
    assertTrue(reports.get(0).contains("answerComesAtOnce() failed over"), reports.get(0));
    Files.delete(recording(reports.get(0)));
  }

  @Test
  void aRelayForAllTestsOfAClassIsRefused() throws Exception {
    Map<String, Status> ends = new TreeMap<>();
    List<String> reports = runExamples("Lasting", ends);
    assertEquals(Map.of(), ends);
    assertEquals(1, reports.size());
    assertTrue(reports.get(0).contains("take it in the test or in @BeforeEach"), reports.get(0));
  }

  /** The network of {@code Lucky} loses half; what one run saw, the next sees by the file. */
  @Test
  void recordingOfAFailureReplaysIt() throws Exception {
    Map<String, Status> ends = new TreeMap<>();
    List<String> first = runExamples("Lucky", ends);
    assertEquals(Map.of("nothingIsLost(TestRelay)", Status.FAILED), ends);
    Path file = recording(first.get(0));
    String fates = fates(file);
    assertTrue(fates.contains("lost") && fates.contains("passed"), fates);
    System.setProperty(PosthornExtension.REPLAY_PROPERTY, file.toString());
    try {
      List<String> second = runExamples("Lucky", ends);
      assertTrue(second.get(0).contains("replayed from " + file), second.get(0));
      Path again = recording(second.get(0));
      assertEquals(fates, fates(again));
      Files.delete(again);
    } finally {
      System.clearProperty(PosthornExtension.REPLAY_PROPERTY);
    }
    Files.delete(file);
  }

  /** Number and fate of each datagram towards the server, without time. */
  private static String fates(Path recording) throws IOException {
    StringBuilder fates = new StringBuilder();
    for (String line : Files.readAllLines(recording)) {
      if (line.startsWith("0 up ")) {
        String[] words = line.split(" ", -1);
        fates.append(words[2]).append(' ').append(words[5]).append('\n');
      }
    }
    return fates.toString();
  }
}
