package io.posthorn.protocol.congestion;

import io.posthorn.protocol.recovery.DeliveryRate;

/** NewReno as RFC 9002 §7 describes it. */
public final class NewReno implements CongestionController {
  private int packetBytes;
  private long windowBytes;
  private long slowStartThreshold = Long.MAX_VALUE;
  private long recoveryStartNanos = -1;
  private long acknowledgedSinceGrowth;
  private long windowBeforeLoss;
  private long thresholdBeforeLoss;
  private long recoveryStartBeforeLossNanos = -1;
  private boolean recovering;

  /** What has yet to arrive after a cut for another loss to tell more of the path. */
  private long bytesToProve;

  /**
   * Makes one.
   *
   * @param packetBytes largest packet of the path
   */
  public NewReno(int packetBytes) {
    this.packetBytes = packetBytes;
    this.windowBytes = initialWindow(packetBytes);
  }

  /** RFC 9002 §7.2. */
  static long initialWindow(int packetBytes) {
    return Math.min(10L * packetBytes, Math.max(14_720L, 2L * packetBytes));
  }

  private long minimumWindow() {
    return 2L * packetBytes;
  }

  @Override
  public void onPacketSent(
      long nowNanos, int bytes, long inFlightBytes, boolean applicationLimited) {}

  @Override
  public void onAcknowledged(
      long nowNanos, long newestSentNanos, long bytes, long inFlightBytes, DeliveryRate rate) {
    bytesToProve = Math.max(0, bytesToProve - bytes);
    if (newestSentNanos <= recoveryStartNanos || rate.isApplicationLimited()) {
      return;
    }
    recovering = false;
    if (windowBytes < slowStartThreshold) {
      windowBytes += bytes;
      return;
    }
    acknowledgedSinceGrowth += bytes;
    if (acknowledgedSinceGrowth >= windowBytes) {
      acknowledgedSinceGrowth -= windowBytes;
      windowBytes += packetBytes;
    }
  }

  @Override
  public void onLost(long nowNanos, long newestSentNanos, long bytes, boolean persistent) {
    reduce(nowNanos, newestSentNanos, bytesToProve == 0);
    if (persistent) {
      windowBytes = minimumWindow();
      recoveryStartNanos = -1;
    }
  }

  @Override
  public void onCongestionExperienced(long nowNanos, long newestSentNanos) {
    reduce(nowNanos, newestSentNanos, true);
    windowBeforeLoss = 0; // a mark is no guess: even if no loss was real, congestion was
  }

  /**
   * Halves the window.
   *
   * @param tells whether that says how much the path holds. What is lost while hardly anything gets
   *     through does not: slow start goes back to where it was cut first (RFC 5681 §3.1), or a gap
   *     of a few recovery periods would leave nothing of a long path's window
   */
  private void reduce(long nowNanos, long newestSentNanos, boolean tells) {
    if (newestSentNanos <= recoveryStartNanos) {
      return; // this recovery period has paid already
    }
    windowBeforeLoss = windowBytes;
    thresholdBeforeLoss = slowStartThreshold;
    recoveryStartBeforeLossNanos = recoveryStartNanos;
    recoveryStartNanos = nowNanos;
    windowBytes = Math.max(windowBytes / 2, minimumWindow());
    if (tells) {
      slowStartThreshold = windowBytes;
    }
    bytesToProve = minimumWindow();
    acknowledgedSinceGrowth = 0;
    recovering = true;
  }

  @Override
  public void onSpuriousLoss(long nowNanos) {
    if (windowBeforeLoss == 0) {
      return;
    }
    if (windowBeforeLoss > windowBytes) {
      windowBytes = windowBeforeLoss;
      slowStartThreshold = thresholdBeforeLoss;
    }
    recoveryStartNanos = recoveryStartBeforeLossNanos; // what else that flight lost has not paid
    recovering = false;
    bytesToProve = 0;
    windowBeforeLoss = 0;
  }

  @Override
  public void onPacketSizeChanged(int bytes) {
    packetBytes = bytes;
    windowBytes = Math.max(windowBytes, minimumWindow());
  }

  @Override
  public String state() {
    if (recovering) {
      return "recovery";
    }
    return windowBytes < slowStartThreshold ? "slow_start" : "congestion_avoidance";
  }

  @Override
  public long windowBytes() {
    return windowBytes;
  }

  @Override
  public long pacingBytesPerSecond() {
    return 0;
  }
}
