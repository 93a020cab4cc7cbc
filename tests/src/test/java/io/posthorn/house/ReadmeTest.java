package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.e2e.FreePorts;
import io.posthorn.e2e.RunningProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each session of the README is run, and prints what it says, figures aside. Every command of it
 * must succeed: one that is to fail says so ({@code … || echo status $?}).
 */
class ReadmeTest {
  private static final int SESSION_SECONDS = 100;

  /**
   * What a session did.
   *
   * @param printed its lines
   * @param failed each command whose status was not 0, as "status: command"
   */
  private record Session(List<String> printed, List<String> failed) {}

  private static String readme() throws IOException {
    return Files.readString(SourceFile.ROOT.resolve("README.md"));
  }

  static List<ReadmeBlock> sessions() throws IOException {
    return ReadmeBlock.parse(readme());
  }

  @ParameterizedTest
  @MethodSource("sessions")
  @Timeout(value = SESSION_SECONDS + 20)
  void everySessionRunsAsPrinted(ReadmeBlock block, @TempDir Path folder) throws Exception {
    if (block.runsTheTests()) {
      return; // we are in it; what it prints is checked by whoever reads it
    }
    assertEquals(List.of(), block.unknownPrograms(), "line " + block.line());
    assertFalse(block.leavesAllOpen(), "line " + block.line() + " shows nothing but …");
    List<String> commands = block.runnable(freePorts(9));
    Session session = run(commands.stream().map(block::untilComplete).toList(), folder);
    assertNull(block.difference(session.printed()));
    assertEquals(List.of(), session.failed(), "line " + block.line());
  }

  /** Java is compiled by SnippetsTest, XML by the consumer's build; the rest is in the one here. */
  @Test
  void nothingElseInTheReadmeLooksLikeOutput() throws IOException {
    List<String> texts = ReadmeBlock.blocksOf(readme(), "text");
    assertEquals(1, texts.size(), "run it in a block of console, or test it elsewhere");
    assertTrue(texts.get(0).startsWith("DatagramSocket: "), "that of ThirdPartyProgramsTest");
    assertEquals(List.of(), ReadmeBlock.blocksOf(readme(), ""));
    assertEquals(sessions().size(), ReadmeBlock.blocksOf(readme(), "console").size());
  }

  @Test
  void theReadmeTellsHowToRunTheTests() throws IOException {
    assertTrue(
        sessions().stream().anyMatch(ReadmeBlock::runsTheTests), "no block with mvn verify alone");
  }

  @Test
  void aSessionIsReadAsItIsWritten() {
    List<ReadmeBlock> blocks =
        ReadmeBlock.parse(
            """
            # Title
            ```java
            $ not one
            ```
            ```console
            $ posthorn listen 127.0.0.1:9000 &
            [1] 4711
            $ posthorn send \\
                127.0.0.1:9000 'a | b; rmdir /'
            a | b
            ```
            ```console
            usage: no command here
            ```
            """);
    assertEquals(1, blocks.size());
    ReadmeBlock block = blocks.get(0);
    assertEquals(5, block.line());
    assertTrue(block.hasBackground());
    assertEquals(List.of(), block.unknownPrograms());
    assertEquals(
        List.of(
            "posthorn listen 127.0.0.1:4001 &", "posthorn send 127.0.0.1:4001 'a | b; rmdir /'"),
        block.runnable(List.of(4001)));
    assertNull(block.difference(List.of("a | b")));
    assertNotNull(block.difference(List.of("a | c")));
    assertNotNull(block.difference(List.of("a | b", "a | b")));
  }

  @Test
  void thePortIsReplacedWhereItStandsAlone() {
    ReadmeBlock block =
        new ReadmeBlock(
            1,
            List.of("posthorn listen 9000 &", "posthorn send localhost:9000 -n 90001"),
            List.of());
    assertEquals(
        List.of("posthorn listen 5 &", "posthorn send localhost:5 -n 90001"),
        block.runnable(List.of(5)));
  }

  @Test
  void theBuildIsNotRepeatedAndOtherProgramsAreRefused() {
    ReadmeBlock first =
        new ReadmeBlock(
            1,
            List.of(
                "mvn -q -pl cli -am package -DskipTests && java -jar cli/target/posthorn.jar"
                    + " compare"),
            List.of());
    assertEquals(List.of("java -jar cli/target/posthorn.jar compare"), first.runnable(List.of()));
    assertEquals(List.of(), first.unknownPrograms());
    assertEquals(
        List.of("mvn", "curl", "java"),
        new ReadmeBlock(
                1, List.of("mvn install", "echo a | curl -d @- x", "java -version"), List.of())
            .unknownPrograms());
  }

  @Test
  void figuresAreMaskedAndWordsAreNot() {
    assertEquals(
        ReadmeBlock.mask("plain     1,000   951  12.5 ms   3.1 Mbit/s"),
        ReadmeBlock.mask("plain  2   1  950 µs  120 kbit/s"));
    assertEquals(
        ReadmeBlock.mask("key SHA256:abc+/= on 127.0.0.1:9000 in /tmp/x1/y"),
        ReadmeBlock.mask("key SHA256:Zz9 on 10.0.0.77:41234 in /tmp/other"));
    assertEquals(ReadmeBlock.mask("lost 3 | n/a"), ReadmeBlock.mask("lost n/a | 4.5"));
    assertEquals(ReadmeBlock.mask("------ 1"), ReadmeBlock.mask("--------- 22"));
    assertEquals(
        ReadmeBlock.mask("latency p99   never            140 ms (120-950 ms)   n/a"),
        ReadmeBlock.mask("latency p99   1.2 s (800 ms-2 s)   39.5 ms    12 ms"));
    assertEquals(
        ReadmeBlock.mask("within 100 ms   92.5 % (82-96 %)   1,000"),
        ReadmeBlock.mask("within 100 ms   90 %   n/a"));
    assertFalse(
        ReadmeBlock.mask("lost   1   2   3").equals(ReadmeBlock.mask("lost   1   2")),
        "as many columns");
    assertFalse(
        ReadmeBlock.mask("latency p50   1 ms   2").equals(ReadmeBlock.mask("latency p99   1   2")),
        "a row is known by its label");
    assertEquals(
        ReadmeBlock.mask("open  *:48836  1.2.3.4:9000  9000 registered  4 ms  8afbfe2394f1ba6f"),
        ReadmeBlock.mask("open  *:51  1.2.3.4:19001  9 registered x  1 s  fafbfe2394f1ba6f"),
        "no row of figures, whatever the id begins with");
    assertFalse(ReadmeBlock.mask("3 lost").equals(ReadmeBlock.mask("3 late")));
    assertFalse(ReadmeBlock.mask("3 ms").equals(ReadmeBlock.mask("3 bytes")));
  }

  @Test
  void anEllipsisStandsForAnyLines() {
    ReadmeBlock block =
        new ReadmeBlock(1, List.of("posthorn help"), List.of("Usage", "…", "last 1"));
    assertNull(block.difference(List.of("Usage", "last 2")));
    assertNull(block.difference(List.of("Usage", "last 2", "b", "", "last 3")));
    assertNotNull(block.difference(List.of("Usage", "last 2", "b")));
    assertNotNull(block.difference(List.of("last 2")));
    assertFalse(block.leavesAllOpen());
    assertTrue(new ReadmeBlock(1, List.of("posthorn help"), List.of("…")).leavesAllOpen());
  }

  @Test
  void aSessionWithABackgroundCommandEndsAndLeavesNothing(@TempDir Path folder) throws Exception {
    Session session =
        run(
            List.of(
                "bash -c 'trap \"echo bye; exit\" TERM INT; echo ready; while :; do read -t 1; done"
                    + " < <(tail -f /dev/null)' &",
                "echo hello"),
            folder);
    assertEquals(List.of("bye", "hello", "ready"), session.printed().stream().sorted().toList());
    assertEquals(List.of(), session.failed());
  }

  @Test
  void aCommandThatFailsUnsaidIsFound(@TempDir Path folder) throws Exception {
    Session session =
        run(
            List.of(
                "sh -c 'echo up; exit 9' &",
                "(exit 3); echo a",
                "false || echo status $?",
                "cd cli; ls absent 2> /dev/null | grep -c absent",
                "bash -c 'trap \"exit 7\" INT; echo ready; while :; do read -t 1; done"
                    + " < <(tail -f /dev/null)' &",
                "test -d target"),
            folder);
    assertEquals(
        List.of("0", "a", "ready", "status 1", "up"), session.printed().stream().sorted().toList());
    assertEquals(4, session.failed().size(), session::toString);
    assertTrue(session.failed().get(0).startsWith("3: "), session::toString);
    assertEquals("1: grep -c absent", session.failed().get(1));
    assertEquals("9: sh -c 'echo up; exit 9'", session.failed().get(2));
    assertTrue(session.failed().get(3).startsWith("7: bash -c "), session::toString);
  }

  /**
   * Runs a session in an empty folder that has {@code cli/target/posthorn.jar} at its place. The
   * user's home is that folder too, so that no key or known host of the real one is touched. A
   * command in the background is waited for until it prints something, ends or 5 seconds pass; what
   * still runs at the end is interrupted, as Ctrl-C would, and may end with the status of that.
   */
  private static Session run(List<String> commands, Path folder) throws Exception {
    Path jar = Path.of(System.getProperty("posthorn.jar")).toAbsolutePath().normalize();
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    String home = "-Duser.home=" + folder; // the JVM takes it from the password file, not from HOME
    Files.createDirectories(folder.resolve("cli/target"));
    Files.copy(jar, folder.resolve("cli/target/posthorn.jar"));
    Path bin = Files.createDirectories(folder.resolve(".bin"));
    executable(bin.resolve("java"), "exec '" + java + "' '" + home + "' \"$@\"");
    executable(bin.resolve("posthorn"), "exec " + RunningProgram.words(home) + " \"$@\"");

    StringBuilder script = new StringBuilder("set -m\nexec 2>&1\njobs_started=0\nhome=$PWD\n");
    script.append("trap 'echo \"$?: $BASH_COMMAND\" >> \"$home/.failed\"' ERR\n");
    for (String command : commands) {
      if (command.endsWith("&")) {
        String foreground = command.substring(0, command.length() - 1).strip();
        script.append("pipe=$home/.pipe$((++jobs_started)) seen=$home/.seen$jobs_started\n");
        script.append("mkfifo \"$pipe\"; touch \"$seen\"\n");
        script.append("tee \"$seen\" < \"$pipe\" &\n");
        script.append("tees=\"$tees $!\"\n");
        script.append(foreground).append(" > \"$pipe\" 2>&1 &\n");
        script.append("started=$!; groups=\"$groups $started\"\n");
        script.append("command[$started]=").append(quoted(foreground)).append('\n');
        script.append("for try in {1..100}; do [ -s \"$seen\" ] && break\n");
        script.append("kill -0 $started 2>/dev/null || break; sleep 0.05; done\n");
      } else {
        script.append(command).append('\n');
      }
    }
    script.append("trap - ERR\n");
    script.append("for group in $groups; do kill -INT -- -$group 2>/dev/null; done\n");
    script.append("for group in $groups; do wait $group 2>/dev/null; status=$?\n");
    script.append("case $status in 0|130) ;; *)\n");
    script.append("echo \"$status: ${command[$group]}\" >> \"$home/.failed\";; esac; done\n");
    script.append("wait $tees 2>/dev/null\nexit 0\n");
    Files.writeString(folder.resolve(".session"), script);

    Path output = folder.resolve(".output");
    ProcessBuilder builder =
        new ProcessBuilder("bash", "--noprofile", "--norc", ".session")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(output.toFile());
    builder.environment().put("HOME", folder.toString());
    // The programs of other tests are not among its sockets.
    Path runtime = Files.createDirectory(folder.resolve(".run"));
    builder.environment().put("XDG_RUNTIME_DIR", runtime.toString());
    builder.environment().put("PATH", bin + ":" + System.getenv("PATH"));
    builder.environment().put("NO_COLOR", "1");
    builder.environment().put("LC_ALL", "C.UTF-8");
    List.of(
            "POSTHORN_HOME",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
            "JAVA_TOOL_OPTIONS")
        .forEach(builder.environment()::remove);
    Process session = builder.start();
    try {
      boolean ended = session.waitFor(SESSION_SECONDS, TimeUnit.SECONDS);
      String text = Files.readString(output, StandardCharsets.UTF_8);
      assertTrue(ended, "not ended after " + SESSION_SECONDS + " s: " + commands + "\n" + text);
      Path failed = folder.resolve(".failed");
      return new Session(
          text.lines().toList(), Files.exists(failed) ? Files.readAllLines(failed) : List.of());
    } finally {
      session.descendants().forEach(ProcessHandle::destroyForcibly);
      session.destroyForcibly();
    }
  }

  private static void executable(Path file, String line) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + line + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }

  /** In one word of the shell. */
  private static String quoted(String command) {
    return "'" + command.replace("'", "'\\''") + "'";
  }

  private static List<Integer> freePorts(int count) throws IOException {
    Set<Integer> ports = new TreeSet<>();
    while (ports.size() < count) {
      ports.add(FreePorts.next());
    }
    return List.copyOf(ports);
  }
}
