package io.posthorn.protocol.congestion;

/**
 * The window of CUBIC in congestion avoidance (RFC 9438 §4): a cubic function of the time since the
 * last reduction, or what Reno would have if that is more. Bytes and nanoseconds.
 */
final class CubicWindow {
  /** Multiplicative decrease (RFC 9438 §4.6). */
  static final double BETA = 0.7;

  private static final double C = 0.4;
  private static final double RENO_ALPHA = 3 * (1 - BETA) / (1 + BETA);
  private static final double MOST_GROWTH = 1.5;
  private static final long NO_EPOCH = -1;

  private int packetBytes;
  private double bytes;

  /** W_max (RFC 9438 §4.1.2): where the plateau is. */
  private double bytesBefore;

  /** cwnd_prior: the window at the last reduction. */
  private double bytesPrior;

  private double renoBytes;
  private long epochNanos = NO_EPOCH;
  private long lastNanos;
  private double secondsToPlateau;

  private double savedBytes;
  private double savedBytesBefore;
  private double savedBytesPrior;
  private double savedRenoBytes;
  private long savedEpochNanos;
  private double savedSecondsToPlateau;

  CubicWindow(int packetBytes, long bytes) {
    this.packetBytes = packetBytes;
    this.bytes = bytes;
  }

  long bytes() {
    return (long) bytes;
  }

  void onPacketSizeChanged(int newPacketBytes) {
    packetBytes = newPacketBytes;
    bytes = Math.max(bytes, leastBytes());
  }

  private double leastBytes() {
    return 2.0 * packetBytes;
  }

  /** Slow start: as much more. */
  void grow(long moreBytes) {
    bytes += moreBytes;
  }

  /** Begins anew from here, with a plateau at this size. */
  void restart(long newBytes) {
    bytes = Math.max((double) newBytes, leastBytes());
    bytesBefore = bytes;
    bytesPrior = bytes;
    epochNanos = NO_EPOCH;
  }

  /** The flow did not use its window: that time does not count (RFC 9438 §5.8). */
  void pause(long nowNanos) {
    if (epochNanos != NO_EPOCH) {
      epochNanos += nowNanos - lastNanos;
      lastNanos = nowNanos;
    }
  }

  /** Bytes were acknowledged while the window was in use. */
  void onAcknowledged(long nowNanos, long acknowledgedBytes, long rttNanos) {
    if (epochNanos == NO_EPOCH) {
      epochNanos = nowNanos;
      bytesBefore = Math.max(bytesBefore, bytes);
      renoBytes = bytes;
      secondsToPlateau = Math.cbrt((bytesBefore - bytes) / packetBytes / C);
    }
    lastNanos = nowNanos;
    double seconds = (nowNanos - epochNanos + rttNanos) / 1e9 - secondsToPlateau;
    double cubicBytes = C * seconds * seconds * seconds * packetBytes + bytesBefore;
    // Once the window before the cut is reached, Reno would grow by a packet each round trip.
    double alpha = renoBytes >= bytesPrior ? 1 : RENO_ALPHA;
    renoBytes += alpha * packetBytes * acknowledgedBytes / bytes;
    if (cubicBytes < renoBytes) {
      bytes = Math.max(bytes, renoBytes); // the Reno-friendly region (RFC 9438 §4.3)
      return;
    }
    double target = Math.min(cubicBytes, MOST_GROWTH * bytes);
    if (target > bytes) {
      bytes = Math.min(target, bytes + (target - bytes) * acknowledgedBytes / bytes);
    }
  }

  /**
   * Congestion (RFC 9438 §4.6, §4.7).
   *
   * @param floorBytes not below this
   */
  void reduce(long floorBytes) {
    save();
    bytesPrior = bytes;
    bytesBefore = bytes < bytesBefore ? bytes * (1 + BETA) / 2 : bytes; // fast convergence
    bytes = Math.max(Math.max(bytes * BETA, (double) floorBytes), leastBytes());
    bytesBefore = Math.max(bytesBefore, bytes);
    epochNanos = NO_EPOCH;
  }

  /** As much less, but the plateau stays where it is. */
  void reduceBelowPlateau() {
    save();
    bytes = Math.max(bytes * BETA, leastBytes());
    epochNanos = NO_EPOCH;
  }

  private void save() {
    savedBytes = bytes;
    savedBytesBefore = bytesBefore;
    savedBytesPrior = bytesPrior;
    savedRenoBytes = renoBytes;
    savedEpochNanos = epochNanos;
    savedSecondsToPlateau = secondsToPlateau;
  }

  /** Persistent congestion (RFC 9002 §7.6.2). */
  void collapse() {
    bytes = leastBytes();
    epochNanos = NO_EPOCH;
    savedBytes = 0;
  }

  /** The last reduction was right, whatever becomes of the packets that counted as lost. */
  void confirm() {
    savedBytes = 0;
  }

  /**
   * The last reduction was wrong (RFC 9438 §4.9).
   *
   * @return whether there was one that may be undone
   */
  boolean undo() {
    boolean any = savedBytes > 0;
    if (savedBytes > bytes) {
      bytes = savedBytes;
      bytesBefore = savedBytesBefore;
      bytesPrior = savedBytesPrior;
      renoBytes = savedRenoBytes;
      epochNanos = savedEpochNanos;
      secondsToPlateau = savedSecondsToPlateau;
    }
    savedBytes = 0;
    return any;
  }
}
