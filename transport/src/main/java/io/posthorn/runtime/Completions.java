package io.posthorn.runtime;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** One daemon thread, there only while there is work, which runs actions in their order. */
final class Completions {
  private static final long IDLE_SECONDS = 1;
  private static final long JOIN_MILLIS = 1_000;

  private final ThreadPoolExecutor executor;

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

  void add(Runnable action) {
    executor.execute(action);
  }

  /** Runs what is there and takes no more. */
  void finish() {
    executor.shutdown();
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
