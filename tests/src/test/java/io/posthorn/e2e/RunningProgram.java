package io.posthorn.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.cli.ProgramHere;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A program whose streams a test can wait for: a process of the real jar, for what concerns the
 * process; the same program in this process ({@link ProgramHere}), for what concerns its words and
 * its sockets; or another program.
 */
public final class RunningProgram implements AutoCloseable {
  private static final long LIMIT_SECONDS = 60;
  private static final long DUMP_SECONDS = 5;
  private static final Pattern LISTENING = Pattern.compile("listening on \\S+:(\\d+)");

  private final String command;
  private final Process process;
  private final Collected out;
  private final Collected err;

  /** What came on one stream so far; read by a thread of its own, so that nobody blocks. */
  private static final class Collected {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean ended;

    Collected(InputStream in) {
      Thread reader = new Thread(() -> readAll(in), "posthorn-test-reader");
      reader.setDaemon(true);
      reader.start();
    }

    private void readAll(InputStream in) {
      byte[] chunk = new byte[8192];
      try (in) {
        for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
          synchronized (this) {
            bytes.write(chunk, 0, count);
            notifyAll();
          }
        }
      } catch (IOException closed) {
        // The process is gone: what it wrote before is here.
      }
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }

    synchronized byte[] toBytes() {
      return bytes.toByteArray();
    }

    synchronized String text() {
      return bytes.toString(StandardCharsets.UTF_8);
    }

    /** Waits for a text that matches; null if the stream ends or the time is over without it. */
    synchronized Matcher await(Pattern pattern) throws InterruptedException {
      long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
      while (true) {
        Matcher matcher = pattern.matcher(text());
        if (matcher.find()) {
          return matcher;
        }
        long leftMillis = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
        if (ended || leftMillis <= 0) {
          return fail("no \"" + pattern + "\" in: " + text());
        }
        wait(leftMillis);
      }
    }

    synchronized void awaitEnd() throws InterruptedException {
      while (!ended) {
        wait(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
      }
    }
  }

  private RunningProgram(List<String> command, Map<String, String> environment) throws IOException {
    this(String.join(" ", command), started(command, environment));
  }

  private RunningProgram(String command, Process process) {
    this.command = command;
    this.process = process;
    out = new Collected(process.getInputStream());
    err = new Collected(process.getErrorStream());
  }

  private static Process started(List<String> command, Map<String, String> environment)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    settle(builder.environment(), environment);
    return builder.start();
  }

  private static void settle(Map<String, String> environment, Map<String, String> own)
      throws IOException {
    environment.put("POSTHORN_HOME", newHome().toString());
    environment.remove("POSTHORN_SECRET");
    environment.putAll(own);
  }

  /** Starts the program in this process. */
  static RunningProgram here(String... arguments) throws IOException {
    return hereIn(Map.of(), arguments);
  }

  /** Starts the program in this process with this folder for its keys. */
  static RunningProgram hereAt(Path home, String... arguments) throws IOException {
    return hereIn(Map.of("POSTHORN_HOME", home.toString()), arguments);
  }

  /** Starts the program in this process with variables of the environment. */
  static RunningProgram hereIn(Map<String, String> environment, String... arguments)
      throws IOException {
    Map<String, String> variables = new HashMap<>(System.getenv());
    settle(variables, environment);
    return new RunningProgram(
        "posthorn " + String.join(" ", arguments),
        ProgramHere.start(variables, List.of(arguments)));
  }

  /** Starts the jar with these arguments. */
  static RunningProgram posthorn(String... arguments) throws IOException {
    return posthornWith(List.of(), arguments);
  }

  /** A folder for keys that no other program has, so that no peer was met before. */
  private static Path newHome() throws IOException {
    Path homes = Path.of(System.getProperty("posthorn.root"), "tests/target/homes");
    return Files.createTempDirectory(Files.createDirectories(homes), "home-");
  }

  /** Starts the jar with this folder for its keys. */
  static RunningProgram posthornAt(Path home, String... arguments) throws IOException {
    return posthornIn(Map.of("POSTHORN_HOME", home.toString()), arguments);
  }

  /** Starts the jar with variables of the environment. */
  static RunningProgram posthornIn(Map<String, String> environment, String... arguments)
      throws IOException {
    return new RunningProgram(command(List.of(), arguments), environment);
  }

  /** Starts the jar with options for Java too. */
  static RunningProgram posthornWith(List<String> javaOptions, String... arguments)
      throws IOException {
    return new RunningProgram(command(javaOptions, arguments), Map.of());
  }

  /** The command that starts the jar. */
  static List<String> command(List<String> javaOptions, String... arguments) {
    String jar = System.getProperty("posthorn.jar");
    assertTrue(jar != null && Path.of(jar).toFile().isFile(), "no jar: run mvn verify");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // These processes live for a second: a fast start counts for more than fast code, and most of
    // what a third of the calls would have compiled is never called again.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:CompileThresholdScaling=3"));
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx256m"));
    String archive = System.getProperty("posthorn.archive", "");
    if (Path.of(archive).toFile().isFile()) {
      command.addAll(List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto"));
    }
    command.addAll(javaOptions);
    command.addAll(List.of("-jar", jar));
    command.addAll(List.of(arguments));
    return command;
  }

  /** The words that start the jar in a shell, to which those of the program are added. */
  public static String words(String... javaOptions) {
    return command(List.of(javaOptions)).stream()
        .map(word -> "'" + word.replace("'", "'\\''") + "'")
        .collect(Collectors.joining(" "));
  }

  /** Starts another program. */
  static RunningProgram other(String... command) throws IOException {
    return new RunningProgram(List.of(command), Map.of());
  }

  /** Skips the test where another program is not installed. */
  static void assumeInstalled(String name) throws InterruptedException {
    boolean runs = false;
    try (RunningProgram program = other(name, "--version")) {
      runs = program.exit() == 0;
    } catch (IOException absent) {
      // then it does not run
    }
    assumeTrue(runs, name + " is not installed");
  }

  /** Waits until a listener says where it listens; answers the port. */
  String port() throws InterruptedException {
    return err.await(LISTENING).group(1);
  }

  /** Waits for a line of standard error that holds this text. */
  void awaitError(String text) throws InterruptedException {
    err.await(Pattern.compile(Pattern.quote(text)));
  }

  /** Waits for standard output to hold this text. */
  void awaitOutput(String text) throws InterruptedException {
    out.await(Pattern.compile(Pattern.quote(text)));
  }

  /** Waits for standard output to match this expression somewhere. */
  void awaitOutputMatching(String expression) throws InterruptedException {
    out.await(Pattern.compile(expression));
  }

  /** Writes to standard input. */
  RunningProgram type(byte[] bytes) throws IOException {
    OutputStream in = process.getOutputStream();
    in.write(bytes);
    in.flush();
    return this;
  }

  /** Writes text to standard input. */
  RunningProgram type(String text) throws IOException {
    return type(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes to standard input and ends it; the program may end before it has read all. */
  RunningProgram typeUntilItEnds(byte[] bytes) throws InterruptedException {
    try {
      return type(bytes).endInput();
    } catch (IOException nobodyReads) {
      exit(); // fails if it lives
      return this;
    }
  }

  /** Ends standard input. */
  RunningProgram endInput() throws IOException {
    process.getOutputStream().close();
    return this;
  }

  /** The number of the process. */
  long pid() {
    return process.pid();
  }

  /** Sends a signal by its name. */
  void signal(String name) throws IOException, InterruptedException {
    if (process instanceof ProgramHere here) {
      here.signal(name);
      return;
    }
    kill(name, process.pid());
  }

  /** Sends a signal to a whole process group, which this process must lead. */
  void signalGroup(String name) throws IOException, InterruptedException {
    kill(name, -process.pid());
  }

  /** The shell has it within itself; the command of that name is not installed everywhere. */
  private static void kill(String name, long pid) throws IOException, InterruptedException {
    String script = "kill -s " + name + " -- " + pid;
    Process kill = new ProcessBuilder("sh", "-c", script).start();
    assertTrue(kill.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS));
  }

  /** The processes that it has started, and they in turn. */
  List<ProcessHandle> descendants() {
    return process.descendants().toList();
  }

  /** Waits for the end; answers the exit status. */
  int exit() throws InterruptedException {
    return exitWithin(LIMIT_SECONDS);
  }

  /** Waits for the end of something long; answers the exit status. */
  int exitWithin(long seconds) throws InterruptedException {
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      dumpThreads();
      fail(command + " does not end; it said: " + out.text() + err.text());
    }
    out.awaitEnd();
    err.awaitEnd();
    return process.exitValue();
  }

  /** Has a virtual machine say on its standard output what its threads do, if it still can. */
  private void dumpThreads() throws InterruptedException {
    if (process instanceof ProgramHere) {
      return; // JUnit says what the threads of this process do
    }
    try {
      signal("QUIT");
    } catch (IOException impossible) {
      fail("kill cannot be run", impossible);
    }
    boolean unused = process.waitFor(DUMP_SECONDS, TimeUnit.SECONDS);
  }

  /** What came on standard output so far. */
  String output() {
    return out.text();
  }

  byte[] outputBytes() {
    return out.toBytes();
  }

  /** What came on standard error so far. */
  String errors() {
    return err.text();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
      assertTrue(ended, command + " cannot be ended"); // its port and files are free then
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
