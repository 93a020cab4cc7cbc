package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** More threads than processors, so that a holder is suspended now and then. */
class ShortLockTest {
  private static final int THREADS = 8;
  private static final int TIMES = 50_000;

  private final ShortLock lock = new ShortLock();
  private long count;

  @Test
  void oneAtATime() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        tasks.add(
            () -> {
              for (int j = 0; j < TIMES; j++) {
                lock.lock();
                try {
                  count++;
                } finally {
                  lock.unlock();
                }
              }
              return null;
            });
      }
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get(60, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    lock.lock();
    assertEquals((long) THREADS * TIMES, count);
    lock.unlock();
  }
}
