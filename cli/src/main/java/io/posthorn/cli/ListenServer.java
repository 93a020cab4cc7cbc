package io.posthorn.cli;

import io.posthorn.CloseReport;
import io.posthorn.Connection;
import io.posthorn.ConnectionListener;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The peers of {@code listen} in reliable mode, each served on a thread of its own. */
final class ListenServer implements ConnectionListener {
  private static final int MOST_PEERS = 10_000;

  /** Whoever goes on sending does not hold up the end for ever. */
  private static final long DRAIN_NANOS = 2_000_000_000L;

  /** Of the messages that come in parts and are put together, all at once. */
  private static final long MOST_HELD_BYTES =
      Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 8);

  private final MessageSocket socket;
  private final Settings settings;
  private final Printout printout;
  private final Output output;
  private final LaterAnswers laterAnswers = new LaterAnswers();
  private final OneSender oneSender = new OneSender();

  private final Map<Connection, ListenSession> sessions = new HashMap<>();

  /** Those that were there at the start, of which the listener may be told all the same. */
  private final Set<Connection> early = new HashSet<>();

  private boolean started;
  private boolean over;
  private long heldBytes;
  private @Nullable Thread main;

  /**
   * How peers are served.
   *
   * @param echo whether messages are sent back
   * @param once whether one sender is served and no more
   * @param talkBack where standard input goes to the peers, or null
   */
  record Settings(boolean echo, boolean once, @Nullable TalkBack talkBack) {}

  ListenServer(MessageSocket socket, Settings settings, Printout printout, Output output) {
    this.socket = socket;
    this.settings = settings;
    this.printout = printout;
    this.output = output;
  }

  /**
   * So many peers at once, if nothing else is said: each has a thread, and a connection, of which
   * there are no more than a socket allows by itself.
   */
  static int mostPeers(long heapBytes) {
    return Math.min(MOST_PEERS, SocketOptions.defaults(Mode.RELIABLE, heapBytes).maxConnections());
  }

  // The peers.

  /** Begins to serve those who have come and those who will. */
  void begin() throws IOException {
    socket.onConnection(this);
    // The listener is not told of who came before.
    for (Connection one = socket.accept(Duration.ZERO);
        one != null;
        one = socket.accept(Duration.ZERO)) {
      known(one);
    }
    List<ListenSession> waiting;
    synchronized (this) {
      started = true;
      early.addAll(sessions.keySet());
      waiting = new ArrayList<>(sessions.values());
    }
    waiting.forEach(this::start);
  }

  private synchronized ListenSession known(Connection connection) {
    ListenSession before = sessions.get(connection);
    if (before != null) {
      return before;
    }
    boolean mayBeServed = oneSender.opened(connection);
    ListenSession session = new ListenSession(this, connection, mayBeServed || !settings.once);
    sessions.put(connection, session);
    return session;
  }

  @Override
  public void opened(Connection connection) {
    ListenSession session;
    synchronized (this) {
      if (early.remove(connection)) {
        return;
      }
      session = known(connection);
      if (!started) {
        return;
      }
    }
    start(session);
  }

  private void start(ListenSession session) {
    try {
      session.start();
    } catch (OutOfMemoryError noThread) {
      session.refuse();
      ended(session);
    }
  }

  @Override
  public void closed(Connection connection, CloseReport report) {
    // Its session ends when it has taken all that came.
  }

  /** A session has taken all that there is for it. */
  void ended(ListenSession session) {
    Connection connection = session.connection();
    TalkBack back = settings.talkBack;
    if (back != null) {
      back.closed(connection);
    }
    oneSender.closed(connection);
    synchronized (this) {
      sessions.remove(connection);
      if (settings.once
          && oneSender.isEnded()
          && sessions.keySet().stream().allMatch(Connection::isOpen)) {
        finish();
      }
    }
  }

  /** Whether a message of this connection is for us. */
  boolean takesFrom(Connection connection) {
    return !settings.once || oneSender.takes(connection);
  }

  // The thread that waits.

  /**
   * Serves until the one sender has ended, if there is to be only one.
   *
   * @throws InterruptedIOException if the thread is interrupted
   * @throws IOException if what came cannot be printed, or the socket has failed
   */
  void run() throws IOException {
    synchronized (this) {
      if (over) {
        printout.throwIfFailed();
        return;
      }
      main = Thread.currentThread();
    }
    try {
      while (true) {
        socket.accept(); // the listener knows it; here the end of the socket is told
      }
    } catch (InterruptedIOException stopped) {
      if (!isOver()) {
        throw stopped;
      }
      boolean unused = Thread.interrupted();
    } finally {
      synchronized (this) {
        main = null;
      }
    }
    printout.throwIfFailed();
  }

  private synchronized boolean isOver() {
    return over;
  }

  private synchronized void finish() {
    over = true;
    Thread waiting = main;
    if (waiting != null) {
      waiting.interrupt();
    }
  }

  /** Takes what has come, after a signal. */
  void drain() throws IOException, InterruptedException {
    List<ListenSession> open;
    synchronized (this) {
      open = new ArrayList<>(sessions.values());
    }
    open.forEach(ListenSession::stop);
    long startNanos = System.nanoTime();
    for (ListenSession one : open) {
      one.join(Duration.ofNanos(DRAIN_NANOS - (System.nanoTime() - startNanos)));
    }
    if (open.stream().anyMatch(ListenSession::isRunning)) {
      // Where nobody reads what is printed, all that follows may wait for ever: the peers are told.
      socket.close(socket.linger());
    }
    printout.throwIfFailed();
  }

  // What the sessions share.

  /** Prints a message; false if nothing can be printed any more. */
  boolean print(Message message, boolean session) {
    return orFinish(printout.print(message, session));
  }

  /** Prints a part of a message; false if nothing can be printed any more. */
  boolean printPart(ListenSession owner, byte[] part, boolean session) {
    return orFinish(printout.printPart(owner, part, session));
  }

  /** Ends a message that was printed in parts; false if nothing can be printed any more. */
  boolean endParts(ListenSession owner) {
    return orFinish(printout.endParts(owner));
  }

  /** Lets out what was printed; false if nothing can be printed any more. */
  boolean flush() {
    return orFinish(printout.flush());
  }

  private boolean orFinish(boolean printed) {
    if (!printed) {
      finish();
    }
    return printed;
  }

  /** Asks for memory for parts of a message; false if there is none. */
  synchronized boolean hold(int bytes) {
    if (heldBytes + bytes > MOST_HELD_BYTES) {
      return false;
    }
    heldBytes += bytes;
    return true;
  }

  /** Memory for parts of a message is free again. */
  synchronized void release(long bytes) {
    heldBytes -= bytes;
  }

  Settings settings() {
    return settings;
  }

  LaterAnswers laterAnswers() {
    return laterAnswers;
  }

  Output output() {
    return output;
  }
}
