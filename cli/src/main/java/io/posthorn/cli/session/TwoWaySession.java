package io.posthorn.cli.session;

import io.posthorn.ConnectionClosedException;
import io.posthorn.Message;
import io.posthorn.TransportException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One session seen from the side that opened it: a thread carries the input to the peer, another
 * what comes from the peer to the output, and the caller of {@link #run} waits for the end.
 */
public final class TwoWaySession {
  private final SessionLine line;
  private final Feed feed;
  private final Sink out;
  private final Options options;

  private long messagesReceived;
  private long errorMessagesReceived;
  private SessionControl.@Nullable End peerEnd;
  private SessionControl.@Nullable Exit exit;
  private boolean inputEnded;
  private boolean finished;
  private boolean closedInOrder;
  private @Nullable Exception failure;
  private long lastHeardNanos = System.nanoTime();

  /**
   * How a session is held.
   *
   * @param idle ends it when nothing passes for so long; zero for never
   * @param halfClose whether the end of the input is told to a listener, which may then end too; a
   *     child is always told
   */
  public record Options(Duration idle, boolean halfClose) {}

  /** Where what goes to the peer comes from. */
  public interface Feed {
    /** Waits for the next message; null at the end. */
    byte @Nullable [] next() throws Exception;
  }

  /** Where what comes from the peer goes. */
  public interface Sink {
    /** Bytes for standard output. */
    void out(byte[] bytes) throws IOException;

    /** Bytes that a child wrote to standard error. */
    void err(byte[] bytes) throws IOException;
  }

  /** How it ended. */
  public enum End {
    /** Both sides said all they had to say, or the peer closed. */
    DONE,
    /** The child ended; {@link TwoWaySession#status} tells with what. */
    EXITED,
    /** The listener with a child closed before it told a status. */
    NO_STATUS,
    /** Nothing passed for the time allowed, after the end of the input. */
    IDLE,
    /** Nothing passed for the time allowed, with the input still open. */
    IDLE_INPUT
  }

  /** A session that has not begun. */
  public TwoWaySession(SessionLine line, Feed feed, Sink out, Options options) {
    this.line = line;
    this.feed = feed;
    this.out = out;
    this.options = options;
  }

  /** The exit status of the child. */
  public synchronized int status() {
    SessionControl.Exit child = exit;
    if (child == null) {
      throw new IllegalStateException("no child has ended");
    }
    return child.status();
  }

  /**
   * Holds the session until it ends.
   *
   * @throws InterruptedException if the thread is interrupted
   * @throws Exception as the feed, the sink and the connection throw
   */
  public End run() throws Exception {
    start("posthorn-session-input", this::carryInput);
    start("posthorn-session-output", this::carryOutput);
    return awaitEnd();
  }

  private static void start(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  private synchronized End awaitEnd() throws Exception {
    while (true) {
      Exception failed = failure;
      if (failed != null) {
        throw failed;
      }
      if (exit != null && hasAllOf(exit)) {
        return End.EXITED;
      }
      if (closedInOrder) {
        return line.peer() == Application.EXEC ? End.NO_STATUS : End.DONE;
      }
      if (finished || (inputEnded && isPeerDone())) {
        return End.DONE;
      }
      long leftNanos = Long.MAX_VALUE;
      if (!options.idle.isZero()) {
        leftNanos = options.idle.toNanos() - (System.nanoTime() - lastHeardNanos);
        if (leftNanos <= 0) {
          return inputEnded ? End.IDLE : End.IDLE_INPUT;
        }
      }
      wait(leftNanos == Long.MAX_VALUE ? 0 : TimeUnit.NANOSECONDS.toMillis(leftNanos) + 1);
    }
  }

  private boolean hasAllOf(SessionControl.Exit child) {
    return messagesReceived >= child.messages() && errorMessagesReceived >= child.errorMessages();
  }

  private boolean isPeerDone() {
    SessionControl.End end = peerEnd;
    return end != null && messagesReceived >= end.messages();
  }

  private synchronized void fail(Exception cause) {
    if (failure == null && !closedInOrder) {
      if (cause instanceof ConnectionClosedException closed
          && closed.isByPeer()
          && closed.applicationCode() == 0) {
        closedInOrder = true;
      } else {
        failure = cause;
      }
    }
    notifyAll();
  }

  // Towards the peer.

  private void carryInput() {
    try {
      for (byte[] bytes = feed.next(); bytes != null; bytes = feed.next()) {
        line.send(bytes);
        synchronized (this) {
          lastHeardNanos = System.nanoTime();
        }
      }
      endInput();
    } catch (TransportException ended) {
      return; // the other thread learns it too, after the last that came
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    } catch (Exception failed) {
      fail(failed);
    }
  }

  private void endInput() throws IOException {
    boolean wanted = options.halfClose || line.peer() == Application.EXEC;
    boolean told = wanted && line.sendEnd();
    synchronized (this) {
      inputEnded = true;
      // Whoever cannot be told that the input has ended would wait for more.
      finished = options.halfClose && !told;
      notifyAll();
    }
  }

  // From the peer.

  private void carryOutput() {
    try {
      while (true) {
        take(line.receive());
      }
    } catch (IOException | RuntimeException failed) {
      fail(failed);
    }
  }

  private void take(Message message) throws IOException {
    boolean exec = line.peer() == Application.EXEC;
    boolean error = exec && message.channel() == SessionControl.ERROR_CHANNEL;
    SessionControl control = null;
    if (line.peer() != Application.OTHER && message.channel() == SessionControl.CONTROL_CHANNEL) {
      control = SessionControl.parse(message.bytes());
    } else if (error) {
      out.err(message.bytes());
    } else {
      out.out(message.bytes());
    }
    synchronized (this) {
      lastHeardNanos = System.nanoTime();
      if (control instanceof SessionControl.End end && peerEnd == null) {
        peerEnd = end;
      } else if (control instanceof SessionControl.Exit ended && exit == null && exec) {
        exit = ended;
      } else if (error) {
        errorMessagesReceived++;
      } else if (message.channel() != SessionControl.CONTROL_CHANNEL) {
        messagesReceived++;
      }
      notifyAll();
    }
  }
}
