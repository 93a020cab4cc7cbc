package io.posthorn.cli;

import io.posthorn.cli.compare.Arena;
import io.posthorn.cli.compare.Assertion;
import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.compare.CompareReport;
import io.posthorn.cli.compare.Comparison;
import io.posthorn.cli.compare.Measurement;
import io.posthorn.cli.compare.SimulatedArena;
import io.posthorn.cli.compare.TestMessage;
import io.posthorn.cli.compare.Transport;
import io.posthorn.cli.lab.LabArena;
import io.posthorn.cli.lab.LabProbe;
import io.posthorn.cli.lab.LabUnavailableException;
import io.posthorn.cli.lab.RelayArena;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkRecording;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code posthorn compare}: the same messages through plain, reliable and TCP, side by side. */
@Command(
    name = "compare",
    description = {
      "Sends the same messages through plain, reliable and TCP, side by side, each over its own"
          + " network that is bad in the same way, and says what it means.",
      "",
      "On Linux, where a network namespace and /dev/net/tun are to be had (as root they are), all"
          + " three cross a TUN device, so that the kernel's TCP loses real packets. Elsewhere"
          + " plain and reliable go through a relay on the loopback, and TCP has no figures.",
      "Latency counts from when a message was due, whatever held the sender back; what does not"
          + " arrive stays in with an endless one. The fate of the n-th packet depends on seed,"
          + " direction and n alone. Retransmissions are segments for TCP, for reliable the"
          + " messages' worth of bytes that were sent again.",
      "",
      "Figures for --assert: {plain,reliable,tcp}.{sent,delivered,lost,duplicated,outOfOrder,"
          + "corrupted,goodput,p50,p99,max,within100ms,datagrams,bytes,retransmissions}; units us"
          + " ms s %% bit kbit mbit gbit; it must hold in every run. Example: --assert"
          + " 'reliable.lost==0 && reliable.p99<200ms'"
    })
final class CompareCommand implements Callable<Integer> {
  private static final int MOST_MESSAGES = 10_000_000;
  private static final int MOST_BYTES = 60_000;
  private static final int MOST_RUNS = 1_000;
  private static final Duration LAB_SPARE = Duration.ofMinutes(2);

  private final Posthorn root;

  @Option(
      names = "--impair",
      paramLabel = "SPEC",
      converter = SocketFlags.Conditions.class,
      description = {
        "The network, the same each way, in the words of tc-netem(8) or a profile such as @lte;"
            + " default \"delay 20ms loss 5%% reorder 2%% duplicate 1%%\"."
      })
  private LinkConditions conditions =
      LinkConditions.parse("delay 20ms loss 5% reorder 2% duplicate 1%");

  @Mixin private ReplayFlag replay = new ReplayFlag();

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      description = "Messages a run; default ${DEFAULT-VALUE}.")
  private int messages = 400;

  @Option(
      names = {"-l", "--length"},
      paramLabel = "BYTES",
      description = "Size of each message, 16 or more; default ${DEFAULT-VALUE}.")
  private int messageBytes = 200;

  @Option(
      names = {"-b", "--bitrate"},
      paramLabel = "RATE",
      converter = Quantity.BitRate.class,
      description = "Message bits a second; default 160kbit, 100 messages of 200 bytes.")
  private double bitsPerSecond = 160_000;

  @Option(names = "--runs", paramLabel = "N", description = "Default ${DEFAULT-VALUE}.")
  private int runs = 3;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "What decides the fate of each packet; default ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(
      names = "--simulated",
      description = "In virtual time, without TCP: done at once, and the same for a seed.")
  private boolean simulated;

  @Option(
      names = "--assert",
      paramLabel = "EXPR",
      description = "A claim about the figures; the exit status is 1 if it does not hold.")
  private @Nullable String claim;

  @Mixin private QuietFlag quiet = new QuietFlag();

  CompareCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    ComparePlan plan = plan();
    Assertion assertion = assertion();
    Signals.ofProcess().interruptMe();
    try (Arena arena = arena(plan, output)) {
      Comparison comparison = new Comparison(plan);
      boolean stopped = false;
      try {
        measure(arena, plan, comparison, output);
      } catch (InterruptedException interrupted) {
        if (!Signals.ofProcess().isStopping()) {
          throw interrupted;
        }
        stopped = true;
      }
      output.clearProgress();
      print(arena, plan, comparison, stopped, output);
      return stopped || assertion == null
          ? ExitCode.OK.status()
          : verdict(assertion, comparison, output);
    } finally {
      Signals.ofProcess().leaveMe();
    }
  }

  private ComparePlan plan() throws Failure {
    require("-n", messages, 1, MOST_MESSAGES);
    require("-l", messageBytes, TestMessage.MINIMUM_BYTES, MOST_BYTES);
    require("--runs", runs, 1, MOST_RUNS);
    LinkRecording recording = replay.recording();
    if (recording != null) {
      conditions = LinkConditions.replaying(recording);
    }
    return new ComparePlan(conditions, messages, messageBytes, bitsPerSecond, runs, seed);
  }

  private static void require(String option, int value, int least, int most) throws Failure {
    if (value < least || value > most) {
      throw new Failure(
          ExitCode.USAGE, option + " " + value, "take a number from " + least + " to " + most);
    }
  }

  private @Nullable Assertion assertion() throws Failure {
    String text = claim;
    if (text == null) {
      return null;
    }
    try {
      return Assertion.parse(text);
    } catch (IllegalArgumentException wrong) {
      throw new Failure(ExitCode.USAGE, String.valueOf(wrong.getMessage()), "", wrong);
    }
  }

  private Arena arena(ComparePlan plan, Output output) throws IOException, InterruptedException {
    if (simulated) {
      return new SimulatedArena();
    }
    LabProbe probe = LabProbe.check();
    if (!probe.possible()) {
      return new RelayArena(probe.reason());
    }
    Duration each = Duration.ofNanos(plan.schedule().lastDueNanos()).plusSeconds(90);
    try {
      return LabArena.start(probe, each.multipliedBy(plan.runs()).plus(LAB_SPARE));
    } catch (LabUnavailableException unavailable) {
      output.detail("no network of its own: " + unavailable.getMessage());
      return new RelayArena(String.valueOf(unavailable.getMessage()));
    }
  }

  private static void measure(Arena arena, ComparePlan plan, Comparison comparison, Output output)
      throws Exception {
    List<Transport> able = new ArrayList<>();
    for (Transport transport : Transport.values()) {
      String whyNot = arena.whyNot(transport);
      if (whyNot.isEmpty()) {
        able.add(transport);
      } else {
        comparison.notAvailable(transport, whyNot);
      }
    }
    ExecutorService threads = Executors.newFixedThreadPool(able.size(), CompareCommand::daemon);
    try {
      for (int run = 0; run < plan.runs(); run++) {
        CompareProgress progress = new CompareProgress(output, plan, run, able);
        Map<Transport, Future<Measurement>> running = new EnumMap<>(Transport.class);
        for (Transport transport : able) {
          int number = run;
          running.put(
              transport,
              threads.submit(
                  () ->
                      arena.run(
                          transport,
                          plan,
                          number,
                          (sent, delivered) -> progress.update(transport, sent, delivered))));
        }
        // Noted together, so that every transport has as many runs as the others.
        Map<Transport, Measurement> measured = new EnumMap<>(Transport.class);
        for (Transport transport : able) {
          measured.put(transport, result(running.get(transport)));
        }
        for (Map.Entry<Transport, Measurement> one : measured.entrySet()) {
          comparison.add(one.getKey(), one.getValue());
          if (output.isJsonStream()) {
            output.line(CompareReport.runJson(one.getKey(), run + 1, one.getValue()));
            output.flush();
          }
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static Thread daemon(Runnable body) {
    Thread thread = new Thread(body, "posthorn-compare");
    thread.setDaemon(true);
    return thread;
  }

  private static Measurement result(@Nullable Future<Measurement> running) throws Exception {
    if (running == null) {
      throw new IllegalStateException("a transport was not started");
    }
    try {
      return running.get();
    } catch (ExecutionException failed) {
      Throwable cause = failed.getCause();
      if (cause instanceof IOException io) {
        throw io;
      }
      if (cause instanceof RuntimeException fault) {
        throw fault;
      }
      throw failed;
    }
  }

  private static void print(
      Arena arena, ComparePlan plan, Comparison comparison, boolean stopped, Output output)
      throws IOException {
    int complete = comparison.runs(Transport.PLAIN).size();
    if (stopped) {
      output.note("stopped after " + complete + " of " + plan.runs() + " runs");
    }
    if (complete == 0) {
      return;
    }
    if (output.isJson()) {
      output.line(CompareReport.json(comparison, arena.description()));
    } else {
      for (String line : CompareReport.heading(plan, arena.description())) {
        output.line(line);
      }
      output.line("");
      for (String line : CompareReport.lines(comparison)) {
        output.line(line);
      }
    }
    output.flush();
  }

  private static int verdict(Assertion assertion, Comparison comparison, Output output)
      throws Failure {
    try {
      int falseRun = assertion.firstFalseRun(comparison);
      if (falseRun < 0) {
        output.note("true in every run: " + TextSafety.visible(assertion.toString()));
        return ExitCode.OK.status();
      }
      output.error(
          "false in run " + (falseRun + 1) + ": " + TextSafety.visible(assertion.toString()));
      return ExitCode.NO.status();
    } catch (Assertion.UnknownFigureException unknown) {
      throw new Failure(
          ExitCode.UNAVAILABLE, String.valueOf(unknown.getMessage()), "leave it out", unknown);
    }
  }
}
