package io.posthorn.runtime;

import io.posthorn.endpoint.StrayReset;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What may be a reset came to the socket of one loop, whosever connection it is for: each loop of a
 * group gives it to the others. They hold locks of their own, so what they give waits here, under
 * none, for this loop's next turn.
 */
final class StrayResets {
  /** What other loops give this one between two of its turns; beyond that it is dropped. */
  private static final int MOST = 64;

  private final SocketLoop loop;
  private final ConcurrentLinkedQueue<StrayReset> given = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();

  StrayResets(SocketLoop loop) {
    this.loop = loop;
  }

  /** Gives the others what came here, and takes what they gave; with the loop's lock. */
  void exchange(DriverGroup others, long now) {
    for (StrayReset own = loop.endpoint.pollStray(); own != null; own = loop.endpoint.pollStray()) {
      others.offerStray(loop, own);
    }
    for (StrayReset got = given.poll(); got != null; got = given.poll()) {
      count.decrementAndGet();
      loop.endpoint.onStray(got, now);
    }
  }

  /** Another loop of the group, which holds its own lock, got what may be a reset. */
  void give(StrayReset reset) {
    if (count.incrementAndGet() > MOST) {
      count.decrementAndGet();
      return;
    }
    given.add(reset);
    loop.port.wakeup();
  }
}
