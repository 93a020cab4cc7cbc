package io.posthorn.protocol.congestion;

/**
 * Spreads packets over the round trip (RFC 9002 §7.7): a token bucket in bytes that fills at the
 * controller's rate, or at 1.25 × window / smoothed RTT. Its depth allows ten packets, or what the
 * rate brings in two milliseconds if that is more, since no timer wakes more finely than that. What
 * waited for the bucket and comes later than it might (a thread was held up, or all of the process)
 * gets what that time would have brought, up to ten milliseconds; idle time, in which nothing
 * waits, saves nothing up.
 */
public final class Pacer {
  private static final int BURST_PACKETS = 10;
  private static final long BURST_NANOS = 2_000_000L;
  private static final long LATE_NANOS = 10_000_000L;
  private static final int MAX_OWED_PACKETS = 2;
  private static final double FULL = Double.MAX_VALUE;

  private double tokens = FULL;
  private long filledNanos;

  /** Bytes a second at which packets may leave. */
  public static long rate(CongestionController controller, long smoothedRttNanos) {
    long given = controller.pacingBytesPerSecond();
    if (given > 0) {
      return given;
    }
    double perSecond = 1.25e9 * controller.windowBytes() / Math.max(1, smoothedRttNanos);
    return perSecond >= Long.MAX_VALUE ? Long.MAX_VALUE : (long) perSecond;
  }

  /**
   * Whether a packet may leave now.
   *
   * @param lateNanos how long ago {@link #readyNanos} said that it might; 0 if it did not wait for
   *     that
   */
  public boolean mayLeave(long bytesPerSecond, int packetBytes, long lateNanos, long nowNanos) {
    fill(bytesPerSecond, packetBytes, lateNanos, nowNanos);
    return tokens >= packetBytes;
  }

  /**
   * A packet left. Probes leave though the bucket is empty, and are owed; but not all those of an
   * outage, or the link's return would be noticed and not used.
   */
  public void onPacketSent(int bytes) {
    tokens = Math.max((double) -MAX_OWED_PACKETS * bytes, tokens - bytes);
  }

  /** When {@link #mayLeave} turns true. */
  public long readyNanos(long bytesPerSecond, int packetBytes, long nowNanos) {
    if (tokens >= packetBytes) {
      return nowNanos;
    }
    double wait = (packetBytes - tokens) * 1e9 / Math.max(1, bytesPerSecond);
    return nowNanos + (long) Math.min(1e18, Math.ceil(wait));
  }

  private void fill(long bytesPerSecond, int packetBytes, long lateNanos, long nowNanos) {
    if (nowNanos == filledNanos && tokens != FULL) {
      return; // a late burst is under way: what is left of it is not cut off
    }
    double depth =
        Math.max((double) BURST_PACKETS * packetBytes, bytesPerSecond * (BURST_NANOS / 1e9));
    depth += bytesPerSecond * (Math.min(lateNanos, LATE_NANOS) / 1e9);
    tokens = Math.min(depth, tokens + (nowNanos - filledNanos) * (bytesPerSecond / 1e9));
    filledNanos = nowNanos;
  }
}
