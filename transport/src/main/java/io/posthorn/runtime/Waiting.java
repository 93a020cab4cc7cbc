package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How a thread waits for something of a {@link SocketLoop}. The I/O thread, which runs a handler
 * then, makes further turns of the loop; the I/O thread of another loop, be it of the same socket
 * or not, makes turns of its own; any other leads, if nobody does, or waits on a condition.
 */
final class Waiting {
  /** How often who waits for a future in place looks whether another thread completed it. */
  private static final long FUTURE_POLL_NANOS = 10_000_000L;

  /** How often a handler that waits for another loop looks at that where nobody would wake it. */
  private static final long VISITOR_POLL_NANOS = 1_000_000L;

  private final SocketLoop loop;
  private final Leadership leadership;

  /** Somebody waits for anything but a message or room to send. */
  private final Condition changed;

  /** How many wait for that; with the lock. */
  private int waitingForChange;

  /** How many of them wait for an end, which a handler must not hold up; with the lock. */
  private int waitingForEnd;

  /** Other loops whose handlers wait for this one, each until it is woken; with the lock. */
  private final List<SocketLoop> visitors = new ArrayList<>();

  /** Loops that make turns until a future of this one is completed; any thread. */
  private final List<SocketLoop> drivenForFuture = new CopyOnWriteArrayList<>();

  Waiting(SocketLoop loop, Leadership leadership) {
    this.loop = loop;
    this.leadership = leadership;
    this.changed = loop.lock.newCondition();
  }

  /** Whoever waits for a change looks again; with the lock. */
  void changed() {
    if (waitingForChange > 0) {
      changed.signalAll();
    }
    if (!visitors.isEmpty()) {
      wakeVisitors();
    }
  }

  private void wakeVisitors() {
    for (SocketLoop visitor : visitors) {
      visitor.port.wakeup();
    }
    visitors.clear(); // who is not content comes again
  }

  /** Nobody makes turns while the I/O thread runs a handler, but who waits for an end may. */
  void handlerRuns() {
    if (waitingForEnd > 0) {
      changed.signalAll();
    }
  }

  /** A future may have been completed: whoever waits for that in its turns looks; any thread. */
  void futureCompleted() {
    if (!drivenForFuture.isEmpty()) {
      for (SocketLoop driven : drivenForFuture) {
        driven.port.wakeup();
      }
    }
  }

  /**
   * The loop whose I/O thread this is, inside a handler then: its peers must not wait for ours.
   * None if that is closed: then there is nothing to make turns for, nor to wait with.
   */
  static @Nullable SocketLoop openLoopHere() {
    SocketLoop own = SocketLoop.here();
    return own == null || own.life.isClosedNow() ? null : own;
  }

  // With the lock.

  /** Waits for a signal, once, with the lock held; on the I/O thread does a turn instead. */
  @SuppressWarnings("WaitNotInLoop") // each caller loops: a turn is as good as a signal
  void await(Condition condition, long deadlineNanos) throws InterruptedIOException {
    if (loop.isIoThread()) {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted();
      }
      loop.unlockedTurn(deadlineNanos);
      return;
    }
    SocketLoop own = openLoopHere();
    if (own != null) {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted();
      }
      visit(own, deadlineNanos - loop.clock.nowNanos());
      return;
    }
    leadership.enter();
    try {
      if (leadership.mayTake()) {
        if (Thread.currentThread().isInterrupted()) {
          throw interrupted();
        }
        leadership.leadOnce(deadlineNanos);
        return;
      }
      leadership.ask(condition);
      if (deadlineNanos == Endpoint.NEVER) {
        condition.await();
      } else {
        long left = condition.awaitNanos(deadlineNanos - loop.clock.now());
        assert left <= deadlineNanos;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    } finally {
      leadership.leave();
    }
  }

  /** In a handler of another loop: has that make a turn, which ends when something changes here. */
  private void visit(SocketLoop own, long longestNanos) {
    if (!leadership.isTaken()) {
      leadership.callIoThread();
    }
    visitors.add(own);
    loop.lock.unlock();
    try {
      own.waiting.driveFor(longestNanos);
    } finally {
      loop.lock.lock();
      visitors.remove(own);
    }
  }

  static InterruptedIOException interrupted() {
    return new InterruptedIOException(
        "interrupted while waiting; the socket stays open and the interrupt status set");
  }

  /** Waits until something has changed, or time is up; as {@link #await}. */
  void awaitChange(long deadlineNanos) throws InterruptedIOException {
    waitingForChange++;
    try {
      await(changed, deadlineNanos);
    } finally {
      waitingForChange--;
    }
  }

  /**
   * Waits for an end, which is to come without a handler's help; with the lock held. Also ends when
   * the socket is closed.
   */
  void awaitUninterruptibly(BooleanSupplier condition) {
    boolean wasInterrupted = false;
    waitingForChange++;
    waitingForEnd++;
    try {
      while (!loop.life.isEnded() && !condition.getAsBoolean()) {
        wasInterrupted |= Thread.interrupted(); // or no wait for the network would be one
        SocketLoop own = openLoopHere();
        if (loop.isIoThread()) {
          loop.unlockedTurn(Endpoint.NEVER);
        } else if (own != null) {
          visit(own, VISITOR_POLL_NANOS);
          leadership.standInOnce(loop.clock.now());
        } else if (!leadership.standInOnce(Endpoint.NEVER)) {
          if (!leadership.isTaken()) {
            leadership.callIoThread();
          }
          changed.awaitUninterruptibly();
        }
      }
    } finally {
      waitingForChange--;
      waitingForEnd--;
      if (wasInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  // Without it.

  /** Waits until the condition holds, time is up or the socket is closed; says if it holds. */
  boolean until(BooleanSupplier condition, long timeoutNanos) throws InterruptedIOException {
    loop.lock.lock();
    try {
      long deadline = SocketClock.after(loop.clock.now(), timeoutNanos);
      while (!condition.getAsBoolean()) {
        if (loop.life.isEnded() || loop.clock.now() >= deadline) {
          return false;
        }
        awaitChange(deadline);
      }
      return true;
    } finally {
      loop.lock.unlock();
    }
  }

  /** On the I/O thread, in a handler that waits for another loop: a turn, and not a long one. */
  void driveOnce(long longestNanos) throws InterruptedIOException {
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted();
    }
    driveFor(Math.min(longestNanos, VISITOR_POLL_NANOS));
  }

  private void driveFor(long longestNanos) {
    loop.turnOrFail(SocketClock.after(loop.clock.nowNanos(), longestNanos));
  }

  /**
   * On an I/O thread drives its socket until a future of this one is done or time is up; on the
   * thread that completes futures completes more of them; elsewhere does nothing.
   *
   * @return how much of the time is left, to wait as elsewhere
   */
  long driveUntil(BooleanSupplier done, long timeoutNanos) throws InterruptedException {
    SocketLoop own = loop.isIoThread() ? loop : openLoopHere();
    if (own == null) {
      return completeUntil(done, timeoutNanos);
    }
    drivenForFuture.add(own);
    try {
      long left = own.waiting.turnUntil(done, timeoutNanos);
      return own == loop ? 0 : left; // the end of the one is not the other's
    } finally {
      drivenForFuture.remove(own);
    }
  }

  private long turnUntil(BooleanSupplier done, long timeoutNanos) throws InterruptedException {
    long deadline = SocketClock.after(loop.clock.nowNanos(), timeoutNanos);
    while (!done.getAsBoolean() && loop.clock.nowNanos() < deadline && !loop.life.isClosedNow()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      loop.turnOrFail(
          Math.min(deadline, SocketClock.after(loop.clock.nowNanos(), FUTURE_POLL_NANOS)));
      runStranded(done);
    }
    boolean isEnded = loop.locked(loop.life::isEnded); // by now whoever ended it has told of all
    if (isEnded) {
      runStranded(done);
    }
    return Math.max(0, deadline - loop.clock.nowNanos());
  }

  /** One of them may be this future's end, also within another of them, which waits for it. */
  private void runStranded(BooleanSupplier done) {
    loop.runStranded();
    while (!done.getAsBoolean()) {
      if (!loop.completions.runNextStranded()) {
        return;
      }
    }
  }

  private long completeUntil(BooleanSupplier done, long timeoutNanos) throws InterruptedException {
    Completions own = loop.completionsHere();
    if (own == null) {
      return timeoutNanos;
    }
    long deadline = SocketClock.after(loop.clock.nowNanos(), timeoutNanos);
    for (long left = timeoutNanos;
        left > 0 && !done.getAsBoolean();
        left = deadline - loop.clock.nowNanos()) {
      own.runNext(Math.min(left, FUTURE_POLL_NANOS));
    }
    return 0;
  }

  void driveUntilUninterruptibly(BooleanSupplier done) {
    boolean wasInterrupted = false;
    while (true) {
      try {
        driveUntil(done, Endpoint.NEVER);
        break;
      } catch (InterruptedException e) {
        wasInterrupted = true;
      }
    }
    if (wasInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
