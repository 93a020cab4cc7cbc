package io.posthorn.endpoint;

/** The connection ids that were in use until a moment ago: late packets to them mean nothing. */
final class EndedIds {
  private static final int LIMIT = 1024;
  private static final long REMEMBERED_NANOS = 3_000_000_000L;

  private final long[] ids = new long[LIMIT];
  private final long[] untilNanos = new long[LIMIT];
  private int next;

  /** A connection with this id ended. The oldest is forgotten for it if there are too many. */
  void add(long id, long nowNanos) {
    ids[next] = id;
    untilNanos[next] = nowNanos + REMEMBERED_NANOS;
    next = (next + 1) % LIMIT;
  }

  boolean contains(long id, long nowNanos) {
    for (int i = 0; i < LIMIT; i++) {
      if (ids[i] == id && nowNanos < untilNanos[i]) {
        return true;
      }
    }
    return false;
  }
}
