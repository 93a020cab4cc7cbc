package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.io.DatagramPort;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * How whoever leads sleeps between two turns, in the port's wait, and who must wake it.
 *
 * <p>Before it sleeps it notes, under the lock, until when; whoever makes a deadline earlier
 * compares and wakes it. Who announces a lane does not take the lock: the sleeper says first that
 * it is about to sleep, then looks at the lanes, so that one of the two sees the other. The port
 * remembers a wake-up that comes before the wait.
 */
final class LeaderSleep {
  private static final long AWAKE = Long.MIN_VALUE;

  /** A wait this many times as long as the spinning ends the spinning for the next wait. */
  private static final int SHORT_WAIT_SPINS = 50;

  private final DatagramPort port;
  private final LongSupplier clock;

  /** How long to spin before blocking, in nanoseconds; 0 to block at once. */
  private final long spinNanos;

  /** Touched by whoever leads: the last wait was so long that spinning would be in vain. */
  private boolean waitedLong;

  /** Whether the leader waits, or is about to and will look for announced lanes first. */
  private final AtomicBoolean asleep = new AtomicBoolean();

  // With the loop's lock.
  private long untilNanos = AWAKE;
  private boolean untilWritable;

  /**
   * Makes one, awake.
   *
   * @param clock the time in nanoseconds
   */
  LeaderSleep(DatagramPort port, LongSupplier clock, long spinNanos) {
    this.port = port;
    this.clock = clock;
    this.spinNanos = spinNanos;
  }

  // By whoever leads.

  /** It is about to sleep, and looks for announced lanes only now; with the lock. */
  void begin() {
    asleep.set(true);
  }

  /**
   * Notes until when it will sleep; with the lock.
   *
   * @param wakeNanos {@code now} for not at all, {@link Endpoint#NEVER} for no deadline
   * @param writable whether it also sleeps no longer than until the port has room
   * @return the time-out for {@link #await}
   */
  long until(long wakeNanos, boolean writable, long now) {
    long timeoutNanos = wakeNanos == Endpoint.NEVER ? Endpoint.NEVER : Math.max(0, wakeNanos - now);
    untilNanos = timeoutNanos == 0 ? AWAKE : wakeNanos;
    untilWritable = writable;
    return timeoutNanos;
  }

  /**
   * Sleeps, without the lock. Spins for a moment before it blocks, if that was asked for and the
   * last wait was short.
   */
  void await(long timeoutNanos, boolean writable) throws IOException {
    if (spinNanos == 0) {
      port.await(timeoutNanos, writable);
      return;
    }
    long begun = clock.getAsLong();
    long now = begun;
    long spinUntil = waitedLong ? begun : begun + Math.min(spinNanos, timeoutNanos);
    while (now < spinUntil) {
      if (port.await(0, writable)) {
        return;
      }
      Thread.onSpinWait();
      now = clock.getAsLong();
    }
    long leftNanos = timeoutNanos == Endpoint.NEVER ? timeoutNanos : timeoutNanos - (now - begun);
    if (leftNanos > 0) {
      port.await(leftNanos, writable);
    }
    waitedLong = clock.getAsLong() - begun > SHORT_WAIT_SPINS * spinNanos;
  }

  /** It will look for announced lanes by itself; without the lock. */
  void end() {
    asleep.set(false);
  }

  // By others, and by itself.

  /** It makes a turn at once, or is made to; with the lock. */
  void noteAwake() {
    untilNanos = AWAKE;
  }

  /** Whether it sleeps until a time that was noted; with the lock. */
  boolean isNoted() {
    return untilNanos != AWAKE;
  }

  /** Whether it would oversleep this deadline, or the room that is waited for; with the lock. */
  boolean isTooLong(long deadlineNanos, boolean isBlocked) {
    return deadlineNanos < untilNanos || (isBlocked && !untilWritable);
  }

  /** Whether it may not have seen a lane that was announced just now; any thread. */
  boolean isAsleep() {
    return asleep.get();
  }

  /** Wakes it, unless somebody else has; any thread. */
  void wakeOnce() {
    if (asleep.compareAndSet(true, false)) {
      port.wakeup();
    }
  }
}
