package io.posthorn.cli.compare;

/**
 * When each message of a run is due to be sent.
 *
 * <p>Latency is counted from the due time, not from the instant at which a transport let the sender
 * go on: a transport that holds its sender back makes the messages late, and the figures must show
 * it. Messages are evenly spaced; an instance is immutable and safe for all threads.
 *
 * @param count how many messages, 0 or more
 * @param messagesPerSecond how many are due a second, above 0; {@link Double#POSITIVE_INFINITY}
 *     makes all due at once
 */
public record MessageSchedule(int count, double messagesPerSecond) {
  private static final double NANOS_PER_SECOND = 1e9;

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if the count is negative or the rate not above 0
   */
  public MessageSchedule {
    if (count < 0) {
      throw new IllegalArgumentException("message count " + count + " is negative");
    }
    if (!(messagesPerSecond > 0)) {
      throw new IllegalArgumentException("message rate " + messagesPerSecond + " is not above 0");
    }
  }

  /**
   * A schedule in which all messages are due at the start.
   *
   * @param count how many messages, 0 or more
   * @return the schedule
   */
  public static MessageSchedule allAtOnce(int count) {
    return new MessageSchedule(count, Double.POSITIVE_INFINITY);
  }

  /**
   * A schedule that offers a given rate of message bytes.
   *
   * @param count how many messages, 0 or more
   * @param messageBytes the size of each, 1 or more
   * @param bitsPerSecond the rate of message bytes in bit/s, above 0
   * @return the schedule
   */
  public static MessageSchedule ofBitRate(int count, int messageBytes, double bitsPerSecond) {
    if (messageBytes < 1) {
      throw new IllegalArgumentException("message size " + messageBytes + " is below 1 byte");
    }
    return new MessageSchedule(count, bitsPerSecond / (8.0 * messageBytes));
  }

  /**
   * When a message is due.
   *
   * @param index the message, 0 to {@code count - 1}
   * @return nanoseconds after the start of the run; {@link Long#MAX_VALUE} if that is beyond what a
   *     long can hold
   */
  public long dueNanos(int index) {
    if (index < 0 || index >= count) {
      throw new IndexOutOfBoundsException("message " + index + " of " + count);
    }
    // Each due time is computed from the start, so that rounding does not add up over a run.
    return Math.round(index / messagesPerSecond * NANOS_PER_SECOND);
  }

  /**
   * When the last message is due.
   *
   * @return nanoseconds after the start of the run; 0 if there is no message
   */
  public long lastDueNanos() {
    return count == 0 ? 0 : dueNanos(count - 1);
  }
}
