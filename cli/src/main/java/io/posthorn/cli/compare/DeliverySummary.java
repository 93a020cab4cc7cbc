package io.posthorn.cli.compare;

/**
 * The figures of one run of one transport.
 *
 * @param due how many messages were due; in a run that was cut short, how many were sent
 * @param sent how many of them the transport took from the sender
 * @param delivered how many different ones arrived whole
 * @param duplicated how many arrivals repeated an earlier one
 * @param outOfOrder how many came after one of a higher index
 * @param corrupted how many arrivals were not what was sent
 * @param goodputBitsPerSecond bytes of delivered messages over the time to the last arrival
 * @param p50Nanos median latency from the due time over all messages due; {@link
 *     DeliveryLog#INFINITE} if half did not arrive
 * @param p99Nanos the latency that 99 % kept, likewise
 * @param maxNanos the largest latency, likewise
 * @param timelyShare the share of all messages due that arrived within {@link #TIMELY_NANOS}, 0 to
 *     1
 */
public record DeliverySummary(
    int due,
    int sent,
    int delivered,
    int duplicated,
    int outOfOrder,
    int corrupted,
    double goodputBitsPerSecond,
    long p50Nanos,
    long p99Nanos,
    long maxNanos,
    double timelyShare) {
  /** A message is timely if it arrives within 100 ms of its due time. */
  public static final long TIMELY_NANOS = 100_000_000L;

  /**
   * How many messages had not arrived at the end: lost, or never let out by the transport.
   *
   * @return 0 or more
   */
  public int lost() {
    return due - delivered;
  }
}
