package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static io.posthorn.e2e.RunningProgram.posthorn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.cli.compare.Metric;
import io.posthorn.cli.lab.LabProbe;
import io.posthorn.cli.lab.LabProcess;
import io.posthorn.cli.lab.LabUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The comparison as users run it: with the kernel's TCP where a lab can be had, without where not,
 * interrupted, and with a claim that does not hold.
 */
@Timeout(180)
class CompareProgramTest {
  private static final String NETWORK = "delay 5ms loss 20%";
  private static final int MESSAGES = 60;

  /** More runs than ever end before the signal. */
  private static final String MANY_RUNS = "500";

  private static String whyNoLab = "";

  @TempDir Path folder;

  /** Asks what the program asks. */
  @BeforeAll
  static void lookForLab() throws InterruptedException {
    try {
      LabProcess.start(LabProbe.check(), Duration.ofMinutes(2)).close();
    } catch (LabUnavailableException none) {
      whyNoLab = String.valueOf(none.getMessage());
      System.out.println("CompareProgramTest: TCP has no figures here: " + whyNoLab);
    }
  }

  private static String[] compare(String... more) {
    List<String> arguments = new ArrayList<>(List.of("compare", "--impair", NETWORK));
    arguments.addAll(List.of("-n", Integer.toString(MESSAGES)));
    arguments.addAll(List.of(more));
    return arguments.toArray(new String[0]);
  }

  private static Map<?, ?> member(Map<?, ?> object, String name) {
    return assertInstanceOf(Map.class, object.get(name), name);
  }

  private static Map<?, ?> json(String text) {
    return assertInstanceOf(Map.class, new JsonReader(text.strip()).whole());
  }

  private static double number(Map<?, ?> object, String name) {
    return Double.parseDouble(String.valueOf(object.get(name)));
  }

  /** The kernel's congestion controllers. */
  private static List<String> controllers() throws IOException {
    Path list = Path.of("/proc/sys/net/ipv4/tcp_available_congestion_control");
    return List.of(Files.readString(list).strip().split(" ", -1));
  }

  @Test
  void theKernelsTcpLosesRealPacketsWhereALabCanBeHad() throws Exception {
    try (RunningProgram program = posthorn(compare("--runs", "1", "--json"))) {
      assertEquals(0, program.exit(), program::errors);
      Map<?, ?> said = json(program.output());
      Map<?, ?> plain = member(member(said, "plain"), "median");
      assertTrue(number(plain, "lost") > 0, said::toString);
      Map<?, ?> tcp = member(said, "tcp");
      if (!whyNoLab.isEmpty()) {
        assertHasNoFigures(tcp, whyNoLab);
        return;
      }
      String network = String.valueOf(member(said, "plan").get("network"));
      assertEquals("one TUN device in a network namespace of its own", network);
      String controller = String.valueOf(tcp.get("congestionControl"));
      assertTrue(controllers().contains(controller), controller);
      Map<?, ?> figures = member(tcp, "median");
      assertEquals(MESSAGES, number(figures, "sent"), said::toString);
      assertEquals(MESSAGES, number(figures, "delivered"), said::toString);
      assertTrue(number(figures, "p99Ms") >= 5, said::toString);
      assertTrue(number(figures, "goodputBitsPerSecond") > 0, said::toString);
      // The loss was the kernel's own: it sent segments again, and its packets were on the wire.
      double again = number(figures, "retransmissions");
      assertTrue(again > 0, said::toString);
      assertTrue(number(figures, "datagrams") > again, said::toString);
      assertTrue(
          number(figures, "bytes") > MESSAGES * 200 + 40 * number(figures, "datagrams"),
          said::toString);
    }
  }

  @Test
  void theTableHasAColumnForTcpWhereALabCanBeHad() throws Exception {
    try (RunningProgram program = posthorn(compare("--runs", "1"))) {
      assertEquals(0, program.exit(), program::errors);
      String table = program.output();
      if (!whyNoLab.isEmpty()) {
        assertHasNoColumn(table, whyNoLab);
        return;
      }
      String head = lineWith(table, "reliable (");
      String controller = head.replaceFirst(".*TCP \\((.*)\\)$", "$1");
      assertTrue(controllers().contains(controller), head);
      for (Metric metric : Metric.values()) {
        assertFalse(lineWith(table, metric.label()).endsWith("n/a"), table);
      }
      assertTrue(table.contains("TCP (" + controller + ") "), table);
      assertFalse(table.contains("n/a, for"), table);
    }
  }

  private static void assertHasNoFigures(Map<?, ?> tcp, String reason) {
    assertEquals(1, tcp.size(), tcp::toString);
    String why = String.valueOf(tcp.get("notAvailable"));
    assertTrue(why.startsWith("a relay cannot lose the packets of the kernel's TCP"), why);
    assertTrue(why.contains(reason), why);
  }

  private static void assertHasNoColumn(String table, String reason) {
    for (Metric metric : Metric.values()) {
      assertTrue(lineWith(table, metric.label()).endsWith("   n/a"), table);
    }
    assertTrue(table.contains("a relay on the loopback"), table);
    assertTrue(lineWith(table, "tcp: n/a, for ").contains(reason), table);
    assertTrue(table.contains("TCP could not be put through the same network here."), table);
  }

  private static String lineWith(String text, String part) {
    return text.lines()
        .filter(line -> line.startsWith(part) || (part.endsWith("(") && line.contains(part)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + part + " in " + text));
  }

  /** An unshare that the program finds first, which passes its probe. */
  private Map<String, String> withUnshare(String afterTheProbe) throws IOException {
    program("setsid", "exec \"$@\"");
    program("unshare", "[ \"$2\" = true ] && exit 0\n" + afterTheProbe);
    return Map.of("PATH", folder.toString());
  }

  private void program(String name, String body) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + body + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }

  @Test
  void withoutALabTcpHasNoFigureAtAllAndTheReasonIsGiven() throws Exception {
    Map<String, String> nothingInstalled = Map.of("PATH", folder.toString());
    String reason = LabProbe.check().possible() ? "the program unshare" : LabProbe.check().reason();
    try (RunningProgram table =
            RunningProgram.posthornIn(nothingInstalled, compare("--runs", "1"));
        RunningProgram json =
            RunningProgram.posthornIn(nothingInstalled, compare("--runs", "1", "--json"))) {
      assertEquals(0, table.exit(), table::errors);
      assertEquals(0, json.exit(), json::errors);
      assertHasNoColumn(table.output(), reason);
      Map<?, ?> said = json(json.output());
      assertHasNoFigures(member(said, "tcp"), reason);
      assertEquals(MESSAGES, number(member(member(said, "reliable"), "median"), "delivered"));
    }
  }

  @Test
  void aLabThatFailsToStartIsReplacedByTheRelay() throws Exception {
    LabProbe probe = LabProbe.check();
    Map<String, String> failing = withUnshare("echo no room left >&2; exit 3");
    try (RunningProgram program =
        RunningProgram.posthornIn(failing, compare("--runs", "1", "-v"))) {
      assertEquals(0, program.exit(), program::errors);
      String reason = "the lab's process ended at its start: no room left";
      assertHasNoColumn(program.output(), probe.possible() ? reason : probe.reason());
      assertEquals(
          probe.possible() ? "no network of its own: " + reason + "\n" : "", program.errors());
    }
  }

  @Test
  void anInterruptWhileTheLabStartsEndsTheProgram() throws Exception {
    LabProbe probe = LabProbe.check();
    assumeTrue(probe.possible(), "no lab whose start could be interrupted: " + probe.reason());
    Map<String, String> interrupting = withUnshare("kill -INT $PPID; while read line; do :; done");
    try (RunningProgram program = RunningProgram.posthornIn(interrupting, compare())) {
      assertEquals(130, program.exit(), program::errors);
      assertEquals("", program.output());
      assertEquals("stopped after 0 of 3 runs, so there is nothing to compare\n", program.errors());
    }
  }

  @Test
  void anInterruptTellsWhatWasMeasuredAndLeavesNoLab() throws Exception {
    assertTellsWhatWasMeasured(posthorn(compare("--runs", MANY_RUNS, "--json-stream")), false);
  }

  @Test
  void anInterruptOfTheWholeGroupDoesSoToo() throws Exception {
    List<String> command = new ArrayList<>(List.of("setsid"));
    command.addAll(
        RunningProgram.command(List.of(), compare("--runs", MANY_RUNS, "--json-stream")));
    assertTellsWhatWasMeasured(RunningProgram.other(command.toArray(new String[0])), true);
  }

  @Test
  void anInterruptTellsWhatWasMeasuredThroughTheRelay() throws Exception {
    Map<String, String> nothingInstalled = Map.of("PATH", folder.toString());
    assertTellsWhatWasMeasured(
        RunningProgram.posthornIn(nothingInstalled, compare("--runs", MANY_RUNS, "--json-stream")),
        false);
  }

  private static void assertTellsWhatWasMeasured(RunningProgram started, boolean group)
      throws Exception {
    try (RunningProgram program = started) {
      program.awaitOutput("{\"run\":{\"number\":2,");
      List<ProcessHandle> labs = program.descendants();
      if (group) {
        program.signalGroup("INT");
      } else {
        program.signal("INT");
      }
      assertEquals(130, program.exit(), program::errors);
      String[] lines = program.output().lines().toArray(String[]::new);
      Map<?, ?> told = json(lines[lines.length - 1]);
      List<?> runs =
          assertInstanceOf(List.class, member(told, "reliable").get("runs"), program::output);
      assertEquals(
          "stopped after " + runs.size() + " of " + MANY_RUNS + " runs",
          member(json(program.errors()), "note").get("what"));
      assertTrue(runs.size() >= 1, program::output);
      assertFalse(String.valueOf(told.get("meaning")).isEmpty());
      assertGone(labs);
    }
  }

  private static void assertGone(List<ProcessHandle> processes) throws Exception {
    for (ProcessHandle process : processes) {
      process.onExit().get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void ctrlCAtATerminalPrintsTheTable() throws Exception {
    assertCtrlCPrintsTheTable("", "run 2 of 500", "Plain delivered every message");
  }

  @Test
  void ctrlCAtATerminalPrintsTheTableOfTheRelay() throws Exception {
    String said =
        assertCtrlCPrintsTheTable(
            "PATH=" + folder + " ", "run 2 of 500", "Plain delivered every message");
    assertTrue(said.contains("tcp: n/a, for "), said);
  }

  /** In the first run there is no other than what it has shown so far. */
  @Test
  void ctrlCInTheFirstRunPrintsWhatWasSentUntilThen() throws Exception {
    String begun = "run 1 of 500(  \\w+ [1-9]\\d*)+\r";
    String stopped = "Stopped in the first run";
    for (String variables : new String[] {"", "PATH=" + folder + " "}) {
      String said = assertCtrlCPrintsTheTable(variables, begun, stopped);
      assertTrue(said.contains("stopped after 0 of 500 runs\r\n"), said);
    }
  }

  /** The terminal sends the signal to the program and to all that it has started. */
  private static String assertCtrlCPrintsTheTable(String variables, String begun, String meaning)
      throws Exception {
    RunningProgram.assumeInstalled("script");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String jar = String.valueOf(System.getProperty("posthorn.jar"));
    // The first run ends by itself only where the test waits for that.
    String messages = begun.startsWith("run 2") ? "40" : "1000000";
    String compare = " compare --impair 'delay 5ms' --runs 500 -n " + messages;
    try (RunningProgram terminal =
        RunningProgram.other(
            "script",
            "-qec",
            "stty cols 120 rows 40; " + variables + "exec " + java + " -jar " + jar + compare,
            "/dev/null")) {
      terminal.awaitOutputMatching(begun);
      List<ProcessHandle> labs = terminal.descendants();
      terminal.type("\u0003");
      assertEquals(130, terminal.exit(), terminal::output);
      String said = terminal.output();
      assertTrue(said.contains(" of 500 runs\r\n"), said);
      String table = said.substring(said.indexOf("stopped after "));
      for (Metric metric : Metric.values()) {
        assertTrue(table.contains("\n" + metric.label() + " "), said);
      }
      assertTrue(table.contains(meaning), said);
      assertFalse(said.contains("\tat "), said);
      assertFalse(said.contains("xception"), said);
      assertGone(labs);
      return said;
    }
  }

  private static void assertClaim(String claim, int status, String expected, String... more)
      throws Exception {
    List<String> arguments = new ArrayList<>(List.of("compare", "--simulated", "-n", "100"));
    arguments.addAll(List.of(more));
    arguments.addAll(List.of("--assert", claim));
    try (RunningProgram program = here(arguments.toArray(new String[0]))) {
      assertEquals(status, program.exit(), program::errors);
      assertEquals(expected, program.errors());
      assertTrue(program.output().contains("reliable"), "the figures are told all the same");
    }
  }

  @Test
  void aClaimThatDoesNotHoldIsNamedWithItsRun() throws Exception {
    String claim = "reliable.lost==0 && plain.lost==0";
    assertClaim(claim, 1, "false in run 1: " + claim + "\n");
    assertClaim(
        claim,
        1,
        "{\"problem\":{\"what\":\"false in run 1: " + claim + "\"}}\n",
        "--quiet",
        "--json");
    assertClaim(
        "plain.lost==0", 1, "false in run 1 at 50 % loss: plain.lost==0\n", "--sweep", "0,50");
    String holds = "reliable.lost==0 && plain.lost>0";
    assertClaim(holds, 0, "true in every run: " + holds + "\n");
  }

  @Test
  void aClaimAboutWhatWasNotMeasuredIsNeitherTrueNorFalse() throws Exception {
    String what = "tcp could not be measured here: the kernel's TCP does not run in virtual time";
    assertClaim("tcp.lost==0", 69, "posthorn compare: " + what + "; leave it out\n");
    assertClaim(
        "tcp.lost==0",
        69,
        "{\"error\":{\"command\":\"posthorn compare\",\"exit\":69,\"kind\":\"UNAVAILABLE\","
            + "\"what\":\""
            + what
            + "\",\"remedy\":\"leave it out\"}}\n",
        "--json");
    // What is false without it is false.
    String without = "reliable.lost>0 && tcp.lost==0";
    assertClaim(without, 1, "false in run 1: " + without + "\n");
  }
}
