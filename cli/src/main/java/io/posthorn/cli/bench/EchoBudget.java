package io.posthorn.cli.bench;

import java.util.concurrent.atomic.AtomicLong;

/** What the echoes of all streams of a server may keep in memory together. For many threads. */
final class EchoBudget {
  private static final long MOST_BYTES = 64 << 20;

  private final AtomicLong left = new AtomicLong(MOST_BYTES);

  /** Takes so many bytes of it; false if not so many are left. */
  boolean take(long bytes) {
    if (left.addAndGet(-bytes) >= 0) {
      return true;
    }
    left.addAndGet(bytes);
    return false;
  }

  /** So many bytes are kept no more. */
  void giveBack(long bytes) {
    left.addAndGet(bytes);
  }
}
