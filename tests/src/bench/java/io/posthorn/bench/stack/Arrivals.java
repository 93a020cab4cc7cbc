package io.posthorn.bench.stack;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A counter with one writer. */
final class Arrivals {
  private static final VarHandle COUNT;

  static {
    try {
      COUNT = MethodHandles.lookup().findVarHandle(Arrivals.class, "count", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private long count;

  /** By the one writer. */
  void add(long more) {
    COUNT.setRelease(this, count + more);
  }

  long get() {
    return (long) COUNT.getAcquire(this);
  }
}
