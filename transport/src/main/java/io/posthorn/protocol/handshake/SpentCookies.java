package io.posthorn.protocol.handshake;

import java.util.HashSet;
import java.util.Set;

/**
 * The cookies whose handshake is complete, as long as {@link RetryCookies} would take them for
 * good: none begins a second one. No more are held than handshakes can be completed meanwhile,
 * which whoever begins them bounds. Not thread-safe.
 */
public final class SpentCookies {
  private Set<Long> younger = new HashSet<>();
  private Set<Long> older = new HashSet<>();
  private long tick;

  /** Makes it, with no cookie spent. */
  public SpentCookies() {}

  /**
   * A handshake is complete that began with this cookie.
   *
   * @param name as {@link RetryCookies#name} gives it
   */
  public void add(long name, long nowNanos) {
    forget(nowNanos);
    younger.add(name);
  }

  /** Whether the cookie of this name is spent. */
  public boolean contains(long name, long nowNanos) {
    forget(nowNanos);
    return younger.contains(name) || older.contains(name);
  }

  /** What was spent two ticks ago was issued then or before: it is stale. */
  private void forget(long nowNanos) {
    long now = Math.floorDiv(nowNanos, RetryCookies.TICK_NANOS);
    if (now == tick) {
      return;
    }
    older = now == tick + 1 ? younger : new HashSet<>();
    younger = new HashSet<>();
    tick = now;
  }
}
