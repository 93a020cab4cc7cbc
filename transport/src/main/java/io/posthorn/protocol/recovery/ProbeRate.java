package io.posthorn.protocol.recovery;

/**
 * The ceiling of probes into silence, over all connections of a socket: a link that is dead is not
 * flooded when it comes back. Whoever comes first goes first. Not thread-safe.
 */
public final class ProbeRate {
  /** Probes a second over all connections. */
  public static final int PER_SECOND = 500;

  private static final long INTERVAL_NANOS = 1_000_000_000L / PER_SECOND;

  /** What may leave at once after some time without probes. */
  private static final int BURST = 64;

  private long nextNanos = -BURST * INTERVAL_NANOS;

  /**
   * Takes the next free place for so many probes.
   *
   * @return when they may leave, now or later
   */
  public long reserve(int probes, long nowNanos) {
    long at = Math.max(nextNanos, nowNanos - BURST * INTERVAL_NANOS);
    nextNanos = at + probes * INTERVAL_NANOS;
    return Math.max(at, nowNanos);
  }
}
