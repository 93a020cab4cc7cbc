package io.posthorn.simulation;

import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets threads that block on simulated sockets run one at a time, so that a run depends on the seed
 * alone, and moves virtual time when all of them wait.
 *
 * <p>A thread takes the turn with its first use of a socket, or gets it when it was started here,
 * and keeps it until it waits, ends or closes a socket. The last one that has to wait drives the
 * network until something happens that somebody waits for.
 *
 * <p>Concurrency: the lock guards all fields and, with the turn, the network. A thread that holds
 * the turn and is found blocked somewhere else loses it, for it may wait for another one's result,
 * and is absent until it uses a socket again.
 */
final class Turns {
  /** Wakes nobody by itself. */
  static final long NO_DEADLINE = Long.MAX_VALUE;

  /**
   * Virtual time, behind the last instant at which somebody need not wait any more, after which it
   * is said that nobody will ever be woken: a day.
   */
  private static final long FOR_EVER_NANOS = 86_400L * 1_000_000_000L;

  private static final long POLL_NANOS = 10_000_000L;
  private static final int BLOCKED_POLLS = 10;
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  /** One wait of one thread: for the turn, and if {@code until} is there for that first. */
  private final class Waiter {
    final Thread thread = Thread.currentThread();
    final Condition turn = lock.newCondition();
    final BooleanSupplier until;
    final long deadlineNanos;
    @Nullable String stuck;

    /** Waits for the turn alone. */
    Waiter() {
      this(() -> true, NO_DEADLINE);
    }

    Waiter(BooleanSupplier until, long deadlineNanos) {
      this.until = until;
      this.deadlineNanos = deadlineNanos;
    }
  }

  private final SimulatedNetwork network;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Waiter> ready = new ArrayDeque<>();
  private final List<Waiter> waiting = new ArrayList<>();
  private final Set<Thread> absent = new HashSet<>();
  private @Nullable Thread running;
  private long idleSinceNanos;
  private @Nullable IllegalStateException failure;
  private @Nullable SocketException firstEnd;
  private int programs;

  Turns(SimulatedNetwork network) {
    this.network = network;
  }

  /** Waits for the turn, if another thread has it, and does something to the network. */
  <T> T withTurn(Supplier<T> action) throws SocketException {
    lock.lock();
    try {
      take();
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Lets the others run, in virtual time, until the condition holds.
   *
   * @param deadlineNanos when it will hold at the latest, or {@link #NO_DEADLINE}
   */
  void await(BooleanSupplier until, long deadlineNanos) throws SocketException {
    lock.lock();
    try {
      take();
      throwFailure();
      while (!until.getAsBoolean()) {
        Waiter me = new Waiter(until, deadlineNanos);
        waiting.add(me);
        try {
          letOthersRun(me);
        } finally {
          waiting.remove(me);
        }
        throwFailure();
        String stuck = me.stuck;
        if (stuck != null) {
          throw inVain(stuck);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * What is thrown to who waits in vain, with the turn. The first program that ended with its
   * socket, or seemed so, may be whom it waits for.
   */
  IllegalStateException inVain(String why) {
    IllegalStateException thrown = new IllegalStateException(why);
    if (firstEnd != null) {
      thrown.addSuppressed(firstEnd);
    }
    return thrown;
  }

  /** Lets those run who need not wait any more, as after a socket was closed. */
  void letWokenRun() throws SocketException {
    lock.lock();
    try {
      take();
      promote();
      if (!ready.isEmpty()) {
        Waiter me = new Waiter();
        ready.add(me);
        passTo(ready.remove());
        awaitTurn(me);
      }
      throwFailure();
    } finally {
      lock.unlock();
    }
  }

  /** Starts a thread, which runs when the others wait. */
  void start(SimulatedProgram program) {
    lock.lock();
    try {
      programs++;
      String name = "simulated-program-" + programs;
      Condition begun = lock.newCondition();
      boolean[] queued = new boolean[1];
      Thread thread =
          new Thread(
              () -> {
                lock.lock();
                try {
                  Waiter me = new Waiter();
                  ready.add(me);
                  queued[0] = true;
                  begun.signal();
                  if (running == null) {
                    passTo(ready.remove());
                  }
                  awaitTurn(me);
                } catch (SocketException interrupted) {
                  return;
                } finally {
                  lock.unlock();
                }
                run(program, name);
              },
              name);
      thread.setDaemon(true);
      thread.start();
      while (!queued[0]) { // so that programs take their turns in the order in which they started
        begun.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void run(SimulatedProgram program, String name) {
    Throwable thrown = null;
    SocketException end = null;
    try {
      program.run();
    } catch (SocketException closed) {
      end = closed; // its socket was closed: in order
    } catch (Exception | Error e) {
      thrown = e;
    }
    lock.lock();
    try {
      firstEnd = firstEnd == null ? end : firstEnd;
      if (thrown != null && failure == null) {
        failure = new IllegalStateException(name + " failed: " + thrown, thrown);
        ready.addAll(waiting); // to be told
        waiting.clear();
      }
      if (running == Thread.currentThread()) {
        passOn();
      }
    } finally {
      lock.unlock();
    }
  }

  private void throwFailure() {
    IllegalStateException thrown = failure;
    if (thrown != null) {
      failure = null;
      throw thrown;
    }
  }

  private void take() throws SocketException {
    absent.remove(Thread.currentThread());
    Thread holder = running;
    if (holder == Thread.currentThread()) {
      return;
    }
    if (holder == null || !holder.isAlive()) {
      running = Thread.currentThread();
      return;
    }
    Waiter me = new Waiter();
    ready.add(me);
    awaitTurn(me);
  }

  /** With the turn: gives it to whoever can go on, first of all by moving time if nobody can. */
  private void letOthersRun(Waiter me) throws SocketException {
    promote();
    if (ready.isEmpty()) {
      drive();
      promote();
    }
    Waiter next = ready.poll();
    if (next == null) {
      running = null; // somebody absent may come back
      awaitTurn(me);
    } else if (next != me) {
      passTo(next);
      awaitTurn(me);
    }
  }

  /** Moves time until somebody need not wait any more, or nothing more can happen. */
  private void drive() {
    long endNanos = network.nowNanos();
    for (Waiter waiter : waiting) {
      if (waiter.deadlineNanos != NO_DEADLINE) {
        endNanos = Math.max(endNanos, waiter.deadlineNanos);
      }
    }
    endNanos = SimulatedLink.after(endNanos, FOR_EVER_NANOS);
    while (!isAnybodyDone()) {
      if (network.nowNanos() > endNanos || !network.step()) {
        giveUpUnlessSomebodyIsAbsent();
        return;
      }
    }
    idleSinceNanos = 0;
  }

  private void giveUpUnlessSomebodyIsAbsent() {
    absent.removeIf(thread -> !thread.isAlive());
    long now = System.nanoTime();
    idleSinceNanos = idleSinceNanos == 0 ? now : idleSinceNanos;
    if (absent.isEmpty() || now - idleSinceNanos > PATIENCE_NANOS) {
      String stuck =
          "every thread waits for ever: nothing is under way and no time-out is set; waiting: "
              + waiting.stream().map(waiter -> waiter.thread.getName()).toList();
      for (Waiter waiter : waiting) {
        waiter.stuck = stuck;
      }
      ready.addAll(waiting);
      waiting.clear();
    }
  }

  private boolean isAnybodyDone() {
    for (Waiter waiter : waiting) {
      if (waiter.until.getAsBoolean()) {
        return true;
      }
    }
    return false;
  }

  private void promote() {
    for (int i = 0; i < waiting.size(); i++) {
      Waiter waiter = waiting.get(i);
      if (waiter.until.getAsBoolean()) {
        waiting.remove(i--);
        ready.add(waiter);
      }
    }
  }

  private void passTo(Waiter next) {
    running = next.thread;
    next.turn.signal();
  }

  /** Gives the turn away: to one that can go on, else to one that will drive the network. */
  private void passOn() {
    promote();
    if (!ready.isEmpty()) {
      passTo(ready.remove());
    } else if (!waiting.isEmpty()) {
      passTo(waiting.get(0));
    } else {
      running = null;
    }
  }

  private void awaitTurn(Waiter me) throws SocketException {
    long sinceNanos = System.nanoTime();
    Thread watched = running;
    int blocked = 0;
    while (running != me.thread) {
      try {
        if (me.turn.await(POLL_NANOS, TimeUnit.NANOSECONDS)) {
          continue;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        ready.remove(me);
        throw new SocketException("interrupted while waiting in virtual time");
      }
      Thread holder = running;
      if (holder != watched) {
        watched = holder;
        blocked = 0;
        sinceNanos = System.nanoTime();
      }
      blocked = holder == null || isBlocked(holder) ? blocked + 1 : 0;
      if (blocked >= BLOCKED_POLLS && holder != null && isInHere(holder)) {
        blocked = 0; // a slow machine, not a thread that waits for something else
      } else if (blocked >= BLOCKED_POLLS) {
        if (holder != null) {
          absent.add(holder);
        }
        passOn();
      } else if (System.nanoTime() - sinceNanos > PATIENCE_NANOS && holder != null) {
        throw new IllegalStateException(
            holder.getName() + " has run for 30 s of real time without waiting in receive");
      }
    }
  }

  /** Whether what it waits for is the lock or the turn: it may just not have been let run yet. */
  private static boolean isInHere(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      String name = frame.getClassName();
      if (!name.startsWith("java.") && !name.startsWith("jdk.")) {
        return name.startsWith(Turns.class.getName());
      }
    }
    return false;
  }

  private static boolean isBlocked(Thread thread) {
    return switch (thread.getState()) {
      case BLOCKED, WAITING, TIMED_WAITING, TERMINATED -> true;
      default -> false;
    };
  }
}
