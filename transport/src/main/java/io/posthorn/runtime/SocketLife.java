package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The life of a {@link SocketLoop}: open, then closing, as long as what was sent is flushed and
 * time is left, then closed; or closed at once by a fault. The loop's lock guards all fields but
 * {@link #closed}; each method takes it, but where it says otherwise.
 */
final class SocketLife {
  /** What closing may take beyond the linger time before the port is closed regardless. */
  private static final long CLOSE_GRACE_NANOS = 500_000_000L;

  /** How long handlers that still run are waited for. */
  private static final long HANDLER_NANOS = 1_000_000_000L;

  private enum State {
    OPEN,
    CLOSING,
    CLOSED
  }

  private final SocketLoop loop;
  private final Thread ioThread;
  private final TransmitQueue transmitQueue;
  private final Completions completions;
  private final Completions listening;
  private final Leadership leadership;

  private State state = State.OPEN;
  private long closeDeadlineNanos = Endpoint.NEVER;
  private @Nullable Throwable failure;
  private volatile boolean closed;

  /** What whoever closes the socket does last, without the lock. */
  private Runnable last = () -> {};

  SocketLife(
      SocketLoop loop,
      Thread ioThread,
      TransmitQueue transmitQueue,
      Completions completions,
      Completions listening,
      Leadership leadership) {
    this.loop = loop;
    this.ioThread = ioThread;
    this.transmitQueue = transmitQueue;
    this.completions = completions;
    this.listening = listening;
    this.leadership = leadership;
  }

  /** What to do after the end, for whoever waits for it; before the I/O thread starts. */
  void closesWith(Runnable action) {
    last = action;
  }

  /** Whether closing has not begun; with the lock. */
  boolean isOpen() {
    return state == State.OPEN;
  }

  /** Whether the port is closed; with the lock. */
  boolean isEnded() {
    return state == State.CLOSED;
  }

  /** Whether the port is closed; any thread, without the lock. */
  boolean isClosedNow() {
    return closed;
  }

  /** Whether closing has begun. */
  boolean isClosing() {
    return loop.locked(() -> state != State.OPEN);
  }

  /** The fault that ended the socket, or null if it is open or was closed in order. */
  @Nullable Throwable failure() {
    loop.lock.lock();
    try {
      return failure;
    } finally {
      loop.lock.unlock();
    }
  }

  /**
   * When a turn is to close the port: now if it is closing and all is flushed, which whoever leads
   * next may not have been told; {@link Endpoint#NEVER} if open. With the lock.
   */
  long deadlineNanos(long now) {
    return state == State.CLOSING && isFlushed() ? now : closeDeadlineNanos;
  }

  private boolean isFlushed() {
    return loop.endpoint.isClosed() && transmitQueue.isEmpty() && !loop.port.hasUnsent();
  }

  /**
   * Takes no more, and flushes for at most this long, counted from the call that leaves the least;
   * does not wait.
   */
  void beginClose(long lingerNanos) {
    loop.lock.lock();
    try {
      if (state == State.CLOSED) {
        return;
      }
      state = State.CLOSING;
      long now = loop.clock.now();
      long deadline = SocketClock.after(now, SocketClock.after(CLOSE_GRACE_NANOS, lingerNanos));
      closeDeadlineNanos = Math.min(closeDeadlineNanos, deadline);
      loop.lanes.flushAndCloseAll(loop.endpoint, now);
      loop.endpoint.closeAll(lingerNanos, now);
      loop.afterInput(now);
      loop.wakeAll();
      loop.waiting.changed();
      loop.wake();
    } finally {
      loop.lock.unlock();
    }
  }

  /**
   * Waits until all are closed and their threads gone, or in handlers for longer than a second, and
   * until their files are written, or ten seconds over; an interrupt does not cut it short, but for
   * the files. Without the locks.
   */
  static void awaitClosed(List<SocketDriver> all) {
    for (SocketDriver each : all) {
      each.life.awaitEnd();
    }
    long sinceNanos = System.nanoTime(); // the second is for all of them together
    for (SocketDriver each : all) {
      each.life.awaitThread(HANDLER_NANOS - (System.nanoTime() - sinceNanos));
    }
    for (SocketDriver each : all) {
      each.port.awaitWritten(); // the ten seconds of all files began together
      each.handlerFailures.guard(each.life.last);
    }
  }

  private void awaitEnd() {
    loop.lock.lock();
    try {
      loop.waiting.awaitUninterruptibly(() -> state == State.CLOSED);
    } finally {
      loop.lock.unlock();
    }
  }

  private void awaitThread(long nanos) {
    SocketLoop own = SocketLoop.here();
    if (own == null || (own != loop && (own.group() == null || own.group() != loop.group()))) {
      Completions.joinUninterruptibly(ioThread, nanos);
    }
  }

  /**
   * After {@link #awaitClosed}: waits a moment until all was told to whoever waits for receipts.
   * Without the lock.
   */
  boolean awaitCompletions() {
    return completions.awaitFinished() && listening.awaitFinished();
  }

  /** Ends what is closing, if all is flushed or time is up; with the lock, in each turn. */
  void endIfFlushed(long now) {
    if (state != State.CLOSING) {
      return;
    }
    if (isFlushed() || now >= closeDeadlineNanos) {
      end(now);
    }
  }

  /** Ends at once by a fault, unless it has ended before. */
  void fail(Throwable cause) {
    boolean mayTell;
    loop.lock.lock();
    try {
      mayTell = loop.lock.getHoldCount() == 1;
      if (state == State.CLOSED) {
        return;
      }
      failure = cause;
      if (!mayTell) {
        orNote(() -> loop.later(() -> SocketLog.failed(loop, cause)));
      }
      end(loop.clock.now());
    } finally {
      loop.lock.unlock();
    }
    if (mayTell) {
      SocketLog.failed(loop, cause);
    }
  }

  /** Closes the port and lets everybody go; what was not flushed is reported as such. */
  private void end(long now) {
    Endpoint endpoint = loop.endpoint;
    state = State.CLOSED;
    closed = true;
    orNote(() -> loop.lanes.flushAndCloseAll(endpoint, now));
    orNote(() -> endpoint.abandonAll(now));
    orNote(
        () -> {
          for (EndpointEvent e = endpoint.pollEvent(); e != null; e = endpoint.pollEvent()) {
            loop.on(e);
          }
          endpoint.destroy();
        });
    orNote(loop.port::close);
    loop.wakeAll();
    loop.waiting.changed();
    leadership.end();
    completions.finish();
    listening.finish();
    loop.onEnd();
  }

  /** A step of the end, after which the next is taken whatever becomes of it. */
  private interface LastStep {
    void take() throws IOException;
  }

  private void orNote(LastStep step) {
    try {
      step.take();
    } catch (IOException | RuntimeException | Error e) {
      Throwable first = failure;
      if (first == null) {
        failure = e;
      } else if (first != e) {
        first.addSuppressed(e);
      }
    }
  }
}
