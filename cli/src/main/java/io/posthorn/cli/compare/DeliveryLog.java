package io.posthorn.cli.compare;

import java.util.Arrays;

/**
 * What became of each message of one run: first arrival, duplicates, order, damage.
 *
 * <p>Kept in primitive arrays, so that recording costs no garbage while the run is measured. Times
 * are nanoseconds after the start of the run, on one clock for both ends. Every method holds the
 * log's own lock, so that a sender, a receiver and a progress bar may use it together.
 */
public final class DeliveryLog {
  /** The latency of a message that did not arrive. */
  public static final long INFINITE = Long.MAX_VALUE;

  private static final long NOT_ARRIVED = -1;

  private final MessageSchedule schedule;
  private final int messageBytes;
  private final long[] arrivalNanos;
  private int sent;
  private int delivered;
  private int duplicated;
  private int outOfOrder;
  private int corrupted;
  private int highestIndex = -1;
  private long lastArrivalNanos;
  private boolean sendingEnded;

  /**
   * A log in which nothing has happened.
   *
   * @param schedule the messages and when they are due
   * @param messageBytes the size of each message, 0 or more; goodput counts these bytes
   */
  public DeliveryLog(MessageSchedule schedule, int messageBytes) {
    if (messageBytes < 0) {
      throw new IllegalArgumentException("message size " + messageBytes + " is negative");
    }
    this.schedule = schedule;
    this.messageBytes = messageBytes;
    arrivalNanos = new long[schedule.count()];
    Arrays.fill(arrivalNanos, NOT_ARRIVED);
  }

  /** Cuts the run short: nothing more is to be sent, and only what was sent by then counts. */
  public synchronized void endSending() {
    sendingEnded = true;
  }

  /**
   * Whether the run was cut short.
   *
   * @return whether nothing more is to be sent
   */
  public synchronized boolean isSendingEnded() {
    return sendingEnded;
  }

  /** How many messages count: all of the schedule, or those sent before the run was cut short. */
  private int due() {
    // What came was sent, though its sender may not have been told so any more.
    return sendingEnded ? Math.max(sent, highestIndex + 1) : arrivalNanos.length;
  }

  /** Notes that the transport took one more message from the sender. */
  public synchronized void onSent() {
    sent++;
  }

  /**
   * Notes a message that arrived whole.
   *
   * @param index which one; an index outside the schedule counts as corrupted
   * @param nowNanos when, 0 or more
   * @return whether this was its first arrival
   */
  public synchronized boolean onArrived(int index, long nowNanos) {
    if (index < 0 || index >= arrivalNanos.length) {
      corrupted++;
      return false;
    }
    if (arrivalNanos[index] != NOT_ARRIVED) {
      duplicated++;
      return false;
    }
    arrivalNanos[index] = nowNanos;
    delivered++;
    lastArrivalNanos = Math.max(lastArrivalNanos, nowNanos);
    if (index < highestIndex) {
      outOfOrder++;
    } else {
      highestIndex = index;
    }
    return true;
  }

  /** Notes a message that was handed over with other bytes than were sent. */
  public synchronized void onCorrupted() {
    corrupted++;
  }

  /**
   * How many messages the transport took from the sender.
   *
   * @return at most the schedule's count, unless a caller notes more
   */
  public synchronized int sent() {
    return sent;
  }

  /**
   * How many different messages arrived whole.
   *
   * @return 0 to the schedule's count
   */
  public synchronized int delivered() {
    return delivered;
  }

  /**
   * How many messages of the schedule have not arrived: lost, or never let out by the transport. If
   * the run was cut short, how many of those that were sent.
   *
   * @return the schedule's count, or the number sent, less {@link #delivered()}
   */
  public synchronized int lost() {
    return due() - delivered;
  }

  /**
   * How many arrivals repeated a message that was there already.
   *
   * @return 0 or more
   */
  public synchronized int duplicated() {
    return duplicated;
  }

  /**
   * How many messages came (for the first time) after one of a higher index.
   *
   * @return 0 or more
   */
  public synchronized int outOfOrder() {
    return outOfOrder;
  }

  /**
   * How many arrivals were not what was sent.
   *
   * @return 0 or more
   */
  public synchronized int corrupted() {
    return corrupted;
  }

  /**
   * How long after its due time a message first arrived.
   *
   * @param index the message, 0 to the schedule's count - 1
   * @return nanoseconds, 0 or more; {@link #INFINITE} if it did not arrive
   */
  public synchronized long latencyNanos(int index) {
    long arrived = arrivalNanos[index];
    return arrived == NOT_ARRIVED ? INFINITE : Math.max(0, arrived - schedule.dueNanos(index));
  }

  /**
   * The latency that the given share of all messages of the schedule kept, by nearest rank;
   * messages that did not arrive count with an infinite one.
   *
   * @param percent 0 to 100; 100 gives the largest
   * @return nanoseconds; {@link #INFINITE} if so many did not arrive; 0 if nothing was due
   */
  public long percentileNanos(double percent) {
    return percentile(sortedLatencies(), percent);
  }

  /**
   * The share of all messages of the schedule that arrived within a time of their due time.
   *
   * @param limitNanos the time in nanoseconds, which still counts as within
   * @return 0 to 1; 1 if nothing was due
   */
  public synchronized double shareWithin(long limitNanos) {
    int due = due();
    if (due == 0) {
      return 1;
    }
    int within = 0;
    for (int index = 0; index < due; index++) {
      long latency = latencyNanos(index);
      if (latency != INFINITE && latency <= limitNanos) {
        within++;
      }
    }
    return (double) within / due;
  }

  /**
   * Message bytes that arrived for the first time, over the time from the start of the run to the
   * last of these arrivals.
   *
   * @return bit/s; 0 if nothing arrived
   */
  public synchronized double goodputBitsPerSecond() {
    if (delivered == 0) {
      return 0;
    }
    return 8e9 * messageBytes * delivered / Math.max(1, lastArrivalNanos);
  }

  /**
   * The figures of the run so far.
   *
   * @return a snapshot
   */
  public synchronized DeliverySummary summary() {
    long[] latencies = sortedLatencies();
    return new DeliverySummary(
        due(),
        sent,
        delivered,
        duplicated,
        outOfOrder,
        corrupted,
        goodputBitsPerSecond(),
        percentile(latencies, 50),
        percentile(latencies, 99),
        percentile(latencies, 100),
        shareWithin(DeliverySummary.TIMELY_NANOS));
  }

  private synchronized long[] sortedLatencies() {
    long[] latencies = new long[due()];
    for (int index = 0; index < latencies.length; index++) {
      latencies[index] = latencyNanos(index);
    }
    Arrays.sort(latencies);
    return latencies;
  }

  private static long percentile(long[] sorted, double percent) {
    if (!(percent >= 0 && percent <= 100)) {
      throw new IllegalArgumentException("percentile " + percent + " is not within 0 to 100");
    }
    if (sorted.length == 0) {
      return 0;
    }
    // Exact for whole percents: the product is a whole number below 2^53 before it is divided.
    int rank = (int) Math.ceil(percent * sorted.length / 100);
    return sorted[Math.max(1, rank) - 1];
  }
}
