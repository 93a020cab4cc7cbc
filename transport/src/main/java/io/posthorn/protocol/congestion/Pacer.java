package io.posthorn.protocol.congestion;

/**
 * Spreads packets over the round trip (RFC 9002 §7.7): a token bucket in bytes that fills at the
 * controller's rate, or at 1.25 × window / smoothed RTT. Its depth allows ten packets, or what the
 * rate brings in two milliseconds if that is more, since no timer wakes more finely than that.
 */
public final class Pacer {
  private static final int BURST_PACKETS = 10;
  private static final long BURST_NANOS = 2_000_000L;
  private static final int MAX_OWED_PACKETS = 2;

  private double tokens = Double.MAX_VALUE;
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

  /** Whether a packet may leave now. */
  public boolean mayLeave(long bytesPerSecond, int packetBytes, long nowNanos) {
    fill(bytesPerSecond, packetBytes, nowNanos);
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

  private void fill(long bytesPerSecond, int packetBytes, long nowNanos) {
    double depth =
        Math.max((double) BURST_PACKETS * packetBytes, bytesPerSecond * (BURST_NANOS / 1e9));
    tokens = Math.min(depth, tokens + (nowNanos - filledNanos) * (bytesPerSecond / 1e9));
    filledNanos = nowNanos;
  }
}
