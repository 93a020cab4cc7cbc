package io.posthorn.runtime;

import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * Who leads, that is makes the turns of a {@link SocketLoop}: its I/O thread, unless a thread that
 * waits for something does so itself, which saves a hand-off for each message. With the loop's
 * lock, but where a method says otherwise.
 */
final class Leadership {
  /**
   * After a thread that led took what it waited for, the I/O thread waits so long for the next one
   * before it leads itself: one hand-off, not one a message.
   */
  static final long STANDBY_NANOS = 1_000_000;

  /**
   * As long as others keep leading, it looks less and less often, down to this: two looks bound how
   * long datagrams wait when they stop, and stay well below what a peer allows an acknowledgement.
   */
  private static final long LONGEST_STANDBY_NANOS = 4_000_000;

  private final SocketLoop loop;
  private final Thread ioThread;
  private final Condition standby;
  private @Nullable Thread leader;

  /** Whether there is a leader, for those without the lock. */
  private volatile boolean led = true;

  /** How often a leader has resigned. */
  private long leaderships;

  /** Where the thread waits that the I/O thread is to let lead. */
  private @Nullable Condition heir;

  private volatile boolean yieldWanted;
  private boolean takeOver;
  private boolean standsByForLong;
  private int waiting;

  /** Whether a thread makes turns in place of the I/O thread, which leads and runs a handler. */
  private boolean standsIn;

  /** Whether one has since the I/O thread made its last turn. */
  private boolean stoodIn;

  /** Whether the I/O thread waits for {@link #vacated}, to make a turn itself. */
  private boolean wantedBack;

  private final Condition vacated;

  /** The I/O thread, which is not started yet, leads. */
  Leadership(SocketLoop loop, Thread ioThread) {
    this.loop = loop;
    this.ioThread = ioThread;
    this.standby = loop.lock.newCondition();
    this.vacated = loop.lock.newCondition();
    this.leader = ioThread;
  }

  /** Whether somebody leads; any thread, without the lock. */
  boolean isTakenNow() {
    return led;
  }

  /** Whether somebody leads. */
  boolean isTaken() {
    return leader != null;
  }

  /** Whether the I/O thread is to let another one lead; on that thread, without the lock. */
  boolean isYieldWanted() {
    return yieldWanted;
  }

  /** Whether the I/O thread was told to lead, and does not yet. */
  boolean isIoThreadCalled() {
    return takeOver;
  }

  /** Has the I/O thread lead as soon as nobody else does. */
  void callIoThread() {
    takeOver = true;
    standby.signal();
  }

  /** The loop is at its end: lets the I/O thread see that. */
  void end() {
    standby.signalAll();
  }

  // On the I/O thread.

  /** Lets a waiting thread lead, until none has for a while; takes the lock. */
  void standBy() {
    loop.lock.lock();
    try {
      yieldWanted = false;
      Condition to = heir;
      heir = null;
      if (to == null || !loop.mayOthersLead()) {
        return;
      }
      resign();
      takeOver = false;
      to.signal();
      awaitVacancy();
      lead();
    } finally {
      loop.lock.unlock();
    }
  }

  /** Waits until nobody leads, and nobody has for a moment or somebody asked for it. */
  private void awaitVacancy() {
    long seen = -1;
    long slice = STANDBY_NANOS / 2;
    while (!loop.life.isEnded()) {
      boolean sameAsBefore = seen == leaderships;
      seen = leaderships;
      slice = sameAsBefore ? STANDBY_NANOS : Math.min(2 * slice, LONGEST_STANDBY_NANOS);
      if (leader == null) {
        if (takeOver || sameAsBefore) {
          return;
        }
        awaitSlice(slice);
      } else if (!loop.mayOthersLead()) {
        loop.port.wakeup();
        standby.awaitUninterruptibly();
      } else if (sameAsBefore) {
        standsByForLong = true;
        standby.awaitUninterruptibly();
        standsByForLong = false;
      } else {
        awaitSlice(slice);
      }
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the caller loops
  private void awaitSlice(long nanos) {
    try {
      long untilDeadline = Math.max(STANDBY_NANOS, loop.nextTimeoutNanos() - loop.clock.now());
      long left = standby.awaitNanos(Math.min(nanos, untilDeadline));
      assert left <= nanos;
    } catch (InterruptedException e) {
      takeOver = true; // whoever interrupts this thread wants it to do something
    }
  }

  /** It is to make a turn after a handler, or within one; answers whether another made turns. */
  boolean takeBack() {
    wantedBack = true;
    while (standsIn) {
      loop.port.wakeup();
      vacated.awaitUninterruptibly();
    }
    wantedBack = false;
    boolean stood = stoodIn;
    stoodIn = false;
    return stood;
  }

  private void lead() {
    leader = Thread.currentThread();
    led = true;
  }

  /** Nobody leads; what was announced to the one who did is seen to. */
  private void resign() {
    leader = null;
    led = false;
    leaderships++;
    if (loop.lanes.hasAnnounced() && !loop.life.isEnded()) {
      loop.afterInput(loop.clock.now());
    }
  }

  // On a thread that waits, which is not the I/O thread.

  /** The thread is about to wait; {@link #leave} must follow. */
  void enter() {
    waiting++;
  }

  /** The thread waits no more. */
  void leave() {
    waiting--;
  }

  /** Whether this thread may make a turn itself. */
  boolean mayTake() {
    return leader == null && mayLead();
  }

  /** A thread in a native call would hold the carrier of a virtual one. */
  private boolean mayLead() {
    return loop.mayOthersLead()
        && !loop.hasStranded()
        && !VirtualThreads.isVirtual(Thread.currentThread());
  }

  /** Makes a turn on this thread; nobody leads. */
  void leadOnce(long deadlineNanos) {
    lead();
    try {
      loop.unlockedTurn(deadlineNanos);
    } finally {
      resign();
      if (waiting > 1 || !loop.life.isOpen() || !loop.mayOthersLead()) {
        callIoThread();
      } else if (standsByForLong) {
        standby.signal();
      }
    }
  }

  /** Has somebody lead while this thread waits on a condition: itself soon, if it is alone. */
  void ask(Condition condition) {
    if (leader == null) {
      callIoThread();
    } else if (leader == ioThread && heir == null && waiting == 1 && mayLead()) {
      heir = condition;
      yieldWanted = true;
      loop.wake();
    }
  }

  /**
   * Makes a turn in place of the I/O thread, if that runs a handler, which may never return; on a
   * virtual thread too, though it holds its carrier while it waits: one at a time does so, and an
   * end is bounded.
   *
   * @return false if another one is to make it
   */
  boolean standInOnce(long deadlineNanos) {
    if (!loop.isHandling() || standsIn || wantedBack) {
      return false;
    }
    standsIn = true;
    stoodIn = true;
    try {
      loop.unlockedTurn(deadlineNanos);
    } finally {
      standsIn = false;
      vacated.signal();
      loop.waiting.changed(); // another one may have to go on
    }
    return true;
  }
}
