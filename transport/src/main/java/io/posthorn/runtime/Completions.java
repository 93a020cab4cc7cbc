package io.posthorn.runtime;

import java.util.ArrayDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One daemon thread, there only while there is work, which runs actions in their order. What comes
 * while the system has no thread to give is left to the I/O thread.
 */
final class Completions {
  private static final long IDLE_SECONDS = 1;
  private static final long JOIN_MILLIS = 1_000;

  private final ThreadPoolExecutor executor;
  private volatile @Nullable Thread worker;

  /** Actions that found no thread, in their order; without those that run. */
  private final ArrayDeque<Runnable> stranded = new ArrayDeque<>();

  private volatile boolean hasStranded;

  /** How many that found no thread run, each within a wait of the one before. */
  private int running;

  Completions(String threadName, ThreadFactory threads) {
    executor =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(), // bounded by the receipts and connections that exist
            action -> {
              Thread thread = threads.newThread(action);
              thread.setName(threadName);
              thread.setDaemon(true);
              worker = thread;
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
  }

  /** Answers false if there is no thread: somebody is to call {@link #runStranded} then. */
  synchronized boolean add(Runnable action) {
    boolean handed = handOver() && hand(action);
    if (!handed) {
      stranded.add(action);
      hasStranded = true;
    }
    return handed;
  }

  /** Gives all that is stranded to a thread, if there is one again, in its order. */
  private boolean handOver() {
    if (running > 0) {
      return false; // or the thread might overtake what runs here
    }
    while (hasStranded) {
      if (!hand(stranded.element())) {
        return false;
      }
      stranded.remove();
      hasStranded = !stranded.isEmpty();
    }
    return true;
  }

  private boolean hand(Runnable action) {
    if (executor.isShutdown()) {
      return false;
    }
    try {
      executor.execute(action);
      return true;
    } catch (OutOfMemoryError noThread) {
      executor.remove(action); // it may be queued for a thread that ended just then
      return false;
    }
  }

  /** Whether this thread is the one that runs the actions. */
  boolean isHere() {
    return Thread.currentThread() == worker;
  }

  /**
   * Within an action that waits for what one behind it does: runs the next, if there is one in
   * time.
   */
  void runNext(long timeoutNanos) throws InterruptedException {
    Runnable next = executor.getQueue().poll(timeoutNanos, TimeUnit.NANOSECONDS);
    if (next != null) {
      next.run();
    }
  }

  /** Whether there is something that waits for {@link #runStranded}, or runs there; any thread. */
  boolean hasStranded() {
    return hasStranded;
  }

  /**
   * Runs what there was no thread for, without any lock; for one thread at a time. Within such an
   * action does nothing.
   */
  void runStranded() {
    while (hasStranded) {
      synchronized (this) {
        if (running > 0) {
          return;
        }
      }
      if (!runNextStranded()) {
        return;
      }
    }
  }

  /**
   * As {@link #runNext}, of what there was no thread for; answers false if there is nothing. For
   * the thread of {@link #runStranded}.
   */
  boolean runNextStranded() {
    Runnable action;
    synchronized (this) {
      action = stranded.poll();
      if (action == null) {
        return false;
      }
      running++;
    }
    try {
      action.run();
    } finally {
      synchronized (this) {
        running--; // only now, or one that comes later might overtake it
        hasStranded = running > 0 || !stranded.isEmpty();
      }
    }
    return true;
  }

  /** Runs what is there; what comes later is stranded. */
  synchronized void finish() {
    executor.shutdown();
  }

  /**
   * After {@link #finish}: waits a moment for what is still to run; false if it takes longer, or
   * the thread is interrupted.
   */
  boolean awaitFinished() {
    try {
      return executor.awaitTermination(JOIN_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Waits so long for a thread that is about to end; keeps the caller's interrupt status. */
  static void joinUninterruptibly(Thread thread, long nanos) {
    boolean wasInterrupted = false;
    long sinceNanos = System.nanoTime();
    for (long left = nanos;
        left > 0 && thread.isAlive();
        left = nanos - (System.nanoTime() - sinceNanos)) {
      try {
        TimeUnit.NANOSECONDS.timedJoin(thread, left);
      } catch (InterruptedException e) {
        wasInterrupted = true;
      }
    }
    if (wasInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
