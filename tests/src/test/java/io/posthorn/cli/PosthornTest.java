package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line in this process: what needs neither sockets of its own nor signals. */
class PosthornTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(boolean terminal, Map<String, String> environment, String... arguments) {
    return new Posthorn(
            new Streams(
                new ByteArrayInputStream(new byte[0]), out, err, terminal, terminal, environment))
        .run(arguments);
  }

  private int run(String... arguments) {
    return run(false, Map.of(), arguments);
  }

  private String errors() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String output() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void withoutACommandTheUsageIsAnErrorAndListsAll() {
    assertEquals(64, run());
    for (String command : new String[] {"listen", "send", "ping", "compare", "completion"}) {
      assertTrue(errors().contains("  " + command), errors());
    }
    assertEquals("", output());
  }

  @Test
  void helpOfEachCommandIsAResult() {
    for (String command : new String[] {"listen", "send", "ping", "compare", "completion"}) {
      out.reset();
      assertEquals(0, run("help", command));
      String byHelp = output();
      out.reset();
      assertEquals(0, run(command, "--help"));
      assertEquals(byHelp.strip(), output().strip());
    }
    assertEquals("", errors());
  }

  @Test
  void unknownCommandsAndOptionsSuggestTheNearest() {
    assertEquals(64, run("pingg"));
    assertTrue(errors().contains("did you mean ping"), errors());
    err.reset();
    assertEquals(64, run("listen", "--fraiming", "raw", "9000"));
    assertTrue(errors().contains("--framing"), errors());
    err.reset();
    assertEquals(64, run("help", "nothing"));
    assertTrue(errors().contains("there are listen"), errors());
  }

  @Test
  void badConditionsNameTheWord() {
    assertEquals(64, run("listen", "--impair", "delay 10ms los 5%", "9000"));
    assertTrue(errors().contains("\"los\""), errors());
  }

  @Test
  void badOrdersToARunningProxyAreSaidBeforeItIsAsked() {
    assertEquals(64, run("proxy", "--change", "9001", "up", "loss", "5"));
    assertTrue(errors().contains("expected a percentage"), errors());
    err.reset();
    assertEquals(64, run("proxy", "--change", "flood"));
    assertTrue(errors().contains("no order \"flood\": there are up SPEC"), errors());
    err.reset();
    assertEquals(64, run("proxy", "--change", "cut", "--up", "none"));
    assertTrue(errors().contains("\"cut\" beside --impair, --up or --down"), errors());
    err.reset();
    assertEquals(64, run("proxy", "--change", "127.0.0.1:", "cut"));
    assertTrue(errors().contains("bad port"), errors());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "listen -o - x",
        "trace -o - x",
        "compare --report - x",
        "proxy --record - x",
        "proxy --pcap - x",
        "send --trace - x",
        "send --keylog - x",
        "send --pcap=- x"
      })
  void aFileToWriteIsNotCalledAsStandardOutput(String words) {
    assertEquals(64, run(words.split(" ")));
    assertTrue(errors().contains("- where a file is to be written; name a file"), errors());
    assertFalse(Files.exists(Path.of("-")));
  }

  @Test
  void badValuesNameWhatWasExpected() {
    assertEquals(64, run("send", "-i", "soon", "localhost:9", "x"));
    assertTrue(errors().contains("a time such as"), errors());
    err.reset();
    assertEquals(64, run("send", "--limit-rate", "fast", "localhost:9", "x"));
    assertTrue(errors().contains("a rate such as"), errors());
    err.reset();
    assertEquals(64, run("send", "--delivery", "maybe", "localhost:9", "x"));
    assertTrue(errors().contains("sequenced"), errors());
    err.reset();
    assertEquals(64, run("send", "--channel", "63", "localhost:9", "x"));
    assertTrue(errors().contains("0 to 62"), errors());
    err.reset();
    assertEquals(64, run("send", "--plain", "--receipt", "localhost:9", "x"));
    assertTrue(errors().contains("promises nothing"), errors());
    err.reset();
    assertEquals(64, run("compare", "-l", "3"));
    assertTrue(errors().contains("16"), errors());
    err.reset();
    assertEquals(64, run("ping", "-s", "3", "localhost:9"));
    assertTrue(errors().contains("16"), errors());
    err.reset();
    assertEquals(64, run("ping", "-u", "-M", "--pcap", "x.pcapng", "localhost:9"));
    assertTrue(errors().contains("a socket of its own"), errors());
    err.reset();
    assertEquals(64, run("ping", "-M", "-c", "3", "localhost:9"));
    assertTrue(errors().contains("-c with -M, which chooses itself"), errors());
    err.reset();
    assertEquals(64, run("ping", "-M", "--interval", "3", "--size", "56", "localhost:9"));
    assertTrue(errors().contains("-i and -s with -M, which chooses itself"), errors());
    err.reset();
    assertEquals(64, run("ping", "-u", "-M", "-W", "3", "localhost:9"));
    assertTrue(errors().contains("-W with -M in plain mode"), errors());
    err.reset();
    assertEquals(64, run("bench", "-s", "-P", "2", "--time", "3", "--tcp", "0"));
    assertTrue(errors().contains("--tcp and -t and -P with -s: "), errors());
    err.reset();
    assertEquals(64, run("bench", "-1", "localhost:9"));
    assertTrue(errors().contains("-1 without -s"), errors());
    err.reset();
    assertEquals(64, run("bench", "--tcp", "--impair", "loss 5%", "localhost:9"));
    assertTrue(errors().contains("which the kernel carries"), errors());
    err.reset();
    assertEquals(64, run("bench", "--tcp", "--strict", "localhost:9"));
    assertTrue(errors().contains("which the kernel carries"), errors());
    err.reset();
    assertEquals(64, run("listen", "-e", "cat", "-o", "x", "9000"));
    assertTrue(errors().contains("have the child write"), errors());
  }

  @Test
  void misspeltNamesOfSettingsAreSaidWithTheLine(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("settings");
    Files.writeString(file, "interval = 1\n[send]\nchannel = 5\n[trust]\njson = true\n");
    assertEquals(0, run("help", "--config", file.toString()), errors());
    assertEquals(0, run("compare", "--help", "--config", file.toString()), errors());
    Files.writeString(file, "color = never\nintervall = 1\n");
    assertEquals(78, run("compare", "--help", "--config", file.toString()));
    assertTrue(errors().contains("line 2: no option \"intervall\"; there are "), errors());
    err.reset();
    Files.writeString(file, "[ping]\ncount = 3\n\n[pingg]\ncount = 3\n");
    assertEquals(78, run("compare", "--help", "--config", file.toString()));
    assertTrue(errors().contains("line 4: no command \"pingg\"; there are "), errors());
  }

  @Test
  void whatCannotBeComparedIsRefusedBeforeAnythingRuns(@TempDir Path folder) {
    assertRefused(64, "take one of them", "--host", "localhost:9", "--simulated");
    assertRefused(64, "per cent from 0 to 100", "--simulated", "--sweep", "5,150");
    assertRefused(64, "per cent from 0 to 100", "--simulated", "--sweep", "5,,7");
    assertRefused(64, "without --host", "--pcap", "x.pcapng", "--simulated");
    assertRefused(64, "without --host", "--strict", "--simulated");
    assertRefused(73, "is a folder", "--simulated", "--report", folder.toString());
    assertRefused(73, "does not exist", "--simulated", "--report", folder + "/no/page.html");
    assertEquals("", output());
  }

  private void assertRefused(int exit, String why, String... options) {
    List<String> words = new ArrayList<>(List.of("compare"));
    words.addAll(List.of(options));
    err.reset();
    assertEquals(exit, run(words.toArray(String[]::new)), errors());
    assertTrue(errors().contains(why), errors());
  }

  @Test
  void sweepHasALineForEachRateOfLossAndItsPageIsTheSameForASeed(@TempDir Path folder)
      throws IOException {
    String[] words = {"compare", "--simulated", "-n", "60", "--sweep", "0,10%", "--report"};
    List<String> pages = new ArrayList<>();
    for (String name : List.of("a.html", "b.html")) {
      Path page = folder.resolve(name);
      String[] all = Arrays.copyOf(words, words.length + 1);
      all[words.length] = page.toString();
      assertEquals(0, run(all), errors());
      pages.add(Files.readString(page));
    }
    String printed = output();
    assertTrue(printed.lines().anyMatch(line -> line.startsWith("0 %    100 %")), printed);
    assertTrue(printed.lines().anyMatch(line -> line.startsWith("10 %   ")), printed);
    assertTrue(printed.contains("At 10 % loss: Plain lost"), printed);
    assertEquals(pages.get(0), pages.get(1));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(2, left.count(), "nothing half done is left");
    }
    String[] claim = Arrays.copyOf(words, words.length + 1);
    claim[words.length - 1] = "--assert";
    claim[words.length] = "plain.lost==0";
    err.reset();
    assertEquals(1, run(claim));
    assertTrue(errors().contains("false in run 1 at 10 % loss"), errors());
  }

  @Test
  void whatIsReplayedHasItsOwnLosses(@TempDir Path folder) throws IOException {
    Path fates = folder.resolve("fates");
    Files.writeString(fates, "posthorn-recording 1\n0 up 1 5 200 passed 40000000\n");
    String conditions = "replay " + fates;
    String[] quick = {"compare", "--simulated", "-n", "5", "--runs", "1", "--impair", conditions};
    assertEquals(0, run(quick), errors());
    String[] swept = Arrays.copyOf(quick, quick.length + 2);
    swept[quick.length] = "--sweep";
    swept[quick.length + 1] = "0,50";
    assertEquals(64, run(swept));
    assertTrue(errors().contains("a recording has its own losses"), errors());
    swept[quick.length - 2] = "--replay";
    swept[quick.length - 1] = fates.toString();
    err.reset();
    assertEquals(64, run(swept));
    assertTrue(errors().contains("a recording has its own losses"), errors());
  }

  /** Behind most there is another fault, which would be told if the first one were not. */
  @ParameterizedTest
  @CsvSource({
    "--record, proxy --change 9001 cut --record x",
    "--seed, proxy --change 9001 cut --seed 7",
    "--print-tc, proxy --change 9001 cut --print-tc",
    "-i, proxy --change 9001 flood -i 3",
    "--impair, proxy --change 9001 --impair none --replay absent",
    "--impair, proxy --print-tc --impair none --replay absent",
    "--impair, proxy --print-tc --impair none --up none --down none",
    "--replay, proxy --print-tc --replay absent --up none --down none",
    "--record, proxy --print-tc=eth1 --record x",
    "--pcap, proxy --print-tc --pcap x",
    "addresses, proxy --print-tc=eth1 9001 localhost:9000",
    "addresses, proxy --print-tc 9001 localhost:9000",
    "-w without --host, compare --simulated -n 5 --runs 1 -w 3",
    "--impair, compare --simulated --impair none --replay absent",
    "--name, copy --name x absent 127.0.0.1:9",
    "--exclude, copy -u --exclude *.o - 127.0.0.1:9",
    "--checksum, copy -u --checksum - 127.0.0.1:9",
    "--overwrite, receive -u --to-stdout --overwrite 127.0.0.1:0",
    "-p without -a or -t, sockets -p",
    "-p without -a or -t, sockets -p -u",
    "--bidir, bench -R --bidir -l 1 127.0.0.1:9",
    "--allow-anyone, listen --allow-anyone -m 0 127.0.0.1:0",
    "-m, listen -u -m 3 9000",
    "-i, ping -f -i 0.5 127.0.0.1:9",
    "--impair, doctor --impair none",
    "--trace, doctor --trace no/x",
    "--pcap, doctor --pcap no/x",
    "--known-hosts, send --insecure --known-hosts absent 127.0.0.1:9 x",
    "--secret-file, send --secret --secret-file absent 127.0.0.1:9 x",
    "-4 and -6, ping -4 -6 nowhere:",
    "-4 and -6, -4 ping -6 nowhere:"
  })
  void optionsWithoutEffectAreRefused(String named, String line) {
    assertEquals(64, run(line.split(" ")), this::errors);
    assertTrue(errors().contains(named), errors());
  }

  @Test
  void aFileThatIsNoRecordingIsBadDataAndOneThatIsNotThereIsMissing(@TempDir Path folder)
      throws IOException {
    Path other = Files.writeString(folder.resolve("other"), "some text\n");
    String absent = folder.resolve("absent").toString();
    assertEquals(65, run("proxy", "0", "127.0.0.1:9", "--replay", other.toString()), errors());
    assertEquals(66, run("proxy", "0", "127.0.0.1:9", "--replay", absent), errors());
    assertEquals(66, run("proxy", "0", "127.0.0.1:9", "--replay", folder.toString()), errors());
  }

  /** What shared options bring and a command can only refuse, nobody is offered. */
  @Test
  void optionsThatCanOnlyFailAreNotOffered(@TempDir Path folder) throws IOException {
    for (String line :
        List.of(
            "listen --accept-new --strict --insecure --known-hosts",
            "receive --accept-new --strict --insecure --known-hosts --plain",
            "copy --plain")) {
      List<String> words = List.of(line.split(" "));
      String command = words.get(0);
      for (List<String> help :
          List.of(List.of(command, "--help"), List.of("help", "--man", command))) {
        out.reset();
        assertEquals(0, run(help.toArray(String[]::new)), errors());
        String said = output().replace("\\", "");
        assertTrue(said.contains("--identity"), said);
        for (String option : words.subList(1, words.size())) {
          assertFalse(said.contains(option), command + " " + option);
        }
      }
      out.reset();
      assertEquals(0, run("completion", "fish"));
      for (String option : words.subList(1, words.size())) {
        assertTrue(
            output()
                .lines()
                .filter(one -> one.contains("_from " + command + "'"))
                .noneMatch(one -> one.contains(" -l " + option.substring(2) + " ")),
            command + " " + option);
      }
    }
    out.reset();
    assertEquals(0, run("send", "--help"));
    assertTrue(output().contains("--strict") && output().contains("--plain"), output());
    // A default for those who connect is none for who listens.
    Path file = Files.writeString(folder.resolve("settings"), "strict = true\nplain = true\n");
    assertEquals(66, run("copy", "absent", "127.0.0.1:9", "--config", file.toString()));
    assertTrue(errors().contains("no such file or folder"), errors());
    err.reset();
    assertEquals(64, run("copy", "-u", "absent", "127.0.0.1:9"));
    assertTrue(errors().contains("files in plain mode"), errors());
  }

  @Test
  void aConditionForOneWayGoesBeforeThatForBoth() {
    assertEquals(0, run("proxy", "--print-tc", "--impair", "loss 5%", "--up", "none"), errors());
    assertTrue(output().contains("5%"), output());
  }

  @Test
  void completionOffersWhatIsTaken() {
    assertEquals(0, run("completion", "fish"));
    String fish = "-l delivery -r -a 'ordered unordered latest sequenced unreliable'";
    assertTrue(output().contains(fish), "fish");
    out.reset();
    assertEquals(0, run("completion"));
    assertFalse(output().contains("RELIABLE_ORDERED"), "bash");
    assertTrue(output().contains("\"ordered\""), "bash");
  }

  /** As help and manual have them, though they are taken in either case. */
  @Test
  void completionOffersLowerCaseWords() {
    for (String shell : new String[] {"bash", "zsh", "fish"}) {
      out.reset();
      assertEquals(0, run("completion", shell));
      boolean isFish = shell.equals("fish");
      for (String words : List.of("line length raw json", "line length raw", "auto always never")) {
        String all = isFish ? "'" + words + "'" : "(\"" + words.replace(" ", "\" \"") + "\")";
        assertTrue(output().contains(all), shell + ": " + words);
      }
      assertFalse(output().contains("\"LINE\""), shell);
    }
  }

  @Test
  void aWordThatIsNotTakenIsToldThoseThatAre() {
    assertEquals(64, run("listen", "--framing", "linea", "127.0.0.1:0"));
    assertTrue(errors().contains("\"linea\" is not one of line, length, raw, json"), errors());
    out.reset();
    assertEquals(0, run("completion", "FISH", "--color", "Never"), errors());
    assertTrue(output().startsWith("# Completion of posthorn for fish"), output());
  }

  @Test
  void wordsBehindAWholeAddressAreNoPort() {
    assertEquals(64, run("ping", "localhost:9", "10"));
    assertTrue(errors().contains("\"10\" behind \"localhost:9\""), errors());
  }

  @Test
  void nobodyIsSentToAnOptionThatIsNotThere() {
    assertEquals(64, run("bench", "-s", "--strict", "127.0.0.1:0"));
    assertFalse(errors().contains("--authorized"), errors());
    err.reset();
    assertEquals(64, run("listen", "--strict", "127.0.0.1:0"));
    assertTrue(errors().contains("--authorized"), errors());
  }

  @Test
  void noLineStandsBehindTheProgressOfAnotherPart() throws IOException {
    Streams streams = new Streams(InputStream.nullInputStream(), out, err, true, true, Map.of());
    Posthorn root = new Posthorn(streams);
    Output command = root.output(false);
    Output part = root.output(false);
    command.progress("asking");
    part.note("first contact");
    String clear = "\r\u001b[K";
    assertEquals(clear + "asking" + clear + "first contact\n", errors());
    command.clearProgress();
    assertEquals(clear + "asking" + clear + "first contact\n", errors(), "it is gone already");
    part.progress("more");
    command.line("result");
    command.flush();
    assertTrue(errors().endsWith("more" + clear), errors());
  }

  @Test
  void errorsAreJsonWithJson() {
    assertEquals(64, run("listen", "--json", "nowhere:"));
    assertTrue(
        errors()
            .startsWith(
                "{\"error\":{\"command\":\"posthorn listen\",\"exit\":64,\"kind\":\"USAGE\","),
        errors());
    err.reset();
    assertEquals(64, run("listen", "-J", "--nonsense"));
    assertTrue(errors().startsWith("{\"error\":{"), errors());
  }

  @Test
  void colourIsForTerminalsAndNoColorIsHonoured() {
    run(true, Map.of(), "listen", "x");
    assertTrue(errors().contains("\u001b[31m"), "red on a terminal");
    err.reset();
    run(true, Map.of("NO_COLOR", "1"), "listen", "x");
    assertFalse(errors().contains("\u001b"), errors());
    err.reset();
    run(true, Map.of("TERM", "dumb"), "listen", "x");
    assertFalse(errors().contains("\u001b"), errors());
    err.reset();
    run("listen", "x");
    assertFalse(errors().contains("\u001b"), errors());
    err.reset();
    run("listen", "--color", "always", "x");
    assertTrue(errors().contains("\u001b[31m"), errors());
  }

  @Test
  void whatTheUserTypedCannotCommandTheTerminal() {
    run("listen", "\u001b]0;owned\u0007");
    assertFalse(errors().contains("\u001b"), errors());
    assertTrue(errors().contains("\\x1b"), errors());
  }

  @Test
  void progressIsShownOnATerminalOnly() {
    assertEquals(0, run(true, Map.of(), "compare", "--simulated", "-n", "5", "--runs", "1"));
    assertTrue(errors().contains("] run 1 of 1"), errors());
    err.reset();
    assertEquals(0, run("compare", "--simulated", "-n", "5", "--runs", "1"));
    assertEquals("", errors());
    assertEquals(0, run(true, Map.of(), "compare", "--simulated", "-n", "5", "--runs", "1", "-q"));
    assertEquals("", errors());
  }
}
