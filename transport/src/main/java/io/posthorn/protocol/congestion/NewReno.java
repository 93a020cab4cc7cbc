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
    reduce(nowNanos, newestSentNanos);
    if (persistent) {
      windowBytes = minimumWindow();
      recoveryStartNanos = -1;
    }
  }

  @Override
  public void onCongestionExperienced(long nowNanos, long newestSentNanos) {
    reduce(nowNanos, newestSentNanos);
    windowBeforeLoss = 0; // a mark is no guess: even if no loss was real, congestion was
  }

  private void reduce(long nowNanos, long newestSentNanos) {
    if (newestSentNanos <= recoveryStartNanos) {
      return; // this recovery period has paid already
    }
    windowBeforeLoss = windowBytes;
    thresholdBeforeLoss = slowStartThreshold;
    recoveryStartBeforeLossNanos = recoveryStartNanos;
    recoveryStartNanos = nowNanos;
    slowStartThreshold = Math.max(windowBytes / 2, minimumWindow());
    windowBytes = slowStartThreshold;
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
