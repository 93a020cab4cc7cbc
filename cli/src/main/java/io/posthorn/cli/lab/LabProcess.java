package io.posthorn.cli.lab;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/**
 * A lab as seen from the program that uses it: a second Java process in a network namespace of its
 * own.
 *
 * <p>The two talk in lines (see {@link LabLine}) over the second one's standard input and output.
 * The second one ends when its input closes, so it cannot outlive the first, and it ends by itself
 * after the time given at the start. Methods may be called from any thread; several runs may be
 * under way at once.
 */
public final class LabProcess implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(20);
  private static final long END_LIMIT_SECONDS = 2;
  private static final long RESULT_GRACE_NANOS = 10_000_000_000L;
  private static final int ERROR_LINES_KEPT = 20;
  private static final int NATIVE_ACCESS_FLAG_SINCE = 24;

  private final Process process;
  private final BufferedWriter requests;
  private final BlockingQueue<LabLine> greeting = new LinkedBlockingQueue<>();
  private final Map<Integer, BlockingQueue<LabLine>> answers = new ConcurrentHashMap<>();
  private final AtomicInteger lastId = new AtomicInteger();
  private final Deque<String> errorLines = new ArrayDeque<>();
  private final Thread errors;
  private String congestionController = "";
  private List<String> congestionControllers = List.of();
  private volatile boolean ended;

  private LabProcess(Process process) {
    this.process = process;
    requests = process.outputWriter(StandardCharsets.UTF_8);
    errors = thread("posthorn-lab-errors", this::readErrors);
  }

  /**
   * Starts a lab.
   *
   * @param probe what {@link LabProbe#check} found
   * @param life after which time the second process ends, whatever happens
   * @return the lab, ready for runs
   * @throws LabUnavailableException if no lab can be had here, or its process did not start or did
   *     not get ready; the message says why
   * @throws InterruptedException if the calling thread is interrupted
   */
  public static LabProcess start(LabProbe probe, Duration life)
      throws LabUnavailableException, InterruptedException {
    return start(probe, life, START_LIMIT);
  }

  /** The same with another limit to how long the second process may take to get ready. */
  static LabProcess start(LabProbe probe, Duration life, Duration limit)
      throws LabUnavailableException, InterruptedException {
    if (!probe.possible()) {
      throw new LabUnavailableException(probe.reason());
    }
    Process process;
    try {
      process = new ProcessBuilder(command(probe, life)).start();
    } catch (IOException failed) {
      throw new LabUnavailableException("the lab's process does not start: " + failed.getMessage());
    }
    LabProcess lab = new LabProcess(process);
    lab.errors.start();
    thread("posthorn-lab-answers", lab::readAnswers).start();
    try {
      lab.awaitGreeting(limit);
      return lab;
    } catch (LabUnavailableException | InterruptedException failed) {
      lab.close();
      throw failed;
    }
  }

  private static List<String> command(LabProbe probe, Duration life) {
    List<String> command = new ArrayList<>(probe.namespaceCommand());
    command.add(javaProgram().toString());
    if (Runtime.version().feature() >= NATIVE_ACCESS_FLAG_SINCE) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    // Short pauses matter more than throughput: the pump must write each packet on time.
    command.addAll(List.of("-XX:+UseSerialGC", "-Xms64m", "-Xmx512m", "-Xshare:auto"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(LabMain.class.getName());
    command.add(Long.toString(Math.max(1, life.toSeconds())));
    return command;
  }

  static Path javaProgram() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  private static Thread thread(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    return thread;
  }

  private void awaitGreeting(Duration limit) throws LabUnavailableException, InterruptedException {
    LabLine line = greeting.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
    if (line == null) {
      throw new LabUnavailableException(
          "the lab's process did not get ready within " + limit.toMillis() / 1e3 + " s");
    }
    if (!line.word().equals("ready")) {
      throw new LabUnavailableException(line.text("reason"));
    }
    congestionController = line.text("congestion");
    congestionControllers = List.of(line.text("available").split(" "));
  }

  /**
   * The congestion controller that the kernel gives to TCP unless a run asks for another.
   *
   * @return its name, such as {@code cubic}
   */
  public String congestionController() {
    return congestionController;
  }

  /**
   * The congestion controllers that a run may ask for.
   *
   * @return their names
   */
  public List<String> congestionControllers() {
    return congestionControllers;
  }

  /**
   * Runs one transport over a seeded network of its own and waits for the end.
   *
   * @param request what to run
   * @param progress told several times a second how many messages were sent and delivered so far,
   *     on the calling thread
   * @return what came of it; a transport that failed is a result too
   * @throws IOException if the lab's process ended or did not answer in time
   * @throws InterruptedException if the calling thread is interrupted
   */
  public FlowResult run(FlowRequest request, BiConsumer<Integer, Integer> progress)
      throws IOException, InterruptedException {
    int id = lastId.incrementAndGet();
    BlockingQueue<LabLine> mine = new LinkedBlockingQueue<>();
    answers.put(id, mine);
    try {
      send(request.toLine(id));
      // A connection may take the timeout to open, and then the messages may take it again.
      long limitNanos =
          request.schedule().lastDueNanos() + 2 * request.timeoutNanos() + RESULT_GRACE_NANOS;
      long startNanos = System.nanoTime();
      while (true) {
        long leftNanos = limitNanos - (System.nanoTime() - startNanos);
        LabLine line = ended ? mine.poll() : mine.poll(leftNanos, TimeUnit.NANOSECONDS);
        if (line == null || line.word().equals("end")) {
          throw new IOException(
              line == null && !ended
                  ? "the lab did not finish the run in time"
                  : "the lab's process ended during the run" + lastErrors());
        }
        switch (line.word()) {
          case "progress" -> progress.accept(line.integer("sent"), line.integer("delivered"));
          case "result" -> {
            return FlowResult.parse(line);
          }
          case "refused" -> throw new IOException(line.text("reason"));
          default -> throw new IOException("the lab said " + line);
        }
      }
    } finally {
      answers.remove(id);
    }
  }

  /**
   * Cuts short all runs: nothing more is sent, and each has its result within a moment, as if only
   * the messages sent by then had been due.
   *
   * @throws IOException if the lab's process has ended
   */
  public void endSending() throws IOException {
    send(new LabLine("end-sending"));
  }

  private void send(LabLine line) throws IOException {
    synchronized (requests) {
      requests.write(line.toString());
      requests.newLine();
      requests.flush();
    }
  }

  private void readAnswers() {
    LabLine end = new LabLine("end");
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String text = lines.readLine(); text != null; text = lines.readLine()) {
        LabLine line = LabLine.parse(text);
        String id = line.find("id");
        BlockingQueue<LabLine> waiting = id == null ? greeting : answers.get(Integer.valueOf(id));
        if (waiting != null) {
          waiting.add(line);
        }
      }
    } catch (IOException | IllegalArgumentException broken) {
      end.put("reason", String.valueOf(broken.getMessage()));
    }
    ended = true;
    awaitErrors();
    greeting.add(
        new LabLine("failed").put("reason", "the lab's process ended at its start" + lastErrors()));
    answers.values().forEach(waiting -> waiting.add(end));
  }

  private void awaitErrors() {
    try {
      errors.join(TimeUnit.SECONDS.toMillis(1));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reads on whatever comes, so that the other side never blocks; keeps the last lines. */
  private void readErrors() {
    try (BufferedReader lines = process.errorReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        synchronized (errorLines) {
          errorLines.addLast(line);
          if (errorLines.size() > ERROR_LINES_KEPT) {
            errorLines.removeFirst();
          }
        }
      }
    } catch (IOException closed) {
      synchronized (errorLines) {
        errorLines.addLast(String.valueOf(closed.getMessage()));
      }
    }
  }

  private String lastErrors() {
    synchronized (errorLines) {
      return errorLines.isEmpty() ? "" : ": " + String.join("; ", errorLines);
    }
  }

  /** The second process, for tests that look at its end. */
  ProcessHandle handle() {
    return process.toHandle();
  }

  /** Ends the second process, and with it the namespace and all that is in it. */
  @Override
  public void close() {
    try {
      requests.close();
      if (process.waitFor(END_LIMIT_SECONDS, TimeUnit.SECONDS)
          || process.destroyForcibly().waitFor(END_LIMIT_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    } catch (IOException alreadyGone) {
      ended = true;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }
}
