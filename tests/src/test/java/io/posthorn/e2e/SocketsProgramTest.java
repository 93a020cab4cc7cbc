package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.posthornIn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code posthorn sockets} as a person uses it, in a runtime folder of its own. */
@Timeout(180)
class SocketsProgramTest {
  private static final String ANY = "127.0.0.1:0";

  @TempDir Path runtime;

  private RunningProgram start(String... arguments) throws IOException {
    return posthornIn(Map.of("XDG_RUNTIME_DIR", runtime.toString()), arguments);
  }

  private String run(String... arguments) throws Exception {
    try (RunningProgram program = start(arguments)) {
      assertEquals(0, program.exit(), program::errors);
      return program.output();
    }
  }

  /** What it prints once it holds all these texts: a program needs a moment to tell of itself. */
  private String runUntil(List<String> texts, String... arguments) throws Exception {
    String output = "";
    for (int i = 0; i < 40; i++) {
      output = run(arguments);
      if (texts.stream().allMatch(output::contains)) {
        return output;
      }
    }
    return org.junit.jupiter.api.Assertions.fail("no " + texts + " in " + output);
  }

  @Test
  void runningProgramsAreListedAndForgottenWhenTheyEnd() throws Exception {
    try (RunningProgram listener = start("listen", ANY)) {
      String port = listener.port();
      try (RunningProgram sender = start("send", "127.0.0.1:" + port)) {
        sender.type("hello\n");
        listener.awaitOutput("hello\n");
        String table = runUntil(List.of(" listen", " send", "127.0.0.1:" + port), "sockets");
        assertTrue(table.startsWith("PROTO"), table);
        assertTrue(table.contains("listening"), table);
        assertTrue(table.contains("RTT"), table);
        String json = run("sockets", "--json", "-l");
        assertEquals(1, json.lines().count(), json);
        assertTrue(json.contains("\"local\":\"127.0.0.1:" + port + "\""), json);
        assertTrue(json.contains("\"program\":\"listen\""), json);
        String all = run("sockets", "-a", "-p", "-u");
        assertTrue(all.contains("127.0.0.1:" + port), all);
        sender.endInput();
        assertEquals(0, sender.exit());
      }
      try (RunningProgram killed = start("listen", "--plain", ANY)) {
        killed.port();
        runUntil(List.of("plain"), "sockets");
        killed.signal("KILL");
        killed.exit();
        assertFalse(run("sockets").contains("plain"));
      }
      listener.signal("TERM");
      assertEquals(143, listener.exit());
    }
    assertEquals(1, run("sockets").lines().count());
    try (var left = Files.list(runtime.resolve("posthorn"))) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void watchFitsANarrowTerminalAndEndsCleanly() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")));
    List<String> java =
        new ArrayList<>(RunningProgram.command(List.of(), "sockets", "-a", "--watch", "60"));
    String command = "stty cols 20 rows 6; " + String.join(" ", java);
    try (RunningProgram terminal = RunningProgram.other("script", "-qefc", command, "/dev/null")) {
      terminal.awaitOutput("\u001b[J");
      terminal.type("\u0003"); // Ctrl-C
      assertEquals(130, terminal.exit());
      for (String line : terminal.output().split("\u001b\\[[HKJ]|\r?\n|\\^C", -1)) {
        assertTrue(line.length() <= 20, line);
      }
    }
  }
}
