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
 * The loop that drives one endpoint on one port: owns its threads, its lock and its clock. Who
 * makes its turns is a matter of {@link Leadership}, how that sleeps of {@link LeaderSleep}, how
 * others wait of {@link Waiting}, and how it ends of {@link SocketLife}.
 *
 * <p><b>Threads.</b> One daemon I/O thread waits in {@link DatagramPort#await}, receives, fires
 * timers and runs the message handler. An application thread that sends does the system call
 * itself. A second thread completes futures, a third tells listeners; both are there only while
 * there is work.
 *
 * <p><b>What guards what.</b> {@code lock} guards the endpoint, the port's {@code send} and {@code
 * receive}, and every field here and in {@link SocketDriver} that is not final or volatile. Under
 * the lock nobody waits, other than on its conditions, and no code of the application runs. What an
 * endpoint says in an event is noted under the lock; whoever is to be told is told by the second or
 * the third thread.
 *
 * <p><b>Handlers may wait.</b> A message handler runs on the I/O thread without the lock. If it
 * waits for anything here, or of another socket, waiting is done by further turns of this loop,
 * which do all but dispatch messages. While it does anything else, senders transmit themselves, and
 * a thread that waits for an end makes the turns. Listeners may wait too, for they hold up no
 * future; and what depends on a future, if it waits for another one, completes those behind it
 * meanwhile.
 */
abstract class SocketLoop {
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

  private static final ThreadLocal<@Nullable SocketLoop> HERE = new ThreadLocal<>();

  final ReentrantLock lock = new ReentrantLock();
  final SocketClock clock = new SocketClock();

  final DatagramPort port;
  final Endpoint endpoint;
  private final DatagramIntake intake;
  private final TransmitQueue transmitQueue;
  final Completions completions;
  private final Completions listening;
  private final Thread ioThread;
  final HandlerFailures handlerFailures = new HandlerFailures();

  /** Small messages on their way; drained before the endpoint is asked anything else. */
  final SendLanes lanes = new SendLanes();

  /** What the loops of the same socket give one another. */
  final StrayResets strays = new StrayResets(this);

  private volatile long transmittedNanos;

  /** The loops of the same socket; null if this is the only one. */
  private @Nullable DriverGroup group;

  /** Whether it is open, and how it ends. */
  final SocketLife life;

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
    listening = new Completions(name + "-listener", threads);
    ioThread = threads.newThread(this::run);
    ioThread.setName(name);
    ioThread.setDaemon(true);
    leadership = new Leadership(this, ioThread);
    life = new SocketLife(this, ioThread, transmitQueue, completions, listening, leadership);
    waiting = new Waiting(this, leadership);
    sleep = new LeaderSleep(port, clock::nowNanos, spinNanos);
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
    HERE.set(this);
    try {
      while (turn(Endpoint.NEVER)) {
        // One that a handler left, or that came from outside, would have every wait end at once.
        Thread.interrupted();
        moreToDispatch = false; // or the turns of a handler that waits would not wait
        runStranded();
        dispatching = true;
        moreToDispatch = dispatchMessages();
        dispatching = false;
        if (leadership.isYieldWanted()) {
          leadership.standBy();
        }
      }
    } catch (Throwable e) {
      life.fail(e);
    }
    runStranded();
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
      if (life.isEnded()) {
        return false;
      }
      long now = clock.now();
      long wakeNanos = Math.min(untilNanos, deadlineNanos(now));
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
      if (life.isEnded()) {
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
      life.endIfFlushed(now);
      if (handled && dispatching) {
        beginHandling(now);
      }
      return !life.isEnded();
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
    if (lanes.hasAnnounced() && !life.isEnded()) {
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

  /** When a turn is due, though nothing comes; with the lock. */
  private long deadlineNanos(long now) {
    return Math.min(life.deadlineNanos(now), nextTimeoutNanos());
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
        if (!life.isEnded()) {
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
      if (!life.isEnded()) {
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

  /**
   * Sends what may leave, takes note of what happened, and sees that deadlines are kept. A fault
   * ends the socket, whoever's thread this is.
   */
  final void afterInput(long now) {
    try {
      transmitAndNote(now);
    } catch (Throwable e) {
      life.fail(e);
    }
  }

  private void transmitAndNote(long now) {
    lanes.drain(endpoint, now);
    intake.listen();
    do {
      try {
        if (transmitQueue.transmit(now)) {
          transmittedNanos = clock.nowNanos();
        }
      } catch (IOException e) {
        life.fail(e);
      }
      for (EndpointEvent e = endpoint.pollEvent(); e != null; e = endpoint.pollEvent()) {
        on(e);
        waiting.changed();
      }
    } while (lanes.hasMoved() && !life.isEnded());
    if (!leadership.isTaken()) {
      boolean isUrgent =
          transmitQueue.isBlocked()
              || backlog
              || deadlineNanos(now) < now + Leadership.STANDBY_NANOS;
      if (isUrgent && !leadership.isIoThreadCalled()) {
        leadership.callIoThread();
      }
      return;
    }
    if (sleep.isNoted() && sleep.isTooLong(deadlineNanos(now), transmitQueue.isBlocked())) {
      wake();
    }
  }

  /**
   * As {@link #afterInput}, after a look for messages: one that found none may have freed credit
   * too, for such as it passed over, and no input need come soon.
   */
  final void afterLook(boolean found, long now) {
    if (found || (endpoint.hasOutput() && !transmitQueue.isBlocked())) {
      afterInput(now);
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
    hand(completions, action);
  }

  /** As {@link #later}, in an order of its own: a listener that waits holds up no future. */
  final void laterToListener(Runnable action) {
    hand(listening, action);
  }

  private void hand(Completions to, Runnable action) {
    boolean added =
        to.add(
            () -> {
              handlerFailures.guard(action);
              waiting.futureCompleted();
            });
    if (!added) {
      lookAgain();
    }
  }

  /** Does what there was no other thread for; on the I/O thread, without the lock. */
  final void runStranded() {
    listening.runStranded();
    completions.runStranded();
  }

  /** Whether the I/O thread must lead, to do what no other thread can be had for. */
  final boolean hasStranded() {
    return completions.hasStranded() || listening.hasStranded();
  }

  /** The thread's own actions, if it is one that completes futures of the socket; else null. */
  final @Nullable Completions completionsHere() {
    if (completions.isHere()) {
      return completions;
    }
    return group == null ? null : group.completionsHere();
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
    } catch (Throwable e) {
      life.fail(e);
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

  /** The loop whose I/O thread this is; null on any other thread. */
  static @Nullable SocketLoop here() {
    return HERE.get();
  }

  final boolean isIoThread() {
    return Thread.currentThread() == ioThread;
  }

  /** Turns made so far; for the I/O thread. */
  final long turns() {
    return turns;
  }
}
