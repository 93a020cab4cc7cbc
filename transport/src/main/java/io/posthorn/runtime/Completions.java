package io.posthorn.runtime;

import java.util.ArrayDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * One daemon thread, there only while there is work, which runs actions in their order. What comes
 * while the system has no thread to give is left to the I/O thread.
 */
final class Completions {
  private static final long IDLE_SECONDS = 1;
  private static final long JOIN_MILLIS = 1_000;

  private final ThreadPoolExecutor executor;

  /** Actions that found no thread, the one that runs first. */
  private final ArrayDeque<Runnable> stranded = new ArrayDeque<>();

  private volatile boolean hasStranded;

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
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
  }

  /** Answers false if there is no thread: somebody is to call {@link #runStranded} then. */
  synchronized boolean add(Runnable action) {
    if (stranded.isEmpty()) {
      try {
        executor.execute(action);
        return true;
      } catch (OutOfMemoryError noThread) {
        hasStranded = true;
      }
    }
    stranded.add(action); // also behind others
    return false;
  }

  /** Whether there is something that waits for {@link #runStranded}; any thread. */
  boolean hasStranded() {
    return hasStranded;
  }

  /** Runs what there was no thread for, without any lock. */
  void runStranded() {
    while (hasStranded) {
      Runnable action;
      synchronized (this) {
        action = stranded.element();
      }
      action.run();
      synchronized (this) {
        stranded.remove(); // only now, or one that comes later might overtake it
        hasStranded = !stranded.isEmpty();
      }
    }
  }

  /** Runs what is there and takes no more. */
  void finish() {
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

  /** Waits a moment for a thread that is about to end; keeps the caller's interrupt status. */
  void joinUninterruptibly(Thread thread) {
    boolean wasInterrupted = Thread.interrupted();
    try {
      thread.join(JOIN_MILLIS);
    } catch (InterruptedException e) {
      wasInterrupted = true;
    }
    if (wasInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
