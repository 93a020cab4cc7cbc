package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.cli.proxy.ProxyControl;
import io.posthorn.cli.proxy.ProxyOrder;
import io.posthorn.cli.proxy.ProxyReport;
import io.posthorn.cli.sockets.SocketRows;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkRecording;
import io.posthorn.simulation.Relay;
import io.posthorn.simulation.RelayStatistics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code posthorn proxy}: a bad network between any two UDP programs. */
@Command(
    name = "proxy",
    description = {
      "Passes datagrams between its clients and a target through a bad network, for any UDP"
          + " program: each client has a socket of its own towards the target, as behind a NAT.",
      "",
      "Conditions are words of tc-netem(8) such as \"delay 40ms 10ms loss 5%% rate 20mbit\", a"
          + " profile such as @lte, or \"replay FILE\". They change while it runs, by lines on"
          + " standard input: "
          + ProxyOrder.HELP
          + ".",
      "",
      "With --change the same is told to a proxy that runs elsewhere, in the background or in"
          + " another terminal, named by its port, its process or its address if there are several:"
          + " --change [PORT|PID|HOST:PORT] up SPEC, or with --up, --down and --impair. The answer says what"
          + " was changed; with nothing to change, what is in force.",
      "Each second in which anything happens it prints what did. The fate of the n-th datagram of a"
          + " client and direction depends on the seed alone."
    })
final class ProxyCommand implements Callable<Integer> {
  /** How long it takes at most to see that the relay has failed. */
  private static final long MOST_WAIT_NANOS = 1_000_000_000;

  private final Posthorn root;

  @Parameters(
      arity = "0..*",
      paramLabel = "LISTEN TARGET",
      hideParamSyntax = true,
      description = {
        "Where clients send, 9001 or HOST:PORT, and where it goes, HOST:PORT; with --change which"
            + " proxy, and what it is told."
      })
  private List<String> where = List.of();

  @Option(
      names = "--impair",
      paramLabel = "SPEC",
      converter = SocketFlags.Conditions.class,
      description = {
        "The conditions of both directions, but for one that --up or --down names; default none, a"
            + " perfect network."
      })
  private @Nullable LinkConditions both;

  @Option(
      names = "--up",
      paramLabel = "SPEC",
      converter = SocketFlags.Conditions.class,
      description = "From the clients to the target.")
  private @Nullable LinkConditions up;

  @Option(
      names = "--down",
      paramLabel = "SPEC",
      converter = SocketFlags.Conditions.class,
      description = "From the target to the clients.")
  private @Nullable LinkConditions down;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "What decides the fate of each datagram; default ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(
      names = "--record",
      paramLabel = "FILE",
      converter = OutputPath.class,
      description = "Write what happens to each datagram to a file, made anew.")
  private @Nullable Path record;

  @Option(
      names = "--pcap",
      paramLabel = "FILE",
      converter = OutputPath.class,
      description = {
        "Write each datagram that comes and goes, on both sides, to FILE, in the format pcapng, for"
            + " Wireshark and \"posthorn trace\"; what the network takes has a comment that says"
            + " why."
      })
  private @Nullable Path pcap;

  @Mixin private ReplayFlag replay = new ReplayFlag();

  @Option(
      names = "--print-tc",
      paramLabel = "DEVICE",
      arity = "0..1",
      fallbackValue = "eth0",
      description = {
        "Print the commands of tc(8) that do the same, for a device (default eth0), and end: for"
            + " the way up on the clients' side, for the way down on the target's."
      })
  private @Nullable String device;

  @Option(names = "--change", description = "Tell a running proxy something, and end.")
  private boolean change;

  @Mixin private FiguresFlag figures = new FiguresFlag();

  @Option(
      names = "--clients",
      paramLabel = "N",
      description = "Clients at one time, at most; default ${DEFAULT-VALUE}.")
  private int mostClients = 1_024;

  @Option(
      names = "--idle",
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = "A client silent for so long is forgotten; default 2 minutes.")
  private Duration idle = Duration.ofMinutes(2);

  @Mixin private QuietFlag quiet = new QuietFlag();

  @Spec private @Nullable CommandSpec command;

  private final ProxyReport report = new ProxyReport();
  private final long startNanos = System.nanoTime();

  ProxyCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    refuseOverruled();
    LinkRecording recording = replay.recording();
    if (change) {
      TypedOptions.refuse(
          command,
          "with --change, which tells a proxy that runs already",
          "leave out what is for its start",
          "--record",
          "--pcap",
          "--seed",
          "--clients",
          "--idle",
          "-i",
          "--print-tc");
      LinkConditions forBoth = recording == null ? both : LinkConditions.replaying(recording);
      ProxyChange.of(where, forBoth, up, down).tell(root, output);
      return ExitCode.OK.status();
    }
    LinkConditions upward = conditions(up, recording);
    LinkConditions downward = conditions(down, recording);
    String printFor = device;
    if (printFor != null) {
      refuseBesidePrintTc(printFor);
      printTc(output, printFor, upward, downward);
      return ExitCode.OK.status();
    }
    List<EndpointAddress> addresses = EndpointAddress.ofWords(where, 2, 1);
    EndpointAddress.Local at = addresses.get(0).resolveLocal(root.everywhere().family());
    InetSocketAddress target = addresses.get(1).resolve(root.everywhere().family());
    if (at.hears(target)) {
      throw new Failure(
          ExitCode.USAGE,
          "the target " + AddressText.of(target) + " is the proxy itself",
          "name the server behind it, or listen at another port");
    }
    Relay relay = start(at, target, upward, downward);
    root.sockets().add(SocketRows.of(relay, target, at.family()));
    ProxyControl control = new ProxyControl(relay);
    OrderInput orders = OrderInput.start(root.streams());
    ProxyDoor door = new ProxyDoor(root, relay, control, orders, output, this::seconds);
    try {
      boolean unused =
          root.signals()
              .untilOneComes(
                  () -> {
                    door.open(target);
                    output.note(
                        "listening on "
                            + at.text(relay.localAddress())
                            + ", proxy for "
                            + AddressText.of(target)
                            + "; "
                            + control.state().text());
                    serve(relay, control, orders, output);
                  });
    } finally {
      door.close();
      relay.close();
    }
    tellAll(relay, output);
    return checkRecord(relay);
  }

  /** Refuses conditions in place of which others would be taken, both ways. */
  private void refuseOverruled() throws Failure {
    TypedOptions.refuseBoth(command, "--impair", "--replay");
    if (up != null && down != null) {
      TypedOptions.refuse(
          command,
          "beside --up and --down, which say all",
          "leave it out, or one of them",
          "--impair",
          "--replay");
    }
  }

  /** Refuses what is for a proxy that runs; what names its addresses may be taken for a device. */
  private void refuseBesidePrintTc(String name) throws Failure {
    TypedOptions.refuse(
        command,
        "with --print-tc, which starts no proxy",
        "leave out what is for one that runs",
        "--record",
        "--pcap",
        "--seed",
        "--clients",
        "--idle",
        "-i");
    if (!where.isEmpty()) {
      throw new Failure(
          ExitCode.USAGE,
          "addresses beside --print-tc " + name + ", which starts no proxy",
          "leave them out; what stands behind --print-tc is a device");
    }
  }

  private LinkConditions conditions(
      @Nullable LinkConditions ofThisWay, @Nullable LinkRecording recording) {
    if (ofThisWay != null) {
      return ofThisWay;
    }
    if (recording != null) {
      return LinkConditions.replaying(recording);
    }
    LinkConditions forBoth = both;
    return forBoth == null ? LinkConditions.NONE : forBoth;
  }

  private static void printTc(
      Output output, String device, LinkConditions upward, LinkConditions downward)
      throws IOException {
    output.line("# up, where the clients are:");
    for (String line : upward.toTc(device)) {
      output.line(TextSafety.visible(line));
    }
    output.line("# down, where the target is:");
    for (String line : downward.toTc(device)) {
      output.line(TextSafety.visible(line));
    }
    output.flush();
  }

  private Relay start(
      EndpointAddress.Local local, InetSocketAddress target, LinkConditions up, LinkConditions down)
      throws Failure {
    Relay.Builder builder;
    try {
      builder =
          Relay.inFrontOf(target)
              .listen(local.at())
              .up(up)
              .down(down)
              .seed(seed)
              .maxClients(mostClients)
              .idleTimeout(idle);
    } catch (IllegalArgumentException wrong) {
      throw new Failure(ExitCode.USAGE, String.valueOf(wrong.getMessage()), "", wrong);
    }
    ProtocolFamily family = local.family();
    if (family != null) {
      builder.protocolFamily(family);
    }
    Path file = record;
    if (file != null) {
      builder.record(file);
    }
    Path capture = pcap;
    if (capture != null) {
      builder.capture(capture);
    }
    try {
      return builder.start();
    } catch (FileSystemException failed) {
      throw Failures.ofCreation(failed);
    } catch (IOException failed) {
      throw Failures.ofBind(failed, local);
    }
  }

  private void serve(Relay relay, ProxyControl control, OrderInput orders, Output output)
      throws IOException, InterruptedException, Failure {
    boolean silent = figures.none() || output.isQuiet();
    long stepNanos = figures.step().toNanos();
    long nextNanos = startNanos + stepNanos;
    while (true) {
      Throwable fault = relay.failure();
      if (fault != null) {
        throw new Failure(
            ExitCode.INTERNAL, "nothing passes any more: " + fault, "report it", fault);
      }
      long leftNanos = nextNanos - System.nanoTime();
      String line = orders.next(Duration.ofNanos(Math.min(leftNanos, MOST_WAIT_NANOS)));
      if (line == null && leftNanos > MOST_WAIT_NANOS) {
        continue;
      }
      if (line == null) {
        nextNanos += stepNanos;
        if (!silent && report.isNews(relay.statistics())) {
          tell(relay, output);
        }
        continue;
      }
      try {
        ProxyOrder order = ProxyOrder.parse(line);
        switch (order.verb()) {
          case STATISTICS -> tellAll(relay, output);
          case QUIT -> {
            return;
          }
          case CUT -> {
            control.obey(order);
            output.note("cut: nothing passes until \"mend\"");
          }
          default -> output.note(control.obey(order).now().text());
        }
      } catch (IllegalArgumentException wrong) {
        output.error(String.valueOf(wrong.getMessage()));
      }
    }
  }

  private void tell(Relay relay, Output output) throws IOException {
    RelayStatistics now = relay.statistics();
    output.line(report.interval(now, seconds(), output.isJson()));
    output.flush();
  }

  private void tellAll(Relay relay, Output output) throws IOException {
    output.line(ProxyReport.total(relay.statistics(), seconds(), output.isJson()));
    output.flush();
  }

  private double seconds() {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  private int checkRecord(Relay relay) throws Failure {
    IOException failure = relay.recordingFailure();
    if (failure != null) {
      throw new Failure(
          ExitCode.IO,
          record + ": the record is not complete: " + failure.getMessage(),
          "make room on the disk, or record elsewhere",
          failure);
    }
    return ExitCode.OK.status();
  }
}
