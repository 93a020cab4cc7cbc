package io.posthorn.cli.exec;

import io.posthorn.AddressText;
import io.posthorn.CloseCause;
import io.posthorn.CloseReport;
import io.posthorn.Connection;
import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.Receipt;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.SessionControl;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One client and its child. One thread gives the child what comes, one each carries the child's two
 * streams back, and when child and streams have ended one more tells the client.
 */
final class ExecSession {
  private static final byte[] LINE_FEED = {'\n'};
  private static final int LARGEST_STATUS = 255;

  /** A client that closed in good order has its child given so long to read what it was sent. */
  private static final long GRACE_MILLIS = 2_000;

  /** A child's streams may be held open by what it started: so long they are waited for. */
  private static final long STREAMS_MILLIS = 1_000;

  private static final Duration SLOWEST_CLIENT = Duration.ofMinutes(10);
  private static final long CLIENT_CLOSES_SECONDS = 5;

  private final ExecServer server;
  private final Connection connection;
  private final String peer;
  private final boolean isSession;
  private final boolean asLines;
  private final String name;

  private volatile @Nullable Child child;
  private volatile @Nullable ChildOutput out;
  private volatile @Nullable ChildOutput err;
  private long received;
  private long expected = Long.MAX_VALUE;
  private boolean stdinClosed;
  private boolean telling;
  private boolean starting;
  private boolean hungUp;

  ExecSession(ExecServer server, Connection connection) {
    this.server = server;
    this.connection = connection;
    Application spoken = Application.of(connection);
    isSession = spoken == Application.CONNECT || spoken == Application.SEND;
    asLines = server.settings().lines() && spoken != Application.CONNECT;
    peer = AddressText.of(connection.remoteAddress());
    name = "posthorn-exec-" + connection.remoteAddress().getPort();
  }

  void start() {
    thread(name + "-in", this::serve);
  }

  private static void thread(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  // From the client to the child.

  private void serve() {
    try {
      Message first = isSession ? null : awaitFirst();
      setStarting(true);
      if (!server.enter()) {
        String busy =
            server.settings().once()
                ? "busy: serves one client, no other"
                : "busy: at most " + server.settings().maxClients() + " at once";
        ExecServer.refuse(connection, ExecServer.CODE_BUSY, busy);
        return;
      }
      boolean started = false;
      try {
        started = startChild();
      } finally {
        setStarting(false);
        if (!started) {
          server.leave();
        }
      }
      if (started) {
        feed(first);
      }
    } catch (IOException gone) {
      server.journal().detail(peer + ": " + gone.getMessage());
    } finally {
      setStarting(false);
      passOver();
      endIfGone();
    }
  }

  private synchronized void setStarting(boolean value) {
    starting = value;
    notifyAll();
  }

  /** A child may outlive its client: until it is gone the server must be able to end it. */
  private void endIfGone() {
    Child running = child;
    if (running == null || running.isGone()) {
      server.ended(this);
    }
  }

  /** What nobody takes would stay in memory after the end of its connection. */
  private void passOver() {
    try {
      while (connection.receive(Duration.ZERO) != null) {
        received++;
      }
    } catch (IOException nothingLeft) {
      return;
    }
  }

  /** A peer of another make may only want to ping: its child starts with its first message. */
  private Message awaitFirst() throws IOException {
    while (true) {
      Message message = connection.receive();
      if (message.channel() != SessionControl.CONTROL_CHANNEL) {
        return message;
      }
      echo(message);
    }
  }

  private boolean startChild() {
    Child started;
    try {
      started =
          Child.start(
              server.settings().command(),
              connection,
              server.socket().localAddress().getPort(),
              server.timer(),
              this::endIfGone);
    } catch (IOException failed) {
      server.notStarted(failed);
      ExecServer.refuse(connection, ExecServer.CODE_NO_CHILD, "the command does not start");
      return false;
    }
    server.started();
    server.journal().detail(peer + ": child " + started.process().pid());
    Process process = started.process();
    ChildOutput stdout =
        new ChildOutput(
            process.getInputStream(), connection, SessionControl.DATA_CHANNEL, this::look);
    ChildOutput stderr =
        new ChildOutput(
            isSession
                ? process.getErrorStream()
                : new JournalStream(process.getErrorStream(), server.journal()),
            connection,
            SessionControl.ERROR_CHANNEL,
            this::look);
    boolean tooLate;
    synchronized (this) {
      child = started;
      out = stdout;
      err = stderr;
      tooLate = hungUp;
    }
    stdout.start(name + "-out");
    stderr.start(name + "-err");
    onEnd(process.onExit().thenRun(this::onExit));
    onEnd(connection.closed().thenAccept(this::onClosed));
    if (tooLate) {
      started.terminate();
    }
    return true;
  }

  /** What goes wrong in an action that nobody waits for is said. */
  private void onEnd(CompletableFuture<Void> action) {
    CompletableFuture<Void> said =
        action.exceptionally(
            fault -> {
              server.journal().detail("fault: " + fault);
              return null;
            });
    assert said != action;
  }

  /** Gives the child what comes until the client is gone; what nobody reads is passed over. */
  private void feed(@Nullable Message first) throws IOException {
    if (first != null) {
      take(first);
    }
    try {
      while (true) {
        Message message = connection.receive();
        if (message.channel() == SessionControl.CONTROL_CHANNEL) {
          control(message);
        } else {
          take(message);
        }
      }
    } finally {
      closeStdin();
    }
  }

  private void control(Message message) {
    if (!isSession) {
      echo(message);
    } else if (SessionControl.parse(message.bytes()) instanceof SessionControl.End end) {
      expected = Math.min(expected, end.messages());
      closeStdinAtEnd();
    }
  }

  private void take(Message message) {
    received++;
    Child to = child;
    if (!stdinClosed && to != null) {
      OutputStream stdin = to.process().getOutputStream();
      byte[] body = message.bytes();
      server.gave(body.length);
      try {
        stdin.write(body);
        if (asLines) {
          stdin.write(LINE_FEED);
        }
        stdin.flush();
      } catch (IOException childReadsNoMore) {
        closeStdin();
      }
    }
    closeStdinAtEnd();
  }

  private void closeStdinAtEnd() {
    if (received >= expected) {
      closeStdin();
    }
  }

  private void closeStdin() {
    Child to = child;
    if (stdinClosed || to == null) {
      return;
    }
    stdinClosed = true;
    try {
      to.process().getOutputStream().close();
    } catch (IOException childReadsNoMore) {
      return; // what it has not read it did not want
    }
  }

  private void echo(Message ping) {
    try {
      connection.trySend(
          connection
              .message()
              .channel(SessionControl.CONTROL_CHANNEL)
              .delivery(Delivery.UNRELIABLE)
              .body(ping.body()));
    } catch (IOException gone) {
      server.journal().detail("no answer sent: " + gone.getMessage());
    }
  }

  // The end of the client.

  private void onClosed(CloseReport report) {
    Child running = child;
    if (running == null || !running.process().isAlive()) {
      return;
    }
    boolean inOrder = report.cause() == CloseCause.APPLICATION && report.applicationCode() == 0;
    server.journal().detail(peer + ": client gone before its child: " + report.cause());
    server.timer().after(inOrder ? GRACE_MILLIS : 0, running::terminate);
  }

  /** The server ends. */
  void hangUp() {
    Child running;
    synchronized (this) {
      hungUp = true;
      running = child;
    }
    if (running != null && running.process().isAlive()) {
      running.terminate();
    }
  }

  void awaitChild() throws InterruptedException {
    synchronized (this) {
      while (starting) {
        wait();
      }
    }
    Child running = child;
    if (running != null) {
      running.awaitEnd();
    }
  }

  // The end of the child.

  private void onExit() {
    endIfGone();
    look();
    lookAgainLater(-1);
  }

  private void lookAgainLater(long piecesBefore) {
    server.timer().after(STREAMS_MILLIS, () -> lookWithoutStreams(piecesBefore));
  }

  /** The child is gone; somebody else may hold its streams open and write nothing. */
  private void lookWithoutStreams(long piecesBefore) {
    ChildOutput first = out;
    ChildOutput second = err;
    if (first == null || second == null) {
      return;
    }
    long pieces = first.messages() + second.messages();
    if (first.isSending() || second.isSending() || pieces != piecesBefore) {
      lookAgainLater(pieces);
    } else {
      tell();
    }
  }

  /** Tells the client of the end if child and streams have ended. */
  private void look() {
    Child running = child;
    ChildOutput first = out;
    ChildOutput second = err;
    if (running != null
        && first != null
        && second != null
        && first.isEnded()
        && second.isEnded()
        && !running.process().isAlive()) {
      tell();
    }
  }

  private void tell() {
    synchronized (this) {
      if (telling) {
        return;
      }
      telling = true;
    }
    thread(name + "-end", this::tellAndClose);
  }

  private void tellAndClose() {
    Child ended = child;
    ChildOutput first = out;
    ChildOutput second = err;
    if (ended == null || first == null || second == null) {
      throw new IllegalStateException("a child that never was has ended");
    }
    try {
      int status = ended.process().exitValue() & LARGEST_STATUS;
      server.journal().detail(peer + ": child ended with " + status);
      SessionControl.Exit exit = new SessionControl.Exit(status, first.stop(), second.stop());
      if (isSession && connection.isOpen()) {
        Receipt told =
            connection.send(
                connection.message().channel(SessionControl.CONTROL_CHANNEL).body(exit.toBytes()));
        told.await(SLOWEST_CLIENT);
        connection.closed().get(CLIENT_CLOSES_SECONDS, TimeUnit.SECONDS);
      }
    } catch (TimeoutException staying) {
      server.journal().detail(peer + ": stays after the end of its child");
    } catch (IOException | ExecutionException gone) {
      server.journal().detail(peer + ": left before the exit status");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      // The end of a server of one would cut off what is still on its way to the client.
      boolean last = server.settings().once();
      if (!last) {
        server.leave();
      }
      connection.close(SLOWEST_CLIENT);
      ended.closeStreams();
      if (last) {
        server.leave();
      }
    }
  }
}
