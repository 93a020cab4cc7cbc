package io.posthorn.cli;

import io.posthorn.CloseReport;
import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.cli.exec.ExecServer;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.ReliableLine;
import io.posthorn.cli.session.TwoWaySession;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * A session over a connection, from its beginning to the exit status: the child's if the peer has
 * one, and then {@link #OWN_FAILURE} for whatever keeps it from us.
 */
final class SessionRun {
  /** The exit status of a session with a child that did not come to its end, as ssh has it. */
  static final int OWN_FAILURE = 255;

  private static final Duration UNTIL_THE_END = Duration.ofDays(365);
  private static final Duration AFTER_STOP = Duration.ofMillis(500);

  private final Connection connection;
  private final String command;
  private final Output output;
  private final InetSocketAddress peer;

  SessionRun(Connection connection, String command, Output output) {
    this.connection = connection;
    this.command = command;
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
            EndpointAddress.text(peer) + " ended the session without an exit status",
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
            report.unacknowledged() + " messages to " + EndpointAddress.text(peer) + " were lost",
            "run it again");
      }
      return statusOf(end, peer, options.idle());
    } catch (InterruptedIOException | InterruptedException interrupted) {
      connection.close(OWN_FAILURE, "interrupted", AFTER_STOP);
      throw interrupted;
    } catch (Exception failed) {
      connection.close(OWN_FAILURE, "gave up", AFTER_STOP);
      shown.finish();
      Failure failure = Failures.of(failed);
      boolean busy =
          failed instanceof ConnectionClosedException closed
              && closed.applicationCode() == ExecServer.CODE_BUSY;
      if (Application.of(connection) != Application.EXEC
          || busy
          || failure.code() == ExitCode.BROKEN_PIPE) {
        throw failure;
      }
      output.failure(command, failure);
      return OWN_FAILURE;
    }
  }

  /** The exit status of a session without a child. */
  static int statusOf(TwoWaySession.End end, InetSocketAddress peer, Duration idle) throws Failure {
    if (end == TwoWaySession.End.IDLE_INPUT) {
      throw new Failure(
          ExitCode.TRY_AGAIN,
          "nothing passed to or from "
              + EndpointAddress.text(peer)
              + " for "
              + idle.toMillis() / 1e3
              + " s",
          "give -w more time");
    }
    return ExitCode.OK.status();
  }
}
