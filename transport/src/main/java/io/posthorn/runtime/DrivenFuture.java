package io.posthorn.runtime;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A future that may be waited for inside a message handler, which runs on an I/O thread: there,
 * waiting drives that thread's socket instead of stopping it. And inside what depends on another
 * future, which runs on the thread that completes them: there, waiting goes on with that. So do the
 * futures derived from it.
 */
class DrivenFuture<T> extends CompletableFuture<T> {
  private final SocketLoop driver;

  DrivenFuture(SocketLoop driver) {
    this.driver = driver;
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new DrivenFuture<>(driver);
  }

  @Override
  public T get() throws InterruptedException, ExecutionException {
    driver.waiting.driveUntil(this::isDone, Long.MAX_VALUE);
    return super.get();
  }

  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    long left = driver.waiting.driveUntil(this::isDone, unit.toNanos(timeout));
    return super.get(left, TimeUnit.NANOSECONDS);
  }

  @Override
  public T join() {
    driver.waiting.driveUntilUninterruptibly(this::isDone);
    return super.join();
  }
}
