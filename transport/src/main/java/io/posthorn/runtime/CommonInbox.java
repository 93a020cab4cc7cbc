package io.posthorn.runtime;

import java.io.InterruptedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where threads wait for what any of the drivers of one socket may bring: the next message, or a
 * connection to accept. A driver hands over as many messages as there are threads that wait; all
 * others stay in its endpoint, where they count against the peers' credit. What it hands over it
 * keeps itself until a thread, or a handler that is set meanwhile, takes it: nobody else could say
 * that nothing older of the same peer is on its way to the application.
 *
 * <p>A thread counts itself as waiting before it asks each driver, under that driver's lock: so
 * what a driver got before is found, and what it gets afterwards is handed over.
 */
final class CommonInbox {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicInteger receivers = new AtomicInteger();
  private final AtomicInteger others = new AtomicInteger();

  /** Guarded by the lock. */
  private long changes;

  /** How many more messages there are threads for. */
  int wanted() {
    return receivers.get() - count.get();
  }

  /** A driver has a message for whichever thread is first. */
  void onHanded() {
    count.incrementAndGet();
    signal();
  }

  /** A message that was handed over has been taken. */
  void onTaken() {
    count.decrementAndGet();
  }

  /** There is a connection to accept, or an end. */
  void changed() {
    if (others.get() > 0 || receivers.get() > 0) {
      signal();
    }
  }

  private void signal() {
    lock.lock();
    try {
      changes++;
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** A thread begins to wait; answers what {@link #await} is to be given. */
  long enter(boolean forMessages) {
    (forMessages ? receivers : others).incrementAndGet();
    return changes();
  }

  void leave(boolean forMessages) {
    (forMessages ? receivers : others).decrementAndGet();
  }

  long changes() {
    lock.lock();
    try {
      return changes;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until something has changed since then, or time is up. */
  void await(long since, long nanos) throws InterruptedIOException {
    lock.lock();
    try {
      long left = nanos;
      while (changes == since && left > 0) {
        left = news.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Waiting.interrupted();
    } finally {
      lock.unlock();
    }
  }
}
