package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.OwnAddresses;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The loop that drives one endpoint on one port: owns its threads, its lock and its clock.
 *
 * <p><b>Threads.</b> One daemon I/O thread waits in {@link DatagramPort#await}, receives, fires
 * timers and runs the message handler. An application thread that sends does the system call
 * itself. A second thread, there only while there is work, completes futures and tells listeners.
 *
 * <p><b>What guards what.</b> {@code lock} guards the endpoint, the port's {@code send} and {@code
 * receive}, and every field here and in {@link SocketDriver} that is not final or volatile. Under
 * the lock nobody waits, other than on its conditions, and no code of the application runs. What an
 * endpoint says in an event is noted under the lock; whoever is to be told is told by the second
 * thread.
 *
 * <p><b>Handlers may wait.</b> A message handler runs on the I/O thread without the lock. If it
 * waits for anything here, waiting is done by further turns of the loop, which do all but dispatch
 * messages. While it does anything else, senders transmit themselves, and a thread that waits for
 * an end makes the turns.
 */
abstract class SocketLoop {
  /** What closing may take beyond the linger time before the port is closed regardless. */
  private static final long CLOSE_GRACE_NANOS = 500_000_000L;

  /**
   * A sender transmits by itself if nobody has transmitted for so long; else it leaves that to the
   * I/O thread, so that more gathers while the system call lasts.
   */
  private static final long BATCHING_NANOS = 5_000;

  /**
   * While messages leave, the leader wakes this often instead of being woken for each deadline that
   * they set, all of which lie further off.
   */
  private static final long STALE_DEADLINE_NANOS = 10_000_000;

  enum State {
    OPEN,
    CLOSING,
    CLOSED
  }

  final ReentrantLock lock = new ReentrantLock();
  final SocketClock clock = new SocketClock();

  final DatagramPort port;
  final Endpoint endpoint;
  private final DatagramIntake intake;
  private final TransmitQueue transmitQueue;
  private final Completions completions;
  private final Thread ioThread;
  final HandlerFailures handlerFailures = new HandlerFailures();

  /** Small messages on their way; drained before the endpoint is asked anything else. */
  final SendLanes lanes = new SendLanes();

  /** What the loops of the same socket give one another. */
  final StrayResets strays = new StrayResets(this);

  private volatile long transmittedNanos;

  /** The loops of the same socket; null if this is the only one. */
  private @Nullable DriverGroup group;

  private final LeaderSleep sleep;
  private final Leadership leadership;

  /** How threads wait for something here. */
  final Waiting waiting;

  /** Touched by the I/O thread alone. */
  private long turns;

  /** Touched by the I/O thread alone: the handler is to be given more at once. */
  private boolean moreToDispatch;

  /**
   * Touched by the I/O thread alone: it gives messages to the handler, perhaps with turns within.
   */
  private boolean dispatching;

  /**
   * Whether the I/O thread is in code of the application, and for how long nobody knows. Set with
   * the lock.
   */
  private volatile boolean handling;

  private boolean backlog = true;
  private State state = State.OPEN;
  private long closeDeadlineNanos = Endpoint.NEVER;
  private @Nullable Throwable failure;
  private volatile boolean closed;

  SocketLoop(
      DatagramPort port,
      Function<Predicate<InetSocketAddress>, Endpoint> makeEndpoint,
      long spinNanos,
      ThreadFactory threads) {
    this.port = port;
    endpoint = makeEndpoint.apply(new OwnAddresses(port.localAddress(), clock::nowNanos));
    intake = new DatagramIntake(port, endpoint, clock);
    transmitQueue = new TransmitQueue(endpoint, port);
    String name = "posthorn-" + port.localAddress().getPort();
    completions = new Completions(name + "-completion", threads);
    ioThread = threads.newThread(this::run);
    ioThread.setName(name);
    ioThread.setDaemon(true);
    leadership = new Leadership(this, ioThread);
    waiting = new Waiting(this, leadership);
    sleep = new LeaderSleep(port, clock, spinNanos);
  }

  final void startThread() {
    ioThread.start();
  }

  /** The loop is one of several of a socket; before the thread starts. */
  final void join(DriverGroup others) {
    group = others;
  }

  final @Nullable DriverGroup group() {
    return group;
  }

  /** The socket's time. */
  public final SocketClock clock() {
    return clock;
  }

  // What a socket does in its turns.

  /** Takes note of an event; with the lock. */
  abstract void on(EndpointEvent event);

  /** Gives messages to threads that wait for them; with the lock. */
  abstract void handOverMessages(long now);

  /** Runs the message handler, without the lock; answers whether more messages may be there. */
  abstract boolean dispatchMessages();

  /** Whether application threads may lead: not where the I/O thread has a handler to run. */
  abstract boolean mayOthersLead();

  /** Wakes all who wait for messages or for room; with the lock. */
  abstract void wakeAll();

  /** The port is closed; with the lock. */
  abstract void onEnd();

  // The loop, on the I/O thread.

  private void run() {
    try {
      while (turn(Endpoint.NEVER)) {
        // One that a handler left, or that came from outside, would have every wait end at once.
        Thread.interrupted();
        moreToDispatch = false; // or the turns of a handler that waits would not wait
        completions.runStranded();
        dispatching = true;
        moreToDispatch = dispatchMessages();
        dispatching = false;
        if (leadership.isYieldWanted()) {
          leadership.standBy();
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
    }
    completions.runStranded();
  }

  /** Waits and does everything once; false when the socket is closed. */
  final boolean turn(long untilNanos) throws IOException {
    long timeoutNanos;
    boolean untilWritable;
    boolean handled;
    lock.lock();
    try {
      handled = handling && isIoThread();
      if (handled) {
        endHandling();
      }
      turns++;
      if (state == State.CLOSED) {
        return false;
      }
      long now = clock.now();
      long wakeNanos = Math.min(Math.min(untilNanos, closeDeadlineNanos), nextTimeoutNanos());
      if (now - transmittedNanos < STALE_DEADLINE_NANOS) {
        wakeNanos = Math.min(wakeNanos, now + STALE_DEADLINE_NANOS);
      }
      sleep.begin();
      if (backlog || (moreToDispatch && isIoThread()) || lanes.hasAnnounced()) {
        wakeNanos = now;
      }
      untilWritable = transmitQueue.isBlocked();
      timeoutNanos = sleep.until(wakeNanos, untilWritable, now);
    } finally {
      lock.unlock();
    }
    if (timeoutNanos > 0) {
      sleep.await(timeoutNanos, untilWritable);
    } else if (lock.hasQueuedThreads()) {
      letOthersIn();
    }
    sleep.end();
    lock.lock();
    try {
      if (state == State.CLOSED) {
        return false;
      }
      sleep.noteAwake();
      backlog = intake.take(turns);
      long now = clock.now();
      if (group != null) {
        strays.exchange(group, now);
      }
      if (endpoint.nextTimeoutNanos() <= now) {
        endpoint.onTimeout(now);
      }
      afterInput(now);
      handOverMessages(now);
      waiting.changed();
      finishClose(now);
      if (handled && dispatching) {
        beginHandling(now);
      }
      return state != State.CLOSED;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The I/O thread is about to run code of the application: meanwhile senders transmit themselves,
   * and whoever waits for an end may make turns in its place. With the lock.
   */
  final void beginHandling(long now) {
    handling = true;
    if (lanes.hasAnnounced() && state != State.CLOSED) {
      afterInput(now); // by somebody who thought that this thread would look
    }
    waiting.handlerRuns();
  }

  /** On the I/O thread, which is to make a turn itself; with the lock. */
  private void endHandling() {
    if (leadership.takeBack()) {
      backlog = true; // there may be messages that came in the other's turns
    }
    handling = false;
  }

  /** Whether the I/O thread is in code of the application; with the lock. */
  final boolean isHandling() {
    return handling;
  }

  /** The lock is not fair: under a flood of datagrams this thread would take it each time. */
  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it
  private static void letOthersIn() {
    Thread.yield();
  }

  final long nextTimeoutNanos() {
    return Math.min(endpoint.nextTimeoutNanos(), port.nextTimeoutNanos());
  }

  /** Small messages wait in a lane that nobody was told of. */
  final void onAnnounced() {
    if (!leadership.isTakenNow() || (handling && !isIoThread())) {
      drainNow(null); // nobody waits for the network
      return;
    }
    if (!sleep.isAsleep()) {
      return; // it looks before it sleeps
    }
    if (clock.nowNanos() - transmittedNanos > BATCHING_NANOS && lock.tryLock()) {
      try {
        if (state != State.CLOSED) {
          afterInput(clock.now());
        }
      } finally {
        lock.unlock();
      }
      return;
    }
    sleep.wakeOnce();
  }

  /**
   * A small message waits behind others in a lane. The first of them may be a handler's, which
   * leaves when that returns; what other threads send does not wait for it.
   */
  final void onBehindOthers(SendLane lane) {
    if (handling && !isIoThread()) {
      drainNow(lane);
    }
  }

  /** Sends what is announced, and what waits in this lane if one is given. */
  private void drainNow(@Nullable SendLane unannounced) {
    lock.lock();
    try {
      if (state != State.CLOSED) {
        long now = clock.now();
        if (unannounced != null) {
          lanes.drainUnannounced(unannounced, endpoint, now);
        }
        afterInput(now);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Sends what may leave, takes note of what happened, and sees that deadlines are kept. */
  final void afterInput(long now) {
    lanes.drain(endpoint, now);
    do {
      try {
        if (transmitQueue.transmit(now)) {
          transmittedNanos = clock.nowNanos();
        }
      } catch (IOException e) {
        fail(e);
      }
      for (EndpointEvent e = endpoint.pollEvent(); e != null; e = endpoint.pollEvent()) {
        on(e);
        waiting.changed();
      }
    } while (lanes.hasMoved() && state != State.CLOSED);
    if (!leadership.isTaken()) {
      boolean isUrgent =
          transmitQueue.isBlocked()
              || backlog
              || nextTimeoutNanos() < now + Leadership.STANDBY_NANOS;
      if (isUrgent && !leadership.isIoThreadCalled()) {
        leadership.callIoThread();
      }
      return;
    }
    if (sleep.isNoted() && sleep.isTooLong(nextTimeoutNanos(), transmitQueue.isBlocked())) {
      wake();
    }
  }

  /** The I/O thread is to make a turn at once. */
  final void lookAgain() {
    backlog = true;
    wake();
  }

  final void wake() {
    sleep.noteAwake();
    if (leadership.isTaken()) {
      port.wakeup();
    } else {
      leadership.callIoThread();
    }
  }

  /**
   * Has something done outside the lock, in the order of the calls, off the I/O thread unless there
   * is no other; with the lock.
   */
  final void later(Runnable action) {
    boolean added =
        completions.add(
            () -> {
              handlerFailures.guard(action);
              if (waiting.isForFuture()) {
                port.wakeup();
              }
            });
    if (!added) {
      lookAgain();
    }
  }

  /** Does what there was no other thread for; on the I/O thread, without the lock. */
  final void runStranded() {
    completions.runStranded();
  }

  /** Whether the I/O thread must lead, to do what no other thread can be had for. */
  final boolean hasStranded() {
    return completions.hasStranded();
  }

  final <T> T locked(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  /** Makes a turn; a fault ends the socket. */
  final void turnOrFail(long untilNanos) {
    try {
      turn(untilNanos);
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
    }
  }

  /** Makes a turn with the lock, which is held once, let go meanwhile. */
  final void unlockedTurn(long untilNanos) {
    if (lock.getHoldCount() != 1) {
      throw new IllegalStateException("waiting under the lock");
    }
    lock.unlock();
    try {
      turnOrFail(untilNanos);
    } finally {
      lock.lock();
    }
  }

  final boolean isIoThread() {
    return Thread.currentThread() == ioThread;
  }

  // The end.

  /** Whether closing has begun. */
  public final boolean isClosing() {
    return locked(() -> state != State.OPEN);
  }

  /** The fault that ended the socket, or null if it is open or was closed in order. */
  public final @Nullable Throwable failure() {
    lock.lock();
    try {
      return failure;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes no more, and flushes for at most this long, counted from the call that leaves the least;
   * does not wait.
   */
  public final void beginClose(long lingerNanos) {
    lock.lock();
    try {
      if (state == State.CLOSED) {
        return;
      }
      state = State.CLOSING;
      long now = clock.now();
      long deadline = SocketClock.after(now, SocketClock.after(CLOSE_GRACE_NANOS, lingerNanos));
      closeDeadlineNanos = Math.min(closeDeadlineNanos, deadline);
      lanes.flushAndCloseAll(endpoint, now);
      endpoint.closeAll(lingerNanos, now);
      afterInput(now);
      wakeAll();
      waiting.changed();
      wake();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the socket is closed and its thread gone, or in a handler for longer than a second;
   * an interrupt does not cut it short.
   */
  public final void awaitClosed() {
    lock.lock();
    try {
      waiting.awaitUninterruptibly(() -> state == State.CLOSED);
    } finally {
      lock.unlock();
    }
    if (!isIoThread() && waiting.siblingHere() == null) {
      completions.joinUninterruptibly(ioThread);
    }
  }

  /**
   * After {@link #awaitClosed}: waits a moment until all was told to whoever waits for receipts.
   */
  final boolean awaitCompletions() {
    return completions.awaitFinished();
  }

  private void finishClose(long now) {
    if (state != State.CLOSING) {
      return;
    }
    boolean flushed = endpoint.isClosed() && transmitQueue.isEmpty() && !port.hasUnsent();
    if (flushed || now >= closeDeadlineNanos) {
      end(now);
    }
  }

  final void fail(Throwable cause) {
    boolean first;
    lock.lock();
    try {
      first = state != State.CLOSED;
      if (first) {
        failure = cause;
        end(clock.now());
      }
    } finally {
      lock.unlock();
    }
    if (first) {
      SocketLog.failed(this, cause);
    }
  }

  /** Closes the port and lets everybody go; what was not flushed is reported as such. */
  private void end(long now) {
    state = State.CLOSED;
    closed = true;
    orNote(() -> lanes.flushAndCloseAll(endpoint, now));
    orNote(() -> endpoint.abandonAll(now));
    orNote(
        () -> {
          for (EndpointEvent e = endpoint.pollEvent(); e != null; e = endpoint.pollEvent()) {
            on(e);
          }
          endpoint.destroy();
        });
    orNote(port::close);
    wakeAll();
    waiting.changed();
    leadership.end();
    completions.finish();
    onEnd();
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

  final boolean isOpen() {
    return state == State.OPEN;
  }

  /** Whether the port is closed; with the lock. */
  final boolean isEnded() {
    return state == State.CLOSED;
  }

  /** Whether the port is closed; any thread. */
  final boolean isClosedNow() {
    return closed;
  }

  /** Turns made so far; for the I/O thread. */
  final long turns() {
    return turns;
  }
}
