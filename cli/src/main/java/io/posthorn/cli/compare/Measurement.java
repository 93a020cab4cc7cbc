package io.posthorn.cli.compare;

/**
 * What one run of one transport has shown.
 *
 * @param summary what arrived, and when
 * @param datagrams packets on the wire, both directions; {@link Carrier#UNKNOWN} if nobody counted
 * @param wireBytes their bytes with IP headers; {@link Carrier#UNKNOWN} if nobody counted
 * @param retransmissions what the transport sent again; {@link Carrier#UNKNOWN} if it does not say
 * @param congestionController what governed the sending rate; empty if nothing did
 * @param failure why the run ended early; empty if it did not
 * @param warning why the figures are not to be trusted; empty if they are
 */
public record Measurement(
    DeliverySummary summary,
    long datagrams,
    long wireBytes,
    long retransmissions,
    String congestionController,
    String failure,
    String warning) {

  /**
   * The figure for a metric.
   *
   * @param metric which
   * @return in the metric's unit; infinite for a latency of what did not arrive; NaN if not known
   */
  public double value(Metric metric) {
    return switch (metric) {
      case SENT -> summary.sent();
      case DELIVERED -> summary.delivered();
      case LOST -> summary.lost();
      case DUPLICATED -> summary.duplicated();
      case OUT_OF_ORDER -> summary.outOfOrder();
      case CORRUPTED -> summary.corrupted();
      case GOODPUT -> summary.goodputBitsPerSecond();
      case P50 -> time(summary.p50Nanos());
      case P99 -> time(summary.p99Nanos());
      case MAX -> time(summary.maxNanos());
      case WITHIN_100_MS -> summary.timelyShare();
      case DATAGRAMS -> known(datagrams);
      case BYTES -> known(wireBytes);
      case RETRANSMISSIONS -> known(retransmissions);
    };
  }

  private static double time(long nanos) {
    return nanos == DeliveryLog.INFINITE ? Double.POSITIVE_INFINITY : nanos;
  }

  private static double known(long count) {
    return count == Carrier.UNKNOWN ? Double.NaN : count;
  }

  /**
   * Whether every message arrived once, whole and in its order.
   *
   * @return whether it kept all that reliable mode promises
   */
  public boolean isPerfect() {
    return summary.lost() == 0
        && summary.duplicated() == 0
        && summary.outOfOrder() == 0
        && summary.corrupted() == 0;
  }
}
