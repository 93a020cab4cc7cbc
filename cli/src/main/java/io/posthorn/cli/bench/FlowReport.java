package io.posthorn.cli.bench;

import java.nio.ByteBuffer;

/**
 * What a receiver tells of the data of one direction.
 *
 * @param unique different messages that came
 * @param bytes of those
 * @param duplicates messages that came again
 * @param outOfOrder messages that came after a later one
 * @param missing messages before the newest that have not come, so far
 * @param jitterNanos the mean deviation of the transit time, RFC 3550 §6.4.1
 * @param elapsedNanos from the beginning of the stream to the newest message
 */
public record FlowReport(
    long unique,
    long bytes,
    long duplicates,
    long outOfOrder,
    long missing,
    long jitterNanos,
    long elapsedNanos) {
  /** Nothing came. */
  public static final FlowReport NONE = new FlowReport(0, 0, 0, 0, 0, 0, 0);

  private static final int BYTES = 7 * Long.BYTES;

  byte[] toBytes() {
    return ByteBuffer.allocate(BYTES)
        .putLong(unique)
        .putLong(bytes)
        .putLong(duplicates)
        .putLong(outOfOrder)
        .putLong(missing)
        .putLong(jitterNanos)
        .putLong(elapsedNanos)
        .array();
  }

  /** Reads the body of a message; {@link #NONE} if it is too short. */
  static FlowReport of(byte[] message) {
    if (message.length < BenchMessage.HEADER_BYTES + BYTES) {
      return NONE;
    }
    ByteBuffer in = ByteBuffer.wrap(message, BenchMessage.HEADER_BYTES, BYTES);
    return new FlowReport(
        in.getLong(),
        in.getLong(),
        in.getLong(),
        in.getLong(),
        in.getLong(),
        in.getLong(),
        in.getLong());
  }

  /** Both directions, or several streams, as one; the jitter is the larger. */
  public FlowReport plus(FlowReport that) {
    return new FlowReport(
        unique + that.unique,
        bytes + that.bytes,
        duplicates + that.duplicates,
        outOfOrder + that.outOfOrder,
        missing + that.missing,
        Math.max(jitterNanos, that.jitterNanos),
        Math.max(elapsedNanos, that.elapsedNanos));
  }

  /** The same in another time. */
  FlowReport lasting(long nanos) {
    return new FlowReport(unique, bytes, duplicates, outOfOrder, missing, jitterNanos, nanos);
  }

  /** The same, with no fewer missing than in an earlier report. */
  FlowReport withMissingOf(FlowReport earlier) {
    return new FlowReport(
        unique,
        bytes,
        duplicates,
        outOfOrder,
        Math.max(missing, earlier.missing),
        jitterNanos,
        elapsedNanos);
  }

  /** What came since an earlier report; what was missing then and came since lessens no figure. */
  public FlowReport minus(FlowReport earlier) {
    return new FlowReport(
        unique - earlier.unique,
        bytes - earlier.bytes,
        duplicates - earlier.duplicates,
        outOfOrder - earlier.outOfOrder,
        Math.max(0, missing - earlier.missing),
        jitterNanos,
        elapsedNanos - earlier.elapsedNanos);
  }
}
