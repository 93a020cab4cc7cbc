package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.posthorn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program where somebody looks: on a pseudo-terminal, which script(1) makes. */
@Timeout(180)
class PseudoTerminalTest {
  private static final String ANY = "127.0.0.1:0";

  @TempDir Path folder;

  @BeforeAll
  static void needsScript() throws InterruptedException {
    RunningProgram.assumeInstalled("script");
  }

  /** The jar on a terminal of so many columns; its words and what it draws come on the output. */
  private static RunningProgram onTerminal(int columns, String arguments) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String jar = String.valueOf(System.getProperty("posthorn.jar"));
    return RunningProgram.other(
        "script",
        "-qec",
        "stty cols " + columns + " rows 24; exec " + java + " -jar " + jar + " " + arguments,
        "/dev/null");
  }

  private RunningProgram receive() throws IOException {
    return posthorn("receive", ANY, Files.createDirectory(folder.resolve("to")).toString());
  }

  @Test
  void theBarShowsShareRateAndTimeLeftAndFitsTheTerminal() throws Exception {
    byte[] content = new byte[4_000_000];
    java.util.Arrays.fill(content, (byte) 7);
    Path file = Files.write(folder.resolve("file"), content);
    try (RunningProgram receive = receive()) {
      for (int columns : new int[] {100, 20}) {
        try (RunningProgram copy =
            onTerminal(
                columns,
                "copy --limit-rate 8mbit "
                    + file
                    + " 127.0.0.1:"
                    + receive.port()
                    + "/"
                    + columns)) {
          assertEquals(0, copy.exit(), copy::output);
          String drawn = copy.output();
          if (columns == 100) {
            assertTrue(
                Pattern.compile("\\[#+-*\\] +\\d+ %  [\\d.]+ [kM]B/s  0:\\d\\d left")
                    .matcher(drawn)
                    .find(),
                drawn);
          }
          for (String line : drawn.split("\r\u001b\\[K|\r\n", -1)) {
            boolean isSummary = line.startsWith("copied") || line.startsWith("first contact");
            assertTrue(line.length() < columns || isSummary, columns + ": " + line);
          }
          assertTrue(drawn.contains("copied 1 file, 4.0 MB"), drawn);
        }
      }
    }
  }

  @Test
  void aReceiverThatStandsStillIsSaidToGiveNoAnswer() throws Exception {
    byte[] content = new byte[8_000_000];
    java.util.Arrays.fill(content, (byte) 7);
    Path file = Files.write(folder.resolve("file"), content);
    try (RunningProgram receive = receive();
        RunningProgram copy =
            onTerminal(100, "copy --limit-rate 16mbit " + file + " 127.0.0.1:" + receive.port())) {
      copy.awaitOutput("% ");
      receive.signal("STOP");
      copy.awaitOutput(" s: no answer"); // 2 s, or more if this machine is busy
      receive.signal("CONT");
      assertEquals(0, copy.exit(), copy::output);
    }
  }

  @Test
  void fault63WhatAPeerSaysCannotCommandTheTerminal() throws Exception {
    try (RunningProgram listener =
            posthorn(
                "listen",
                "-c",
                "printf 'a\\033[2J\\033]52;c;eA==\\007b\\r\\n'; printf 'c\\033[31md\\n' >&2",
                ANY);
        RunningProgram connect = onTerminal(80, "connect 127.0.0.1:" + listener.port())) {
      assertEquals(0, connect.exit(), connect::output);
      assertTrue(connect.output().contains("a\\x1b[2J\\x1b]52;c;eA==\\x07b\r\n"), connect.output());
      assertTrue(connect.output().contains("c\\x1b[31md\r\n"), connect.output());
      assertFalse(connect.output().contains("\u001b"), connect.output());
    }
  }

  @Test
  void fault33ASignalAtThePromptForASecretLeavesATerminalThatEchoes() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String jar = String.valueOf(System.getProperty("posthorn.jar"));
    try (RunningProgram terminal =
        RunningProgram.other(
            "script",
            "-qec",
            "trap : INT; "
                + java
                + " -jar "
                + jar
                + " listen --secret "
                + ANY
                + "; echo status $?; stty -a",
            "/dev/null")) {
      terminal.awaitOutput("secret: ");
      terminal.type("\u0003");
      assertEquals(0, terminal.exit(), terminal::output);
      assertTrue(terminal.output().contains("status 130"), terminal.output());
      assertTrue(terminal.output().contains(" echo "), terminal.output());
    }
  }

  @Test
  void aSecretThatIsTypedLetsInAndIsNotShown() throws Exception {
    String secret = "brittle marmot quarries thrice";
    Path file = Files.writeString(folder.resolve("secret"), secret + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    try (RunningProgram listener = posthorn("listen", "--secret-file", file.toString(), ANY)) {
      String send = "send --secret 127.0.0.1:" + listener.port() + " 'the message'";
      try (RunningProgram sender = onTerminal(80, send)) {
        sender.awaitOutput("secret: ");
        sender.type(secret + "\n");
        assertEquals(0, sender.exit(), sender::output);
        for (String word : secret.split(" ", -1)) {
          assertFalse(sender.output().contains(word), sender.output());
        }
      }
      listener.awaitOutput("the message");
    }
  }

  @Test
  void whatIsTypedAtAListenerGoesToWhoeverConnected() throws Exception {
    try (RunningProgram listener = onTerminal(80, "listen " + ANY)) {
      listener.awaitOutput(", reliable");
      String said = listener.output();
      String port = said.replaceFirst("(?s).*listening on 127\\.0\\.0\\.1:(\\d+).*", "$1");
      try (RunningProgram connect = posthorn("connect", "127.0.0.1", port)) {
        connect.type("knock\n");
        listener.awaitOutput("knock\r\n");
        listener.type("come in\n");
        connect.awaitOutput("come in\n");
      }
    }
  }
}
