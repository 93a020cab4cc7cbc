package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.MessageSocket;
import io.posthorn.cli.bench.BenchPlan;
import io.posthorn.cli.bench.BenchReport;
import io.posthorn.cli.bench.BenchRun;
import io.posthorn.cli.bench.BenchServer;
import io.posthorn.cli.bench.BenchTransport;
import io.posthorn.cli.bench.SessionSummary;
import io.posthorn.cli.session.Application;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code posthorn bench}: throughput between two machines. */
@Command(
    name = "bench",
    description = {
      "Measures throughput, loss and jitter to a bench server, over plain datagrams, reliable"
          + " connections or the kernel's TCP.",
      "",
      "\"bench -s 9000\" serves plain and reliable mode at UDP port 9000 and TCP at TCP port 9000,"
          + " many clients at once; with -u plain mode and TCP only. Control messages go the way"
          + " the data goes.",
      "With --json all comes as one object at the end, with --json-stream each interval as it"
          + " ends.",
      "Loss is counted from the messages' numbers: sent = received + lost. Rates are of message"
          + " bytes, without headers."
    })
final class BenchCommand implements Callable<Integer> {
  private static final int DEFAULT_PORT = 9_000;
  private static final int MOST_STREAMS = 128;
  private static final int PLAIN_BYTES = 1_200;
  private static final int RELIABLE_BYTES = 64 << 10;
  private static final int LEAST_BYTES = 28;
  private static final double PLAIN_RATE = 1e6;
  private static final Duration LAST_WORDS = Duration.ofSeconds(3);
  private static final Duration LAST_ANSWER = Duration.ofSeconds(1);

  private final Posthorn root;

  @Parameters(
      arity = "0..2",
      paramLabel = "[HOST:PORT]",
      hideParamSyntax = true,
      description = "The server; with -s where to listen, default port 9000.")
  private List<String> where = List.of();

  @Mixin private SocketFlags flags = new SocketFlags();

  @Option(
      names = {"-s", "--server"},
      description = "Serve.")
  private boolean serve;

  @Option(names = "--tcp", description = "The kernel's TCP instead of reliable mode.")
  private boolean tcp;

  @Option(
      names = {"-t", "--time"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = "For how long to send, default 10 s.")
  private @Nullable Duration time;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      description = "Send so many messages on each stream, however long it takes.")
  private @Nullable Long count;

  @Option(
      names = {"-b", "--bitrate"},
      paramLabel = "RATE",
      converter = Quantity.BitRateOrNone.class,
      description =
          "Message bits a second on each stream; default 1mbit in plain mode, else no"
              + " limit; 0 for none.")
  private @Nullable Double bitsPerSecond;

  @Option(
      names = {"-l", "--length"},
      paramLabel = "BYTES",
      description = "Size of each message; default 1200 in plain mode, else 65536.")
  private @Nullable Integer messageBytes;

  @Option(
      names = {"-P", "--parallel"},
      paramLabel = "N",
      description = "Parallel streams, each with a connection of its own; default 1.")
  private int streams = 1;

  @Option(
      names = {"-R", "--reverse"},
      description = "The server sends.")
  private boolean reverse;

  @Option(names = "--bidir", description = "Both send.")
  private boolean bidirectional;

  @Mixin private FiguresFlag figures = new FiguresFlag();

  @Option(
      names = {"-1", "--once"},
      description = "With -s: end when no client is left.")
  private boolean once;

  @Option(
      names = {"-w", "--timeout"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = "How long to wait for the server's answer, default 10 s.")
  private Duration timeout = Duration.ofSeconds(10);

  @Mixin private QuietFlag quiet = new QuietFlag();

  @Spec private @Nullable CommandSpec command;

  BenchCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    if (serve) {
      TypedOptions.refuse(
          command,
          "with -s: what is sent, and how, is the client's choice",
          "give that to the client",
          "--tcp",
          "-t",
          "-n",
          "-b",
          "-l",
          "-P",
          "-R",
          "--bidir",
          "-i",
          "-w");
      return serve(output);
    }
    TypedOptions.refuseBoth(command, "-R", "--bidir");
    TypedOptions.refuse(command, "without -s", "a client ends by itself: leave it out", "-1");
    return measure(output);
  }

  // The server.

  private int serve(Output output) throws Exception {
    EndpointAddress address =
        where.isEmpty()
            ? new EndpointAddress("", DEFAULT_PORT)
            : EndpointAddress.ofWords(where, 1, 1).get(0);
    EndpointAddress.Local local = address.resolveLocal(root.everywhere().family());
    LinkedBlockingQueue<SessionSummary> ended = new LinkedBlockingQueue<>();
    try (BenchServer server =
        BenchServer.open(
            local.at(),
            local.family(),
            at -> {
              try {
                return flags.openBoth(new EndpointAddress.Local(at, local.family()));
              } catch (Failure failed) {
                throw new IOException(failed);
              }
            },
            ended::add)) {
      root.signals().interruptMe();
      output.note(
          "listening on "
              + local.text(server.localAddress())
              + ", bench, "
              + (flags.isPlain() ? "plain" : "plain, reliable")
              + " and tcp");
      while (true) {
        SessionSummary summary = ended.take();
        output.line(output.isJson() ? summary.json() : TextSafety.visible(summary.text()));
        output.flush();
        if (once && ended.isEmpty() && server.isIdle()) {
          // The last answer may have been lost, and be asked for again.
          Thread.sleep(LAST_ANSWER.toMillis());
          if (ended.isEmpty() && server.isIdle()) {
            return ExitCode.OK.status();
          }
        }
      }
    } catch (InterruptedException interrupted) {
      root.signals().requireOne(interrupted);
      return ExitCode.OK.status();
    } catch (IOException failed) {
      if (failed.getCause() instanceof Failure failure) {
        throw failure;
      }
      throw Failures.ofBind(failed, local);
    } finally {
      root.signals().leaveMe();
    }
  }

  // The client.

  private int measure(Output output) throws Exception {
    BenchTransport transport =
        tcp ? BenchTransport.TCP : flags.isPlain() ? BenchTransport.PLAIN : BenchTransport.RELIABLE;
    BenchPlan plan = plan(transport);
    InetSocketAddress server =
        EndpointAddress.ofWords(where, 1, 0).get(0).resolve(root.everywhere().family());
    BenchReport report = new BenchReport(plan, transport, AddressText.of(server), streams);
    root.signals().interruptMe();
    try (BenchRun run = open(plan, server, transport)) {
      if (output.isJsonStream()) {
        output.line(report.planJson());
      } else if (!output.isJson()) {
        output.line(report.heading());
      }
      output.flush();
      boolean stopped = follow(run, report, output, server);
      if (output.isJson()) {
        output.line(report.resultJson(run, !output.isJsonStream()));
      } else {
        for (String line : report.result(run)) {
          output.line(line);
        }
      }
      output.flush();
      Exception failure = run.failure();
      if (failure != null && !stopped) {
        throw BenchFailures.of(failure, server, tcp);
      }
      return ExitCode.OK.status();
    } catch (InterruptedException interrupted) {
      root.signals().requireOne(interrupted);
      return ExitCode.OK.status();
    } finally {
      root.signals().leaveMe();
    }
  }

  private BenchPlan plan(BenchTransport transport) throws Failure {
    boolean plain = transport == BenchTransport.PLAIN;
    if (tcp && flags.isPlain()) {
      throw new Failure(ExitCode.USAGE, "--tcp and --plain", "take one of them");
    }
    if (tcp) {
      flags.requireUnchanged("with --tcp, which the kernel carries", "leave out --tcp, or them");
    }
    int most = plain ? 65_507 : BenchPlan.MOST_MESSAGE_BYTES;
    int bytes = messageBytes == null ? plain ? PLAIN_BYTES : RELIABLE_BYTES : messageBytes;
    if (bytes < LEAST_BYTES || bytes > most) {
      throw new Failure(
          ExitCode.USAGE, "-l " + bytes, "take a number from " + LEAST_BYTES + " to " + most);
    }
    if (streams < 1 || streams > MOST_STREAMS) {
      throw new Failure(ExitCode.USAGE, "-P " + streams, "take a number from 1 to " + MOST_STREAMS);
    }
    long messages = count == null ? 0 : count;
    if (count != null && messages < 1) {
      throw new Failure(ExitCode.USAGE, "-n " + messages, "send at least one");
    }
    Duration asked = time;
    double seconds = asked == null ? count == null ? 10 : 0 : asked.toNanos() / 1e9;
    if ((seconds == 0 && messages == 0) || seconds > BenchPlan.MOST_SECONDS) {
      throw new Failure(
          ExitCode.USAGE, "-t " + seconds, "take a time of more than nothing, up to a day");
    }
    double rate = bitsPerSecond == null ? plain ? PLAIN_RATE : 0 : bitsPerSecond;
    return new BenchPlan(
        !reverse || bidirectional, reverse || bidirectional, bytes, seconds, messages, rate);
  }

  private BenchRun open(BenchPlan plan, InetSocketAddress server, BenchTransport transport)
      throws Exception {
    BenchRun.Opener opener = transport == BenchTransport.TCP ? null : this::openSocket;
    try {
      return BenchRun.open(plan, streams, server, opener, timeout);
    } catch (IOException failed) {
      if (failed.getCause() instanceof Failure told) {
        throw told;
      }
      throw BenchFailures.of(failed, server, tcp);
    }
  }

  private MessageSocket openSocket() throws IOException {
    try {
      return flags.openAnywhere(timeout, Application.BENCH);
    } catch (Failure failed) {
      throw new IOException(failed);
    }
  }

  private void start(BenchRun run, InetSocketAddress server) throws Exception {
    try {
      run.start();
    } catch (IOException failed) {
      throw BenchFailures.of(failed, server, tcp);
    }
  }

  /** Waits for the end and tells the figures meanwhile; answers whether a signal ended it. */
  private boolean follow(BenchRun run, BenchReport report, Output output, InetSocketAddress server)
      throws Exception {
    boolean silent = figures.none() || (output.isQuiet() && !output.isJsonStream());
    boolean json = output.isJson();
    try {
      // The server may send before all streams have begun.
      FigureTimes times = new FigureTimes(System.nanoTime(), figures.step());
      start(run, server);
      times.pass(System.nanoTime());
      while (!run.await(times.left(System.nanoTime()))) {
        double seconds = times.take(System.nanoTime());
        if (json) {
          String text = report.intervalJson(run, seconds);
          if (output.isJsonStream()) {
            output.line(text);
          }
        } else if (!silent) {
          for (String line : report.interval(run, seconds)) {
            output.line(line);
          }
        }
        output.flush();
      }
      return false;
    } catch (InterruptedException interrupted) {
      root.signals().requireOne(interrupted);
      run.stop();
      run.await(LAST_WORDS);
      return true;
    }
  }
}
