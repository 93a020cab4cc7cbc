package io.posthorn.cli.exec;

import io.posthorn.CloseReport;
import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Starts a child for each client of a socket. Each client has threads of its own, and what it does
 * not take or its child does not read holds nobody else up.
 *
 * <p>The thread in {@link #run} accepts; an interrupt ends it and the children with it.
 */
public final class ExecServer {
  /** Told to a client that is one too many. */
  public static final int CODE_BUSY = 75;

  /** Told to a client whose child does not start. */
  public static final int CODE_NO_CHILD = 71;

  private static final Duration REFUSAL_LINGER = Duration.ofSeconds(3);

  private final MessageSocket socket;
  private final Settings settings;
  private final Journal journal;
  private final Set<ExecSession> sessions = ConcurrentHashMap.newKeySet();
  private final ExecTimer timer = new ExecTimer();
  private final AtomicLong messages = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private int busy;
  private long served;
  private long started;
  private long refused;
  private boolean ending;
  private @Nullable IOException notStarted;

  /**
   * What is served, and to how many.
   *
   * @param command started for each client
   * @param maxClients at once
   * @param once whether one client is served and no more
   * @param lines whether a message of a peer that is not {@code connect} is given to the child as a
   *     line
   */
  public record Settings(ChildCommand command, int maxClients, boolean once, boolean lines) {}

  /**
   * What it has done.
   *
   * @param started children
   * @param refused clients, one too many each
   * @param messages that children were given
   * @param bytes of them
   */
  public record Totals(long started, long refused, long messages, long bytes) {}

  /** Where the server says what happens. Called by many threads. */
  public interface Journal {
    /** Something that whoever runs the server must know. */
    void error(String text);

    /** Something for those who asked to know more; may hold text from the network. */
    void detail(String text);

    /** For what a child says on standard error whose client does not take it. */
    ChildErrors childErrors();
  }

  /** What one child says on standard error, piece by piece. For one thread. */
  public interface ChildErrors {
    /** The next piece, which may end within a letter. */
    void write(byte[] bytes);

    /** No more comes. */
    void end();
  }

  /** A server on a socket in reliable mode. */
  public ExecServer(MessageSocket socket, Settings settings, Journal journal) {
    this.socket = socket;
    this.settings = settings;
    this.journal = journal;
  }

  /**
   * Serves until the thread is interrupted, or one client if that is all that is asked for.
   *
   * @return why the child of that one client did not start; null if it did
   * @throws IOException if the socket fails, or as {@code MessageSocket.accept} on an interrupt
   */
  public @Nullable IOException run() throws IOException, InterruptedException {
    try {
      while (!(settings.once && isDone())) {
        Connection connection =
            settings.once ? socket.accept(Duration.ofMillis(50)) : socket.accept();
        if (connection != null) {
          serve(connection);
        }
      }
    } finally {
      endAll();
    }
    synchronized (this) {
      return notStarted;
    }
  }

  /** The command cannot be run: a fault on this side, which a server of one ends with. */
  void notStarted(IOException why) {
    if (settings.once) {
      synchronized (this) {
        notStarted = why;
      }
    } else {
      journal.error("the command does not start: " + why.getMessage());
    }
  }

  private synchronized boolean isDone() {
    return served > 0 && busy == 0;
  }

  private void serve(Connection connection) {
    ExecSession session = new ExecSession(this, connection);
    sessions.add(session);
    session.start();
  }

  /** Asks for a place for a child; false if all are taken. */
  synchronized boolean enter() {
    if (ending || busy >= settings.maxClients || (settings.once && served > 0)) {
      refused++;
      return false;
    }
    busy++;
    served++;
    return true;
  }

  /** The child of a place runs. */
  synchronized void started() {
    started++;
  }

  /** A child was given a message of so many bytes. */
  void gave(int messageBytes) {
    messages.incrementAndGet();
    bytes.addAndGet(messageBytes);
  }

  /** What it has done so far. */
  public synchronized Totals totals() {
    return new Totals(started, refused, messages.get(), bytes.get());
  }

  /** The child of a place is gone. */
  synchronized void leave() {
    busy--;
  }

  /** A session has neither a client who waits for a child nor a child or what one left. */
  void ended(ExecSession session) {
    sessions.remove(session);
  }

  /** Ends all children; those who do not heed are killed. */
  private void endAll() throws InterruptedException {
    boolean interrupted = Thread.interrupted();
    synchronized (this) {
      ending = true;
    }
    for (ExecSession session : sessions) {
      session.hangUp();
    }
    for (ExecSession session : sessions) {
      session.awaitChild();
    }
    timer.end();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Refuses a client on a thread of the session's own. */
  static CloseReport refuse(Connection connection, int code, String text) {
    return connection.close(code, text, REFUSAL_LINGER);
  }

  MessageSocket socket() {
    return socket;
  }

  Settings settings() {
    return settings;
  }

  Journal journal() {
    return journal;
  }

  ExecTimer timer() {
    return timer;
  }
}
