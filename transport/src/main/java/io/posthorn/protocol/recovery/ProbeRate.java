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

  /** The longest wait for a place: beyond it more leave, or a live peer would count as gone. */
  private static final long MOST_WAIT_NANOS = 5_000_000_000L;

  private long nextNanos = -BURST * INTERVAL_NANOS;

  /**
   * Takes the next free places for so many probes.
   *
   * @return when they may leave, now or later
   */
  public long reserve(int probes, long nowNanos) {
    long at = firstFreeNanos(nowNanos);
    nextNanos = Math.min(at + probes * INTERVAL_NANOS, nowNanos + MOST_WAIT_NANOS);
    return Math.max(at, nowNanos);
  }

  /** So many probes leave now, whether or not there are places: they take those that are free. */
  public void takeFree(int probes, long nowNanos) {
    long at = firstFreeNanos(nowNanos);
    nextNanos = Math.max(at, Math.min(at + probes * INTERVAL_NANOS, nowNanos));
  }

  /** Reserved places that are not needed any more. */
  public void giveBack(int probes) {
    nextNanos -= probes * INTERVAL_NANOS;
  }

  private long firstFreeNanos(long nowNanos) {
    return Math.max(nextNanos, nowNanos - BURST * INTERVAL_NANOS);
  }
}
