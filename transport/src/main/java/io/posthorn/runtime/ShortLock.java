package io.posthorn.runtime;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Guards a few instructions for each small message, under which nobody waits: one compare-and-set
 * to take it and one release to give it back, where a {@code ReentrantLock} costs a second fence
 * and the note of its owner. Whoever finds it taken spins for a moment, then lets the holder run.
 * Not reentrant.
 */
final class ShortLock {
  private static final int SPINS = 100;
  private static final int YIELDS = 10;
  private static final long PARK_NANOS = 50_000;

  private final AtomicBoolean held = new AtomicBoolean();

  void lock() {
    if (!held.compareAndSet(false, true)) {
      contend();
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it
  private void contend() {
    for (int tries = 1; ; tries++) {
      if (!held.getOpaque() && held.compareAndSet(false, true)) {
        return;
      }
      if (tries <= SPINS) {
        Thread.onSpinWait();
      } else if (tries <= SPINS + YIELDS) {
        Thread.yield();
      } else {
        LockSupport.parkNanos(this, PARK_NANOS); // the holder was suspended
      }
    }
  }

  void unlock() {
    held.setRelease(false);
  }
}
