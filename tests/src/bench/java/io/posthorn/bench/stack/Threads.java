package io.posthorn.bench.stack;

import java.io.IOException;

/** Threads of the contenders; they end when their socket is closed. */
final class Threads {
  /** What such a thread does. */
  interface Work {
    void run() throws IOException;
  }

  private Threads() {}

  /** Ends the process if this thread fails: some contenders have threads that would keep it. */
  static void endWithThisOne() {
    Thread.currentThread()
        .setUncaughtExceptionHandler(
            (thread, failure) -> {
              failure.printStackTrace();
              System.exit(1);
            });
  }

  static Thread start(String name, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException e) {
                // Closed: that is how it ends.
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
