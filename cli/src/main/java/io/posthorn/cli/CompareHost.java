package io.posthorn.cli;

import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Mode;
import io.posthorn.cli.bench.EchoArena;
import io.posthorn.cli.compare.Arena;
import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.session.Application;
import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.FileSystemException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code compare} that lead over a real network, and the sockets for it. */
final class CompareHost {
  @Option(
      names = "--host",
      paramLabel = "HOST:PORT",
      description = {
        "Over the real network to the \"posthorn bench -s\" there, which sends all back: times are"
            + " round trips, the transports run one after the other, and nothing is impaired that"
            + " --impair does not ask for."
      })
  private @Nullable String host;

  @Option(
      names = {"-w", "--timeout"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = "With --host: how long to wait for its answer, default 5 s.")
  private Duration timeout = Duration.ofSeconds(5);

  @Mixin private IdentityFlags identity = new IdentityFlags();

  @Mixin private TraceFlags traces = new TraceFlags();

  boolean isAsked() {
    return host != null;
  }

  /** Refuses options that only sockets to a host can have. */
  void requireNothingWithoutHost(Posthorn root) throws Failure {
    TypedOptions.refuse(
        root.asked(),
        "without --host: no answer is waited for",
        "give --host, or leave it out",
        "-w");
    if (identity.isGiven()) {
      throw new Failure(
          ExitCode.USAGE,
          "keys or a secret without --host: both ends are made for the comparison",
          "give --host, or leave them out");
    }
    if (traces.any()) {
      throw new Failure(
          ExitCode.USAGE,
          "--trace, --keylog and --pcap without --host",
          "give --host, or take \"posthorn send\" or \"posthorn bench\" with --impair");
    }
  }

  /**
   * Finds the server.
   *
   * @param impaired whether there will be a bad network under the sockets
   */
  Arena open(Posthorn root, boolean impaired) throws Exception {
    InetSocketAddress server =
        EndpointAddress.ofPeer(String.valueOf(host)).resolve(root.everywhere().family());
    EchoArena.Opener opener =
        (mode, plan, run) -> {
          try {
            return socket(root, mode, plan, run);
          } catch (Failure failed) {
            throw new IOException(failed);
          }
        };
    try {
      return EchoArena.open(server, opener, impaired, timeout);
    } catch (IOException failed) {
      if (failed.getCause() instanceof Failure told) {
        throw told;
      }
      throw BenchFailures.of(failed, server, false);
    }
  }

  private MessageSocket socket(Posthorn root, Mode mode, @Nullable ComparePlan plan, int run)
      throws IOException, Failure {
    MessageSocketBuilder builder = MessageSocket.builder().mode(mode);
    if (mode == Mode.RELIABLE) {
      builder
          .security(identity.ofClient(root))
          .application(Application.BENCH.words())
          .handshakeTimeout(SocketFlags.possible(timeout));
      if (plan != null) {
        traces.apply(builder, false, root.output(false));
      }
    }
    if (plan != null && !plan.conditions().equals(LinkConditions.NONE)) {
      builder.impair(plan.conditions()).impairSeed(plan.seed(run));
    }
    try {
      MessageSocket socket = builder.open();
      root.sockets().add(socket);
      return socket;
    } catch (FileSystemException failed) {
      traces.throwIfNotCreated(failed);
      throw failed;
    }
  }
}
