package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.PlainLine;
import io.posthorn.cli.session.ReliableLine;
import io.posthorn.cli.session.TwoWaySession;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code posthorn connect}: standard input to a peer, and what comes back to standard output. */
@Command(
    name = "connect",
    description = {
      "Sends standard input to a peer as it comes, and writes what comes back to standard output.",
      "",
      "It ends when the peer ends, and answers the exit status of the peer's child if that is"
          + " \"listen --exec\". Such a child is told of the end of the input; another listener"
          + " only with -N."
    })
final class ConnectCommand implements Callable<Integer> {

  private final Posthorn root;

  @Mixin private PeerFlag where = new PeerFlag();

  @Mixin private SocketFlags flags = new SocketFlags();

  @Option(
      names = {"-w", "--wait"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = {
        "Give up when the peer does not answer (default 10 s), or when nothing passes either way"
            + " (default never), for so long. After the end of the input that is a success."
      })
  private Duration wait = Duration.ZERO;

  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = "Wait so long after each line that is sent.")
  private Duration interval = Duration.ZERO;

  @Option(
      names = {"-N", "--half-close"},
      description = {
        "Tell the peer when standard input ends; the session ends when the peer has ended too. A"
            + " peer that cannot be told is left then."
      })
  private boolean halfClose;

  @Mixin private QuietFlag quiet = new QuietFlag();

  ConnectCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    InetSocketAddress peer = where.resolve(root);
    try (MessageSocket socket =
        flags.openAnywhere(wait.isZero() ? null : wait, Application.CONNECT)) {
      return root.signals()
          .statusOf(
              () -> flags.isPlain() ? plain(socket, peer, output) : reliable(socket, peer, output));
    }
  }

  private int plain(MessageSocket socket, InetSocketAddress peer, Output output) throws Exception {
    SessionOutput shown = new SessionOutput(output);
    PlainLine line = new PlainLine(socket, peer);
    TwoWaySession.End end =
        new TwoWaySession(
                line,
                new StandardFeed(root.streams().in(), line.largestBytes(), interval),
                shown,
                new TwoWaySession.Options(wait, halfClose))
            .run();
    shown.finish();
    return SessionRun.statusOf(end, peer, wait);
  }

  private int reliable(MessageSocket socket, InetSocketAddress peer, Output output)
      throws Exception {
    Connection connection = SessionRun.open(socket, peer);
    output.detail("connected to " + AddressText.of(peer));
    ReliableLine line = new ReliableLine(connection);
    return new SessionRun(connection, output)
        .run(
            line,
            new StandardFeed(root.streams().in(), line.largestBytes(), interval),
            new TwoWaySession.Options(wait, halfClose));
  }
}
