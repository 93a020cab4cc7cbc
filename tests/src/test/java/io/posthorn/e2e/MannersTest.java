package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static io.posthorn.e2e.RunningProgram.hereIn;
import static io.posthorn.e2e.RunningProgram.posthorn;
import static io.posthorn.e2e.RunningProgram.posthornIn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every command owes its user: signals, pipes, settings, help; FAULTS 33 and 63. */
@Timeout(180)
class MannersTest {
  private static final String ANY = "127.0.0.1:0";

  @TempDir Path folder;

  /** FAULTS 33: whoever closed the pipe knows; no message, the status of SIGPIPE. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "help ping",
        "ping -u 127.0.0.1:9 -c 3 -i 0 -W 0.1",
        "sockets -a",
        "doctor",
        "proxy --print-tc",
        "compare --simulated -n 10 --runs 1",
        "completion fish"
      })
  void fault33ClosedOutputEndsQuietlyWith141(String arguments) throws Exception {
    Path go = folder.resolve("go");
    String command = String.join(" ", RunningProgram.command(List.of(), arguments.split(" ", -1)));
    // The program starts when the reader of its pipe is gone for certain.
    String script =
        "mkfifo "
            + go
            + "; { read x < "
            + go
            + "; "
            + command
            + "; echo status $? >&2; } | { exec <&-; echo x > "
            + go
            + "; }";
    try (RunningProgram shell = RunningProgram.other("bash", "-c", script)) {
      shell.awaitError("status ");
      shell.exit();
      assertEquals("status 141\n", shell.errors());
    }
  }

  /** FAULTS 33: a command that runs until it is told to end says its last words and 143. */
  @Test
  void fault33SigtermEndsEveryLastingCommandInOrderWith143() throws Exception {
    try (RunningProgram proxy = posthorn("proxy", ANY, "127.0.0.1:9");
        RunningProgram bench = posthorn("bench", "-s", ANY);
        RunningProgram watch = posthorn("sockets", "--watch", "0.2");
        RunningProgram ping = posthorn("ping", "-u", "127.0.0.1:9", "-i", "0.1")) {
      proxy.port();
      bench.port();
      watch.awaitOutput("PROTO");
      ping.awaitOutput("PING");
      for (RunningProgram one : List.of(proxy, bench, watch, ping)) {
        one.signal("TERM");
        assertEquals(143, one.exit(), one::errors);
        assertFalse(one.errors().contains("Exception"), one.errors());
      }
      assertTrue(proxy.output().contains("in all: "), proxy.output());
      assertTrue(ping.output().contains("ping statistics ---"), ping.output());
    }
  }

  /** FAULTS 33 on a terminal of 20 columns: progress fits on its line and is taken away. */
  @Test
  void fault33ProgressFitsANarrowTerminal() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")));
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      List<String> java =
          RunningProgram.command(
              List.of(), "ping", "-u", "-M", "127.0.0.1:" + silent.getLocalPort());
      String command = "stty cols 20 rows 5; " + String.join(" ", java);
      try (RunningProgram terminal =
          RunningProgram.other("script", "-qefc", command, "/dev/null")) {
        assertEquals(1, terminal.exit());
        String output = terminal.output();
        assertTrue(output.contains("\r\u001b[Ktrying 16 bytes\r\u001b[K"), output);
      }
    }
  }

  /** FAULTS 63: what comes from outside is shown, not obeyed. */
  @Test
  void fault63HostileTextIsShownEscaped() throws Exception {
    String evil = "\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u202e";
    try (RunningProgram proxy = here("proxy", ANY, "127.0.0.1:9");
        RunningProgram help = here("help", evil);
        RunningProgram option = here("bench", "--" + evil);
        RunningProgram host = here("doctor", evil + ":9000");
        RunningProgram config = here("sockets", "--config", evil(evil).toString())) {
      proxy.port();
      proxy.type(evil + "\nquit\n");
      assertEquals(0, proxy.exit());
      assertEquals(64, help.exit());
      assertEquals(64, option.exit());
      assertEquals(68, host.exit());
      assertEquals(78, config.exit());
      for (RunningProgram one : List.of(proxy, help, option, host, config)) {
        String said = one.output() + one.errors();
        assertTrue(said.contains("[2J"), said);
        assertTrue(said.chars().noneMatch(c -> c == 0x1b || c == 7 || c == 0x202e), said);
      }
    }
  }

  private Path evil(String text) throws IOException {
    return Files.writeString(folder.resolve("evil.conf"), text + "\n");
  }

  @Test
  void settingsComeFromAFileAndTheCommandLineWins() throws Exception {
    Path file = folder.resolve("posthorn.conf");
    Files.writeString(
        file, "# a comment\njson = true\n\n[compare]\nsimulated = true\ncount = 7\n--runs = 1\n");
    try (RunningProgram compare = here("compare", "--config", file.toString());
        RunningProgram wins = here("compare", "--config=" + file, "-n", "9")) {
      assertEquals(0, compare.exit(), compare::errors);
      assertTrue(compare.output().startsWith("{\"plan\":{\"messages\":7,"), compare.output());
      assertEquals(0, wins.exit(), wins::errors);
      assertTrue(wins.output().startsWith("{\"plan\":{\"messages\":9,"), wins.output());
    }
    Path home = Files.createDirectories(folder.resolve("home"));
    Files.writeString(home.resolve("config"), "[sockets]\nwach = 1\n");
    try (RunningProgram wrong =
            hereIn(Map.of("POSTHORN_HOME", home.toString()), "sockets", "--json");
        RunningProgram absent = here("sockets", "--config", folder + "/no")) {
      assertEquals(78, wrong.exit());
      assertTrue(wrong.errors().contains("line 2"), wrong.errors());
      assertTrue(wrong.errors().contains("\\\"wach\\\""), wrong.errors());
      assertTrue(wrong.errors().startsWith("{\"error\":"), wrong.errors());
      assertEquals(66, absent.exit());
    }
  }

  @Test
  void completionScriptsAreReadByTheirShells() throws Exception {
    try (RunningProgram bash = here("completion", "bash");
        RunningProgram zsh = here("completion", "ZSH");
        RunningProgram fish = here("completion", "fish");
        RunningProgram csh = here("completion", "csh")) {
      assertEquals(0, bash.exit());
      Path script = Files.writeString(folder.resolve("bash"), bash.output());
      try (RunningProgram check = RunningProgram.other("bash", "-n", script.toString())) {
        assertEquals(0, check.exit(), check::errors);
      }
      assertEquals(0, zsh.exit());
      assertTrue(zsh.output().startsWith("autoload -U +X compinit"), zsh.output());
      assertEquals(0, fish.exit());
      for (String line : fish.output().split("\n", -1)) {
        assertTrue(line.isEmpty() || line.matches("#.*|complete -c posthorn .*"), line);
        String unescaped = line.replace("\\\\", "").replace("\\'", "");
        assertEquals(0, unescaped.chars().filter(c -> c == '\'').count() % 2, line);
      }
      assertTrue(fish.output().contains("-a proxy -d "), fish.output());
      assertTrue(fish.output().contains("-l color -r -a 'auto always never'"), fish.output());
      assertEquals(64, csh.exit());
    }
  }

  @Test
  void manualPagesAreMadeOfTheSameWords() throws Exception {
    try (RunningProgram page = here("help", "--man", "proxy");
        RunningProgram all = here("help", "--man")) {
      assertEquals(0, page.exit());
      assertTrue(page.output().startsWith(".TH POSTHORN-PROXY 1 "), page.output());
      for (String section :
          List.of("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES")) {
        assertTrue(page.output().contains("\n.SH " + section + "\n"), section);
      }
      assertTrue(page.output().contains("\\-\\-print\\-tc"), page.output());
      for (String line : page.output().split("\n", -1)) {
        assertTrue(
            line.isEmpty()
                || !line.startsWith(".")
                || line.matches("\\.(TH|SH|PP|TP|B|nf|fi)( .*)?"),
            line);
      }
      assertEquals(0, all.exit());
      assertTrue(all.output().contains("\n.SH COMMANDS\n"), all.output());
    }
  }

  /** systemd's protocol by hand: a shell cannot receive such a datagram, so Python does. */
  @Test
  void aServiceManagerIsToldWhenTheListenerIsReadyAndWhenItEnds() throws Exception {
    RunningProgram.assumeInstalled("python3");
    Path socket = folder.resolve("notify");
    String receiver =
        """
        import socket,sys
        s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)
        s.bind(sys.argv[1])
        print('bound',flush=True)
        for told in range(2): print(s.recv(500).decode().replace('\\n','|'),flush=True)
        """;
    try (RunningProgram manager =
        RunningProgram.other("python3", "-c", receiver, socket.toString())) {
      manager.awaitOutput("bound");
      try (RunningProgram listener =
          posthornIn(Map.of("NOTIFY_SOCKET", socket.toString()), "listen", "-c", "cat", ANY)) {
        manager.awaitOutput("READY=1|STATUS=listening on 127.0.0.1:" + listener.port());
        listener.signal("TERM");
        manager.awaitOutput("STOPPING=1");
        assertEquals(143, listener.exit(), listener::errors);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "listen",
        "send",
        "connect",
        "copy",
        "receive",
        "keys",
        "ping",
        "compare",
        "proxy",
        "bench",
        "sockets",
        "doctor",
        "trace",
        "completion",
        "help"
      })
  void theExamplesOfHelpRunAsTheyStand(String command) throws Exception {
    List<String> examples = new ArrayList<>();
    try (RunningProgram help = here("help", command)) {
      assertEquals(0, help.exit());
      help.output()
          .lines()
          .filter(line -> line.startsWith("  $ "))
          .forEach(line -> examples.add(line.substring(4)));
    }
    assertFalse(examples.isEmpty(), "help " + command + " has no example");
    String program = String.join(" ", RunningProgram.command(List.of()));
    for (String example : examples) {
      String runnable = example;
      for (String port : List.of("9000", "9001")) {
        runnable = runnable.replaceAll("\\b" + port + "\\b", "" + FreePorts.next());
      }
      Path script = folder.resolve("example");
      Files.writeString(
          script,
          "cd "
              + Files.createTempDirectory(folder, "where")
              + "\nset -m\nposthorn() { "
              + program
              + " \"$@\"; }\n"
              + runnable
              + "\nstatus=$?\nfor job in $(jobs -p); do kill -- -$job; done 2>/dev/null\n"
              + "wait\nexit $status\n",
          StandardCharsets.UTF_8);
      try (RunningProgram shell = RunningProgram.other("bash", script.toString())) {
        int status = shell.endInput().exit();
        assertTrue(
            status == 0 || (command.equals("doctor") && status == 1),
            () -> example + "\n" + shell.output() + shell.errors());
      }
    }
  }
}
