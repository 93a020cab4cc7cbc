package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each session of the README is run, and prints what it says, figures aside. */
class ReadmeTest {
  private static final int SESSION_SECONDS = 100;

  static List<ReadmeBlock> sessions() throws IOException {
    return ReadmeBlock.parse(Files.readString(SourceFile.ROOT.resolve("README.md")));
  }

  @ParameterizedTest
  @MethodSource("sessions")
  @Timeout(value = SESSION_SECONDS + 20)
  void everySessionRunsAsPrinted(ReadmeBlock block, @TempDir Path folder) throws Exception {
    if (block.runsTheTests()) {
      return; // we are in it; what it prints is checked by whoever reads it
    }
    assertEquals(List.of(), block.unknownPrograms(), "line " + block.line());
    List<String> commands = block.runnable(freePorts(9));
    assertNull(block.difference(run(commands, folder)));
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
  }

  @Test
  void aSessionWithABackgroundCommandEndsAndLeavesNothing(@TempDir Path folder) throws Exception {
    List<String> printed =
        run(
            List.of(
                "bash -c 'trap \"echo bye; exit\" TERM INT; echo ready; while :; do read -t 1; done"
                    + " < <(tail -f /dev/null)' &",
                "echo hello"),
            folder);
    assertEquals(List.of("bye", "hello", "ready"), printed.stream().sorted().toList());
  }

  /**
   * Runs a session in an empty folder that has {@code cli/target/posthorn.jar} at its place. The
   * user's home is that folder too, so that no key or known host of the real one is touched. A
   * command in the background is waited for until it prints something, ends or 5 seconds pass; what
   * still runs at the end is interrupted, as Ctrl-C would.
   */
  private static List<String> run(List<String> commands, Path folder) throws Exception {
    Path jar = Path.of(System.getProperty("posthorn.jar")).toAbsolutePath().normalize();
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Files.createDirectories(folder.resolve("cli/target"));
    Files.copy(jar, folder.resolve("cli/target/posthorn.jar"));
    Path bin = Files.createDirectories(folder.resolve(".bin"));
    // The JVM takes user.home from the password file, not from HOME.
    executable(bin.resolve("java"), "exec '" + java + "' -Duser.home=\"$HOME\" \"$@\"");
    executable(bin.resolve("posthorn"), "exec java -jar '" + jar + "' \"$@\"");

    StringBuilder script = new StringBuilder("set -m\nexec 2>&1\njobs_started=0\n");
    for (String command : commands) {
      if (command.endsWith("&")) {
        String foreground = command.substring(0, command.length() - 1).strip();
        script.append("mkfifo .pipe$((++jobs_started))\n");
        script.append("touch .seen$jobs_started\n");
        script.append("tee .seen$jobs_started < .pipe$jobs_started &\n");
        script.append("tees=\"$tees $!\"\n");
        script.append(foreground).append(" > .pipe$jobs_started 2>&1 &\n");
        script.append("started=$!; groups=\"$groups $started\"\n");
        script.append("for try in {1..100}; do [ -s .seen$jobs_started ] && break\n");
        script.append("kill -0 $started 2>/dev/null || break; sleep 0.05; done\n");
      } else {
        script.append(command).append('\n');
      }
    }
    script.append("for group in $groups; do kill -INT -- -$group 2>/dev/null; done\n");
    script.append("wait $groups $tees 2>/dev/null\nexit 0\n");
    Files.writeString(folder.resolve(".session"), script);

    Path output = folder.resolve(".output");
    ProcessBuilder builder =
        new ProcessBuilder("bash", "--noprofile", "--norc", ".session")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(output.toFile());
    builder.environment().put("HOME", folder.toString());
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
      return text.lines().toList();
    } finally {
      session.descendants().forEach(ProcessHandle::destroyForcibly);
      session.destroyForcibly();
    }
  }

  private static void executable(Path file, String line) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + line + "\n");
    assertTrue(file.toFile().setExecutable(true));
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<Integer> ports = new ArrayList<>();
    addFreePorts(count, ports);
    return ports;
  }

  /** Each is held until all are found, so that no two are the same. */
  private static void addFreePorts(int count, List<Integer> ports) throws IOException {
    if (ports.size() == count) {
      return;
    }
    try (DatagramSocket udp = new DatagramSocket(0)) {
      if (isFreeForTcp(udp.getLocalPort())) {
        ports.add(udp.getLocalPort());
      }
      addFreePorts(count, ports);
    }
  }

  private static boolean isFreeForTcp(int port) {
    try (ServerSocket tcp = new ServerSocket(port)) {
      return tcp.isBound();
    } catch (IOException taken) {
      return false;
    }
  }
}
