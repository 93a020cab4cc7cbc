package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.SessionControl;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One peer of {@code listen} in reliable mode. A thread of its own takes what the peer sends,
 * prints it, and sends it back if that is asked for, so that a peer that stops in the middle of a
 * message or does not read its echo holds up nobody else.
 */
final class ListenSession {
  private static final int CHUNK_BYTES = 64 << 10;

  private final ListenServer server;
  private final Connection connection;
  private final boolean hasInput;
  private final boolean isSession;
  private final EchoEnd echoEnd;
  private final Thread thread = new Thread(this::serve, "posthorn-listen");
  private volatile boolean stopping;

  /**
   * A session that has not begun.
   *
   * @param hasInput whether standard input may go to the peer
   */
  ListenSession(ListenServer server, Connection connection, boolean hasInput) {
    this.server = server;
    this.connection = connection;
    this.hasInput = hasInput;
    isSession = Application.of(connection) == Application.CONNECT;
    echoEnd = new EchoEnd(connection);
    thread.setDaemon(true);
  }

  /** Begins to take messages. */
  void start() {
    thread.start();
  }

  /** Has it take what has come and wait for no more. */
  void stop() {
    stopping = true;
    thread.interrupt();
  }

  /** Waits for its end. */
  void join(Duration limit) throws InterruptedException {
    thread.join(Math.max(1, limit.toMillis()));
  }

  /** Whether it has not ended yet. */
  boolean isRunning() {
    return thread.isAlive();
  }

  Connection connection() {
    return connection;
  }

  /** Closes the connection, as there is no thread to be had for it. */
  void refuse() {
    refuse("busy: it serves as many as it can");
  }

  private void refuse(String text) {
    server.output().detail(AddressText.of(connection.remoteAddress()) + " is refused: " + text);
    connection.close(ExitCode.TRY_AGAIN.status(), text, Duration.ZERO);
  }

  private void serve() {
    try {
      TalkBack back = server.settings().talkBack();
      if (back != null && hasInput) {
        back.opened(connection);
      } else if (back == null && isSession && !server.settings().echo()) {
        tell(this::sayEnd);
      }
      boolean taken = true;
      while (taken) {
        Message message = next();
        taken = message != null && take(message);
      }
    } catch (IOException ended) {
      return; // as connections do
    } finally {
      server.flush(); // the last may have been printed right before the end was found
      server.ended(this);
    }
  }

  /** Waits for a message; null if no more is waited for. */
  private @Nullable Message next() throws IOException {
    if (!stopping) {
      try {
        Message message = connection.receive(Duration.ZERO);
        if (message != null || !server.flush()) {
          return message;
        }
        return connection.receive();
      } catch (InterruptedIOException stopped) {
        assert stopping;
      }
    }
    boolean unused = Thread.interrupted();
    return connection.receive(Duration.ZERO);
  }

  /** Answers whether there is a use for more. */
  private boolean take(Message message) throws IOException {
    if (message.channel() == SessionControl.CONTROL_CHANNEL) {
      if (message.isStreamed()) {
        message.stream().close(); // neither a ping nor control
      } else if (isSession) {
        onControl(message);
      } else if (!server.laterAnswers().take(connection, message)) {
        sendBack(message, message.bytes());
      }
      return true;
    }
    if (!server.takesFrom(connection)) {
      refuse("busy: it serves one sender");
      return true;
    }
    TalkBack back = server.settings().talkBack();
    if (back != null) {
      back.heard(message, connection);
    }
    if (message.isStreamed()) {
      return takeStream(message);
    }
    detail(message, message.size());
    boolean printed = server.print(message, isSession);
    if (server.settings().echo()) {
      sendBack(message, message.bytes());
      tookForEcho(true);
    }
    return printed;
  }

  private void detail(Message message, long bytes) {
    if (server.output().isVerbose()) {
      server
          .output()
          .detail(Quantity.counted(bytes, "byte") + " from " + AddressText.of(message.from()));
    }
  }

  /**
   * Takes a message that comes in parts: what a listener takes in one piece is put together first;
   * what is longer, or longer than there is memory for, is printed as it comes.
   */
  private boolean takeStream(Message message) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    byte[] chunk = new byte[CHUNK_BYTES];
    boolean inParts = false;
    boolean printed = true;
    long bytes = 0;
    IOException cut = null;
    int held = 0;
    try {
      InputStream in = message.stream(); // not closed: that would wait for the rest
      for (int count = in.read(chunk); count >= 0 && printed; count = in.read(chunk)) {
        bytes += count;
        if (whole.size() + count > MessageSource.LARGEST_BYTES || !server.hold(count)) {
          inParts = true;
          printed = server.printPart(this, whole.toByteArray(), isSession);
          whole.reset();
          server.release(held);
          held = 0;
        } else {
          held += count;
        }
        whole.write(chunk, 0, count);
      }
    } catch (IOException early) {
      cut = early;
    } finally {
      server.release(held);
    }
    byte[] last = whole.toByteArray();
    detail(message, bytes);
    printed = printed && server.printPart(this, last, isSession) && server.endParts(this);
    if (cut != null) {
      server.output().error("a message ended early: " + cut);
    } else if (server.settings().echo()) {
      if (inParts) {
        server.output().error("a message too large for one piece was not sent back");
      } else {
        sendBack(message, last);
      }
      tookForEcho(!inParts);
    }
    return printed;
  }

  private void onControl(Message message) {
    if (server.settings().echo()
        && SessionControl.parse(message.bytes()) instanceof SessionControl.End end) {
      tell(() -> echoEnd.ended(end));
    }
  }

  /** Nothing goes to the peer, which would wait for the end of that. */
  private void sayEnd() throws IOException {
    connection.send(
        connection
            .message()
            .channel(SessionControl.CONTROL_CHANNEL)
            .body(new SessionControl.End(0).toBytes()));
  }

  private void tookForEcho(boolean sentBack) {
    if (isSession) {
      tell(() -> echoEnd.took(sentBack));
    }
  }

  private interface Telling {
    void run() throws IOException;
  }

  /** Sends something; that it could not be is no reason to leave what the peer has sent before. */
  private void tell(Telling telling) {
    try {
      telling.run();
    } catch (IOException gone) {
      server.output().detail("no answer sent: " + gone.getMessage());
    }
  }

  /** Sends a message back as it came. */
  private void sendBack(Message message, byte[] body) {
    Delivery delivery =
        message.delivery() == Delivery.RELIABLE_LATEST
            ? Delivery.RELIABLE_ORDERED
            : message.delivery();
    Message answer = connection.message().channel(message.channel()).delivery(delivery).body(body);
    tell(
        () -> {
          if (!delivery.isReliable() || stopping) {
            var unused = connection.trySend(answer);
          } else {
            connection.send(answer);
          }
        });
  }
}
