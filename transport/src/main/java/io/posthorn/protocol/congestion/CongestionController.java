package io.posthorn.protocol.congestion;

import io.posthorn.protocol.recovery.DeliveryRate;

/**
 * Decides how many bytes may be in flight and how fast they leave. Bytes and nanoseconds only; no
 * clock, no allocation, not thread-safe.
 */
public interface CongestionController {
  /** A packet that counts in flight left. {@code inFlightBytes} includes it. */
  void onPacketSent(long nowNanos, int bytes, long inFlightBytes, boolean applicationLimited);

  /**
   * One call per ACK frame that newly acknowledged packets in flight.
   *
   * @param newestSentNanos when the newest of the newly acknowledged packets was sent
   * @param bytes bytes newly acknowledged
   * @param inFlightBytes bytes in flight after that
   * @param rate the delivery rate, sampled by the newest of them
   */
  void onAcknowledged(
      long nowNanos, long newestSentNanos, long bytes, long inFlightBytes, DeliveryRate rate);

  /**
   * Packets were declared lost.
   *
   * @param newestSentNanos when the newest of the lost packets was sent
   * @param persistent whether persistent congestion was found (RFC 9002 §7.6)
   */
  void onLost(long nowNanos, long newestSentNanos, long bytes, boolean persistent);

  /**
   * The peer reports a new congestion mark (RFC 9002 §7.1).
   *
   * @param newestSentNanos when the newest packet was sent that must have had one
   */
  void onCongestionExperienced(long nowNanos, long newestSentNanos);

  /** Bytes that were declared lost have arrived after all, overtaken by others. */
  default void onLateArrival(long nowNanos, long bytes) {}

  /** All that was declared lost in the last recovery period arrived after all: undo it. */
  void onSpuriousLoss(long nowNanos);

  /** The largest packet size of the path changed. */
  void onPacketSizeChanged(int bytes);

  /** What it is doing, for traces: a constant such as {@code slow_start}. */
  String state();

  /** Bytes that may be in flight. */
  long windowBytes();

  /** Bytes a second, or 0 to derive the rate from window and smoothed RTT. */
  long pacingBytesPerSecond();
}
