package io.posthorn.simulation;

import java.util.function.LongSupplier;

/**
 * The time of a {@link SimulatedNetwork}: nanoseconds since its start, moved by the network alone.
 *
 * <p>It stands still while a host runs, so that code takes no time.
 */
public final class VirtualClock implements LongSupplier {
  private long nowNanos;

  VirtualClock() {}

  /** Nanoseconds since the network's start, 0 or more. */
  public long nowNanos() {
    return nowNanos;
  }

  @Override
  public long getAsLong() {
    return nowNanos;
  }

  void advanceTo(long nanos) {
    if (nanos < nowNanos) {
      throw new IllegalStateException("from " + nowNanos + " back to " + nanos);
    }
    nowNanos = nanos;
  }
}
