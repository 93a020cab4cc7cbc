package io.posthorn.protocol.congestion;

import io.posthorn.protocol.recovery.DeliveryRate;

/** CUBIC (RFC 9438) with HyStart++ (RFC 9406). */
public final class Cubic implements CongestionController {
  private static final long NEVER_BEFORE = -1;

  private int packetBytes;
  private final CubicWindow window;
  private HyStart hyStart = new HyStart();
  private long slowStartThreshold = Long.MAX_VALUE;
  private long savedThreshold = Long.MAX_VALUE;
  private long recoveryStartNanos = NEVER_BEFORE;
  private long savedRecoveryStartNanos = NEVER_BEFORE;
  private long roundEndBytes;
  private boolean recovering;

  /** What has yet to arrive after a cut for another loss to tell more of the path. */
  private long bytesToProve;

  /**
   * Makes one.
   *
   * @param packetBytes largest packet of the path
   */
  public Cubic(int packetBytes) {
    this.packetBytes = packetBytes;
    this.window = new CubicWindow(packetBytes, NewReno.initialWindow(packetBytes));
  }

  @Override
  public void onPacketSent(
      long nowNanos, int bytes, long inFlightBytes, boolean applicationLimited) {
    if (inFlightBytes == bytes) {
      window.pause(nowNanos); // nothing was in flight
    }
  }

  @Override
  public void onAcknowledged(
      long nowNanos, long newestSentNanos, long bytes, long inFlightBytes, DeliveryRate rate) {
    bytesToProve = Math.max(0, bytesToProve - bytes);
    boolean roundBegins = rate.priorDeliveredBytes() >= roundEndBytes;
    if (roundBegins) {
      roundEndBytes = rate.deliveredBytes();
    }
    if (newestSentNanos <= recoveryStartNanos) {
      return;
    }
    recovering = false;
    if (rate.isApplicationLimited()) {
      window.pause(nowNanos);
      return;
    }
    if (window.bytes() >= slowStartThreshold) {
      window.onAcknowledged(nowNanos, bytes, rate.rttNanos());
      return;
    }
    hyStart.onSample(rate.rttNanos(), roundBegins);
    window.grow(hyStart.growthBytes(bytes));
    if (hyStart.isOver()) {
      slowStartThreshold = window.bytes();
      window.restart(window.bytes());
    }
  }

  @Override
  public void onLost(long nowNanos, long newestSentNanos, long bytes, boolean persistent) {
    reduce(nowNanos, newestSentNanos, bytesToProve == 0);
    if (persistent) {
      window.collapse();
      hyStart = new HyStart();
      recoveryStartNanos = NEVER_BEFORE;
    }
  }

  @Override
  public void onCongestionExperienced(long nowNanos, long newestSentNanos) {
    reduce(nowNanos, newestSentNanos, true);
    window.confirm();
  }

  /**
   * Cuts the window.
   *
   * @param tells whether that says how much the path holds; else slow start goes back to where it
   *     was cut first, as in {@link NewReno}
   */
  private void reduce(long nowNanos, long newestSentNanos, boolean tells) {
    if (newestSentNanos <= recoveryStartNanos) {
      return; // this recovery period has paid already
    }
    savedRecoveryStartNanos = recoveryStartNanos;
    recoveryStartNanos = nowNanos;
    savedThreshold = slowStartThreshold;
    if (tells) {
      window.reduce(0);
      slowStartThreshold = window.bytes();
    } else {
      window.reduceBelowPlateau();
      hyStart = new HyStart();
    }
    bytesToProve = 2L * packetBytes;
    recovering = true;
  }

  @Override
  public void onSpuriousLoss(long nowNanos) {
    if (window.undo()) {
      recovering = false;
      bytesToProve = 0;
      recoveryStartNanos = savedRecoveryStartNanos; // what else that flight lost has not paid
      slowStartThreshold = Math.max(slowStartThreshold, savedThreshold);
    }
  }

  @Override
  public void onPacketSizeChanged(int bytes) {
    packetBytes = bytes;
    window.onPacketSizeChanged(bytes);
  }

  @Override
  public String state() {
    if (recovering) {
      return "recovery";
    }
    return window.bytes() < slowStartThreshold ? "slow_start" : "congestion_avoidance";
  }

  @Override
  public long windowBytes() {
    return Math.max(window.bytes(), 2L * packetBytes);
  }

  @Override
  public long pacingBytesPerSecond() {
    return 0;
  }
}
