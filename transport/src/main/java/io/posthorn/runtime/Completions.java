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

  /** Actions that found no thread, the one that runs first. */
  private final ArrayDeque<Runnable> stranded = new ArrayDeque<>();

  private volatile boolean hasStranded;

  /** Whether the first of them runs. */
  private boolean isRunning;

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
    if (isRunning) {
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

  /** Whether there is something that waits for {@link #runStranded}; any thread. */
  boolean hasStranded() {
    return hasStranded;
  }

  /**
   * Runs what there was no thread for, without any lock; for one thread at a time. Within such an
   * action does nothing.
   */
  void runStranded() {
    while (hasStranded) {
      Runnable action;
      synchronized (this) {
        if (isRunning || stranded.isEmpty()) {
          return;
        }
        isRunning = true;
        action = stranded.element();
      }
      try {
        action.run();
      } finally {
        synchronized (this) {
          isRunning = false;
          stranded.remove(); // only now, or one that comes later might overtake it
          hasStranded = !stranded.isEmpty();
        }
      }
    }
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
