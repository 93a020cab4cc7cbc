package io.posthorn.cli;

import io.posthorn.Connection;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.TransportException;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.SessionControl;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The other direction of {@code listen}: standard input goes to the peer who spoke or connected
 * last. Nothing is read before there is one. A thread of its own reads; all methods are for any
 * thread.
 */
final class TalkBack {
  private static final int CHUNK_BYTES = 16 << 10;
  private static final int PLAIN_CHUNK_BYTES = 1_200;

  private final MessageSocket socket;
  private final InputStream in;
  private final Output output;

  /** How many messages went to each {@code connect} that is there. */
  private final Map<Connection, Long> sessions = new HashMap<>();

  private @Nullable Connection latest;
  private @Nullable InetSocketAddress latestPlain;
  private boolean inputEnded;
  private final Thread thread = new Thread(this::carry, "posthorn-listen-input");

  TalkBack(MessageSocket socket, InputStream in, Output output) {
    this.socket = socket;
    this.in = in;
    this.output = output;
  }

  /** Begins to carry. */
  void start() {
    thread.setDaemon(true);
    thread.start();
  }

  /** Ends with the socket, though no peer has come. */
  void end() {
    thread.interrupt();
  }

  /** A peer has connected. */
  void opened(Connection connection) {
    if (Application.of(connection) != Application.CONNECT) {
      return;
    }
    boolean ended;
    synchronized (this) {
      ended = inputEnded;
      sessions.put(connection, 0L);
      latest = connection;
      notifyAll();
    }
    if (ended) {
      sendEnd(connection, 0);
    }
  }

  /** A peer is gone. */
  synchronized void closed(Connection connection) {
    sessions.remove(connection);
    if (connection.equals(latest)) {
      latest = null;
    }
  }

  /** A message came, other than a ping. */
  synchronized void heard(Message message, @Nullable Connection connection) {
    if (connection != null && connection.isOpen()) {
      latest = connection;
      notifyAll();
    } else if (socket.mode() == Mode.PLAIN) {
      latestPlain = message.from();
      notifyAll();
    }
  }

  private void carry() {
    try {
      byte[] chunk = new byte[latestPlain() != null ? PLAIN_CHUNK_BYTES : CHUNK_BYTES];
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        byte[] bytes = Arrays.copyOf(chunk, count);
        boolean sent = send(bytes);
        while (!sent) {
          sent = send(bytes);
        }
      }
      endInput();
    } catch (InterruptedException | InterruptedIOException ended) {
      Thread.currentThread().interrupt();
    } catch (IOException failed) {
      if (!socket.isClosed()) {
        output.error("standard input: " + failed.getMessage());
      }
    }
  }

  /** Waits for the first peer; answers its address in plain mode. */
  private synchronized @Nullable InetSocketAddress latestPlain() throws InterruptedException {
    awaitPeer();
    return latestPlain;
  }

  private synchronized void awaitPeer() throws InterruptedException {
    while (latest == null && latestPlain == null) {
      wait();
    }
  }

  /** Sends to whoever is there; false if that one has just gone. */
  private boolean send(byte[] bytes) throws IOException, InterruptedException {
    Connection connection;
    InetSocketAddress plain;
    synchronized (this) {
      awaitPeer();
      connection = latest;
      plain = latestPlain;
    }
    if (connection == null) {
      if (plain != null) {
        socket.send(plain, bytes);
      }
      return true;
    }
    try {
      connection.send(bytes);
    } catch (TransportException gone) {
      if (socket.isClosed()) {
        throw gone;
      }
      synchronized (this) {
        if (connection.equals(latest)) {
          latest = null;
        }
      }
      return false;
    }
    synchronized (this) {
      sessions.computeIfPresent(connection, (session, count) -> count + 1);
    }
    return true;
  }

  private void endInput() {
    Map<Connection, Long> all;
    synchronized (this) {
      inputEnded = true;
      all = new HashMap<>(sessions);
    }
    all.forEach(this::sendEnd);
  }

  private void sendEnd(Connection connection, long messages) {
    try {
      connection.send(
          connection
              .message()
              .channel(SessionControl.CONTROL_CHANNEL)
              .body(new SessionControl.End(messages).toBytes()));
    } catch (IOException gone) {
      output.detail("a peer left before the end of the input");
    }
  }
}
