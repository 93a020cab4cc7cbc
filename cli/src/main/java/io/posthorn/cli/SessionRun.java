package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.CloseReport;
import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.MessageSocket;
import io.posthorn.cli.exec.ExecServer;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.ReliableLine;
import io.posthorn.cli.session.TwoWaySession;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * A session over a connection, from its beginning to the exit status: the child's if the peer has
 * one, and then 255 for whatever keeps it from us.
 */
final class SessionRun {
  private static final Duration UNTIL_THE_END = Duration.ofDays(365);
  private static final Duration AFTER_STOP = Duration.ofMillis(500);

  private final Connection connection;
  private final Output output;
  private final InetSocketAddress peer;

  SessionRun(Connection connection, Output output) {
    this.connection = connection;
    this.output = output;
    peer = connection.remoteAddress();
  }

  /** Holds the session and closes the connection; answers the exit status. */
  int run(ReliableLine line, TwoWaySession.Feed feed, TwoWaySession.Options options)
      throws Exception {
    SessionOutput shown = new SessionOutput(output);
    TwoWaySession session = new TwoWaySession(line, feed, shown, options);
    try {
      TwoWaySession.End end = session.run();
      if (end == TwoWaySession.End.NO_STATUS) {
        throw new Failure(
            ExitCode.PROTOCOL,
            AddressText.of(peer) + " ended the session without an exit status",
            "");
      }
      CloseReport report = Closing.of(connection, UNTIL_THE_END).await();
      shown.finish();
      if (end == TwoWaySession.End.EXITED) {
        return session.status();
      }
      if (!report.isComplete()) {
        throw new Failure(
            ExitCode.TRY_AGAIN,
            report.unacknowledged() + " messages to " + AddressText.of(peer) + " were lost",
            "run it again");
      }
      return statusOf(end, peer, options.idle());
    } catch (InterruptedIOException | InterruptedException interrupted) {
      connection.close(ExitCode.SESSION.status(), "interrupted", AFTER_STOP);
      throw interrupted;
    } catch (Exception failed) {
      connection.close(ExitCode.SESSION.status(), "gave up", AFTER_STOP);
      shown.finish();
      throw failure(failed, Application.of(connection) == Application.EXEC);
    }
  }

  /** Opens the connection of a session. */
  static Connection open(MessageSocket socket, InetSocketAddress peer) throws Failure, IOException {
    try {
      Connection connection = socket.connect(peer);
      if (Application.of(connection) == Application.RECEIVE) {
        connection.close(AFTER_STOP);
        throw new Failure(
            ExitCode.PROTOCOL,
            AddressText.of(peer) + " takes files and nothing else",
            "use posthorn copy");
      }
      return connection;
    } catch (ConnectionClosedException ended) {
      throw failure(ended, ended.applicationCode() == ExecServer.CODE_NO_CHILD);
    }
  }

  private static Failure failure(Exception failed, boolean withChild) {
    Failure failure = Failures.of(failed);
    boolean busy =
        failed instanceof ConnectionClosedException closed
            && closed.applicationCode() == ExecServer.CODE_BUSY;
    return !withChild || busy || failure.code() == ExitCode.BROKEN_PIPE
        ? failure
        : new Failure(ExitCode.SESSION, failure.what(), failure.remedy(), failed);
  }

  /** The exit status of a session without a child. */
  static int statusOf(TwoWaySession.End end, InetSocketAddress peer, Duration idle) throws Failure {
    if (end == TwoWaySession.End.IDLE_INPUT) {
      throw new Failure(
          ExitCode.TRY_AGAIN,
          "nothing passed to or from "
              + AddressText.of(peer)
              + " for "
              + idle.toMillis() / 1e3
              + " s",
          "give -w more time");
    }
    return ExitCode.OK.status();
  }
}
