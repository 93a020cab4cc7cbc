package io.posthorn.runtime;

import java.util.concurrent.atomic.AtomicLong;

/** What code of the application threw where the socket called it; any thread, without the lock. */
final class HandlerFailures {
  private final AtomicLong count = new AtomicLong();

  /** Runs code of the application, which may throw what it likes. */
  void guard(Runnable foreign) {
    try {
      foreign.run();
    } catch (Throwable e) { // checked ones too, of other languages
      note(e);
    }
  }

  /** Tells the thread's handler what code of the application threw, and counts it. */
  void note(Throwable e) {
    count.incrementAndGet();
    Thread thread = Thread.currentThread();
    try {
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    } catch (Throwable ofTheHandler) {
      // Ignored, as the virtual machine does when a thread ends: it is no fault of the socket.
    }
  }

  long count() {
    return count.get();
  }
}
