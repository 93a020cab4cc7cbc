package io.posthorn.simulation;

/** A host that waits for nothing but datagrams. */
abstract class TimelessHost implements SimulatedHost {
  @Override
  public final void onTimeout(long nowNanos) {}

  @Override
  public final long nextTimeoutNanos() {
    return Long.MAX_VALUE;
  }
}
