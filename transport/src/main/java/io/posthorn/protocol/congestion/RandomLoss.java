package io.posthorn.protocol.congestion;

/**
 * The share of packets that a path loses by itself, whatever the queue. It is measured while the
 * queue is short; loss at a long queue counts as congestive if it exceeds that share by far. A
 * bottleneck with hardly a queue betrays itself by losing less while the flow drains, which bounds
 * the share too.
 */
final class RandomLoss {
  /** Loss beyond this share is never taken for the path's own. */
  static final double MOST = 0.2;

  private static final int SAMPLE_PACKETS = 100;
  private static final int SMOOTHING = 4;
  private static final int DRAIN_PACKETS = 200;
  private static final double DRAIN_FORGETS = 0.8;
  private static final double DRAIN_FACTOR = 1.25;
  private static final double MARGIN = 0.01;
  private static final double EXCESS = 0.02;
  private static final int LEAST_JUDGED_PACKETS = 20;
  private static final int LEAST_CONGESTIVE_PACKETS = 3;

  private double share;
  private int samples;
  private long sampleLost;
  private long sampleTotal;
  private double drainLost;
  private double drainTotal;
  private long highLost;
  private long highTotal;

  /** Bytes arrived. */
  void onDelivered(long bytes, boolean queueHigh, boolean drain, int packetBytes) {
    if (drain) {
      drainTotal += bytes;
    }
    if (queueHigh) {
      highTotal += bytes;
      return;
    }
    sampleTotal += bytes;
    if (sampleTotal >= (long) SAMPLE_PACKETS * packetBytes) {
      samples = Math.min(samples + 1, SMOOTHING);
      share += (Math.min(MOST, (double) sampleLost / sampleTotal) - share) / samples;
      sampleLost = 0;
      sampleTotal = 0;
    }
  }

  /** Bytes were lost. */
  void onLost(long bytes, boolean queueHigh, boolean drain) {
    if (drain) {
      drainLost += bytes;
      drainTotal += bytes;
    }
    if (queueHigh) {
      highLost += bytes;
      highTotal += bytes;
    } else {
      sampleLost += bytes;
      sampleTotal += bytes;
    }
  }

  /** A drain begins: older ones count less. */
  void beginDrain() {
    drainLost *= DRAIN_FORGETS;
    drainTotal *= DRAIN_FORGETS;
  }

  /** Whether a few packets were lost at a long queue, and more than the path loses by itself. */
  boolean isCongestive(int packetBytes) {
    return highTotal >= (long) LEAST_JUDGED_PACKETS * packetBytes
        && highLost >= (long) LEAST_CONGESTIVE_PACKETS * packetBytes
        && highLost > (2 * share() + EXCESS) * highTotal;
  }

  /** Whether anything was lost at a long queue. */
  boolean hasLossAtQueue() {
    return highLost > 0;
  }

  /** A round ends. */
  void endRound(int packetBytes) {
    if (highTotal >= (long) SAMPLE_PACKETS * packetBytes) {
      highLost = 0;
      highTotal = 0;
    }
  }

  /** The share, 0 to {@link #MOST}. */
  double share() {
    return Math.min(share, MOST);
  }

  /** The share to be made up for by sending more. */
  double shareMadeUpFor(int packetBytes) {
    if (drainTotal < (double) DRAIN_PACKETS * packetBytes) {
      return share();
    }
    return Math.min(share(), DRAIN_FACTOR * drainLost / drainTotal + MARGIN);
  }
}
