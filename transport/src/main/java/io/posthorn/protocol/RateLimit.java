package io.posthorn.protocol;

import io.posthorn.SocketOptions;

/**
 * The ceiling that the application sets on what one connection sends ({@code maxSendRate}): a token
 * bucket in bytes of UDP payload. It fills at the rate and holds what the rate brings in five
 * milliseconds, at least two packets. What may not wait (acknowledgements, probes) is charged too,
 * and the data behind it pays: for acknowledgements half of the rate at most, or a peer that sends
 * much would take all of it, and for no more than a second.
 */
final class RateLimit {
  private static final long BURST_NANOS = 5_000_000L;
  private static final long MOST_DEBT_NANOS = 1_000_000_000L;
  private static final double ACKNOWLEDGEMENTS_SHARE = 0.5;
  private static final int LEAST_PACKETS = 2;
  private static final int ETHERNET_BYTES = 1_472;

  /** Less is a rounding error: without it, a datagram could find itself late by a nanosecond. */
  private static final double LEAST_BYTES = 1e-3;

  /** Without a ceiling nothing is counted, so that one does for all. */
  private static final RateLimit NONE = new RateLimit(0, 0);

  private final long bytesPerSecond;
  private final double depthBytes;
  private double tokens;

  /** What acknowledgements may be charged yet. */
  private double acknowledgementTokens;

  private long filledNanos;

  /** The ceiling of one connection under these options. */
  static RateLimit of(SocketOptions options) {
    long rate = options.maxSendBytesPerSecond();
    return rate == 0 ? NONE : new RateLimit(rate, largestDatagramBytes(options));
  }

  /**
   * Makes one.
   *
   * @param bytesPerSecond 0 for no limit
   * @param packetBytes largest datagram
   */
  RateLimit(long bytesPerSecond, int packetBytes) {
    this.bytesPerSecond = bytesPerSecond;
    this.depthBytes =
        Math.max(LEAST_PACKETS * (double) packetBytes, bytesPerSecond * (BURST_NANOS / 1e9));
    this.tokens = depthBytes;
    this.acknowledgementTokens = depthBytes;
  }

  /**
   * The largest datagram under these options: where there is a ceiling, none beyond Ethernet's that
   * takes longer than a millisecond of it, or the rate would come in jerks.
   */
  static int largestDatagramBytes(SocketOptions options) {
    long rate = options.maxSendBytesPerSecond();
    long smooth = rate == 0 ? Integer.MAX_VALUE : Math.max(ETHERNET_BYTES, rate / 1_000);
    return (int) Math.min(options.maxDatagramBytes(), smooth);
  }

  /** Bytes a second, or 0 for no limit. */
  long bytesPerSecond() {
    return bytesPerSecond;
  }

  /** When a datagram of this size may leave; not later than now if it may. */
  long readyNanos(int bytes, long nowNanos) {
    if (bytesPerSecond == 0) {
      return nowNanos;
    }
    fill(nowNanos);
    double missing = Math.min(bytes, depthBytes) - tokens;
    return missing < LEAST_BYTES
        ? nowNanos
        : nowNanos + Math.max(1, (long) Math.ceil(missing * 1e9 / bytesPerSecond));
  }

  /**
   * A datagram left.
   *
   * @param acknowledges whether it is one that only acknowledges
   */
  void onSent(int bytes, boolean acknowledges, long nowNanos) {
    if (bytesPerSecond == 0) {
      return;
    }
    fill(nowNanos);
    double charge = bytes;
    if (acknowledges) {
      charge = Math.min(bytes, acknowledgementTokens);
      acknowledgementTokens -= charge;
    }
    double floor = Math.min(tokens, -bytesPerSecond * (MOST_DEBT_NANOS / 1e9));
    tokens = Math.max(tokens - charge, floor);
  }

  private void fill(long nowNanos) {
    double brought = (nowNanos - filledNanos) * (bytesPerSecond / 1e9);
    tokens = Math.min(depthBytes, tokens + brought);
    acknowledgementTokens =
        Math.min(depthBytes, acknowledgementTokens + ACKNOWLEDGEMENTS_SHARE * brought);
    filledNanos = nowNanos;
  }
}
