package io.posthorn.cli.exec;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** What a server does later: a thread for short actions, none after the end. */
final class ExecTimer {
  private final ScheduledThreadPoolExecutor executor =
      new ScheduledThreadPoolExecutor(
          1,
          body -> {
            Thread thread = new Thread(body, "posthorn-exec-timer");
            thread.setDaemon(true);
            return thread;
          });

  /** Runs something after a while, unless the server ends before. */
  void after(long millis, Runnable action) {
    try {
      ScheduledFuture<?> pending = executor.schedule(action, millis, TimeUnit.MILLISECONDS);
      assert !pending.isCancelled();
    } catch (RejectedExecutionException ended) {
      return; // whoever ends the server ends the children too
    }
  }

  /** Drops what waits. */
  void end() {
    executor.shutdownNow();
  }
}
