package io.posthorn.cli;

import io.posthorn.cli.compare.Arena;
import io.posthorn.cli.compare.Assertion;
import io.posthorn.cli.compare.AssertionResult;
import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.compare.CompareReport;
import io.posthorn.cli.compare.Comparison;
import io.posthorn.cli.compare.SimulatedArena;
import io.posthorn.cli.compare.SweepReport;
import io.posthorn.cli.compare.SweepStep;
import io.posthorn.cli.compare.TestMessage;
import io.posthorn.cli.compare.page.ComparePage;
import io.posthorn.cli.lab.LabArena;
import io.posthorn.cli.lab.LabProbe;
import io.posthorn.cli.lab.LabUnavailableException;
import io.posthorn.cli.lab.RelayArena;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkRecording;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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
  private static final int USUAL_RUNS = 3;
  private static final LinkConditions USUAL_NETWORK =
      LinkConditions.parse("delay 20ms loss 5% reorder 2% duplicate 1%");
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
  private @Nullable LinkConditions impairment;

  @Mixin private ReplayFlag replay = new ReplayFlag();

  @Mixin private CompareHost host = new CompareHost();

  @Mixin private SweepFlag sweep = new SweepFlag();

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

  @Option(names = "--runs", paramLabel = "N", description = "Default 3, with --sweep 1.")
  private @Nullable Integer runs;

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

  @Option(
      names = "--report",
      paramLabel = "FILE",
      converter = OutputPath.class,
      description = "Write the figures to FILE as a web page too, with charts, in one piece.")
  private @Nullable Path report;

  @Mixin private QuietFlag quiet = new QuietFlag();

  CompareCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    check();
    ComparePlan plan = plan();
    Assertion assertion = assertion();
    List<SweepStep> steps = new ArrayList<>();
    root.signals().interruptMe();
    try (ReportFile page = ReportFile.create(report);
        Arena arena = arena(plan, output)) {
      boolean stopped = false;
      try {
        measure(arena, plan, steps, output);
      } catch (InterruptedException interrupted) {
        root.signals().requireOne(interrupted);
        stopped = true;
      }
      output.clearProgress();
      return answer(arena, plan, steps, stopped, assertion, page, output);
    } catch (InterruptedException interrupted) {
      root.signals().requireOne(interrupted);
      noteStopped(steps, plan, output); // while the place was made ready
      return ExitCode.OK.status();
    } finally {
      root.signals().leaveMe();
    }
  }

  private void measure(Arena arena, ComparePlan plan, List<SweepStep> steps, Output output)
      throws Exception {
    List<Double> losses = sweep.shares();
    if (losses == null) {
      Comparison comparison = new Comparison(plan);
      steps.add(new SweepStep(plan.conditions().meanLoss(), comparison));
      new CompareRuns(arena, comparison, null, output).measure();
      return;
    }
    for (double loss : losses) {
      Comparison comparison = new Comparison(plan.withLoss(loss));
      steps.add(new SweepStep(loss, comparison));
      new CompareRuns(arena, comparison, loss, output).measure();
    }
  }

  private int answer(
      Arena arena,
      ComparePlan plan,
      List<SweepStep> steps,
      boolean stopped,
      @Nullable Assertion assertion,
      ReportFile page,
      Output output)
      throws IOException, Failure {
    if (stopped) {
      noteStopped(steps, plan, output);
      steps.removeIf(step -> step.comparison().isEmpty());
      if (steps.isEmpty()) {
        return ExitCode.OK.status();
      }
    }
    AssertionResult asserted =
        stopped || assertion == null ? null : AssertionResult.of(assertion, steps);
    print(arena, plan, steps, asserted, output);
    page.write(() -> ComparePage.of(heading(arena, plan), sweep.shares() != null, steps));
    return asserted == null ? ExitCode.OK.status() : verdict(asserted, output);
  }

  private void noteStopped(List<SweepStep> steps, ComparePlan plan, Output output) {
    int complete = 0;
    boolean nothing = true;
    for (SweepStep step : steps) {
      complete += step.comparison().complete();
      nothing &= step.comparison().isEmpty();
    }
    output.note(
        "stopped after "
            + complete
            + " of "
            + allRuns(plan)
            + " runs"
            + (nothing ? ", so there is nothing to compare" : ""));
  }

  private int allRuns(ComparePlan plan) {
    List<Double> losses = sweep.shares();
    return plan.runs() * (losses == null ? 1 : losses.size());
  }

  private void check() throws Failure {
    if (!host.isAsked()) {
      host.requireNothingWithoutHost(root);
      return;
    }
    if (simulated) {
      throw new Failure(ExitCode.USAGE, "--host and --simulated", "take one of them");
    }
  }

  private ComparePlan plan() throws Failure {
    require("-n", messages, 1, MOST_MESSAGES);
    require("-l", messageBytes, TestMessage.MINIMUM_BYTES, MOST_BYTES);
    Integer asked = runs;
    int times = asked != null ? asked : sweep.shares() != null ? 1 : USUAL_RUNS;
    require("--runs", times, 1, MOST_RUNS);
    return new ComparePlan(conditions(), messages, messageBytes, bitsPerSecond, times, seed);
  }

  private LinkConditions conditions() throws Failure {
    TypedOptions.refuseBoth(root.asked(), "--impair", "--replay");
    LinkRecording recording = replay.recording();
    LinkConditions asked = recording != null ? LinkConditions.replaying(recording) : impairment;
    if (asked == null) {
      return host.isAsked() ? LinkConditions.NONE : USUAL_NETWORK;
    }
    if (asked.recording() != null && sweep.shares() != null) {
      throw new Failure(
          ExitCode.USAGE,
          (recording != null ? "--replay" : "--impair \"replay FILE\"") + " and --sweep",
          "a recording has its own losses: take one");
    }
    return asked;
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

  private Arena arena(ComparePlan plan, Output output) throws Exception {
    if (host.isAsked()) {
      boolean impaired = !plan.conditions().equals(LinkConditions.NONE);
      return host.open(root, sweep.shares() != null || impaired);
    }
    if (simulated) {
      return new SimulatedArena();
    }
    LabProbe probe = LabProbe.check();
    if (!probe.possible()) {
      return new RelayArena(probe.reason());
    }
    Duration each = Duration.ofNanos(plan.schedule().lastDueNanos()).plusSeconds(90);
    try {
      return LabArena.start(probe, each.multipliedBy(allRuns(plan)).plus(LAB_SPARE));
    } catch (LabUnavailableException unavailable) {
      output.detail("no network of its own: " + unavailable.getMessage());
      return new RelayArena(String.valueOf(unavailable.getMessage()));
    }
  }

  private void print(
      Arena arena,
      ComparePlan plan,
      List<SweepStep> steps,
      @Nullable AssertionResult asserted,
      Output output)
      throws IOException {
    boolean swept = sweep.shares() != null;
    Comparison first = steps.get(0).comparison();
    if (output.isJson()) {
      output.line(
          swept
              ? SweepReport.json(steps, arena.description(), asserted)
              : CompareReport.json(first, arena.description(), asserted));
    } else {
      List<String> lines = new ArrayList<>(heading(arena, plan));
      lines.add("");
      lines.addAll(swept ? SweepReport.lines(steps) : CompareReport.lines(first));
      for (String line : lines) {
        output.line(TextSafety.visible(line));
      }
    }
    output.flush();
  }

  private List<String> heading(Arena arena, ComparePlan plan) {
    List<Double> losses = sweep.shares();
    if (losses != null) {
      return SweepReport.heading(plan, arena.description(), arena.isOneNetwork(), losses);
    }
    return arena.isOneNetwork()
        ? CompareReport.headingOfHost(plan, arena.description())
        : CompareReport.heading(plan, arena.description());
  }

  private int verdict(AssertionResult asserted, Output output) throws Failure {
    Assertion.UnknownFigureException unknown = asserted.unknown();
    if (unknown != null) {
      throw new Failure(
          ExitCode.UNAVAILABLE, String.valueOf(unknown.getMessage()), "leave it out", unknown);
    }
    String words = asserted.claim();
    SweepStep falseAt = asserted.falseAt();
    if (falseAt == null) {
      output.note("true in every run: " + words);
      return ExitCode.OK.status();
    }
    String at = sweep.shares() == null ? "" : " at " + falseAt.lossText() + " loss";
    output.error("false in run " + (asserted.falseRun() + 1) + at + ": " + words);
    return ExitCode.NO.status();
  }
}
