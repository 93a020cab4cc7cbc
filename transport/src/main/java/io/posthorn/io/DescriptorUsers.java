package io.posthorn.io;

import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the threads that use descriptors without a common lock, so that whoever leaves last after
 * the end closes them: a number that is free again may belong to another file a moment later.
 */
final class DescriptorUsers {
  private static final int CLOSED = 1 << 30;

  private final AtomicInteger users = new AtomicInteger();

  /** Begins a use; false after the end. */
  boolean enter() {
    while (true) {
      int now = users.get();
      if ((now & CLOSED) != 0) {
        return false;
      }
      if (users.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /** Ends a use; true if the caller is to close the descriptors now. */
  boolean leave() {
    return users.decrementAndGet() == CLOSED;
  }

  /** Lets nobody enter any more; false if that was so already. */
  boolean end() {
    return (users.getAndUpdate(now -> now | CLOSED) & CLOSED) == 0;
  }

  boolean isEnded() {
    return (users.get() & CLOSED) != 0;
  }

  /** Throws after the end. */
  void requireOpen() throws ClosedChannelException {
    if (isEnded()) {
      throw new ClosedChannelException();
    }
  }
}
