package io.posthorn.protocol.congestion;

/**
 * What congestion leaves of a flow's window: set by the first loss or mark, cut once for each
 * recovery period (RFC 9002 §7.3.2), grown as CUBIC's window is while it limits the flow.
 */
final class WindowCeiling {
  /** What it is raised by if it left the queue empty while it was probed: by what probes do. */
  private static final double RAISED = 1.25;

  /**
   * What a mark leaves of the window: more than a loss, for queues that mark are short (RFC 8511).
   */
  private static final double MARKED = 0.8;

  /** Packets below it that still count as up to it. */
  private static final long NEAR_PACKETS = 3;

  private final CubicWindow window;
  private int packetBytes;
  private boolean set;
  private boolean limits;
  private boolean marked;
  private long recoveryStartNanos = -1;

  // Before the last cut, should the loss prove spurious.
  private boolean setByCut;
  private long savedRecoveryStartNanos = -1;

  WindowCeiling(int packetBytes) {
    this.packetBytes = packetBytes;
    window = new CubicWindow(packetBytes, 0);
  }

  void onPacketSizeChanged(int newPacketBytes) {
    packetBytes = newPacketBytes;
    window.onPacketSizeChanged(newPacketBytes);
  }

  /** The ceiling; no bound, if none is set. */
  long bytes() {
    return set ? window.bytes() : Long.MAX_VALUE;
  }

  /** The flow does not use its window. */
  void pause(long nowNanos) {
    window.pause(nowNanos);
  }

  /**
   * Bytes were acknowledged.
   *
   * @param flightBytes in flight before that
   * @param limited whether the application had no more to send
   */
  void onAcknowledged(
      long nowNanos,
      long newestSentNanos,
      long bytes,
      long flightBytes,
      boolean limited,
      long rttNanos) {
    limits = flightBytes + NEAR_PACKETS * packetBytes >= window.bytes();
    if (!set || hasPaidFor(newestSentNanos)) {
      return;
    }
    if (limited || !limits) {
      window.pause(nowNanos); // it is not what limits the flow
    } else {
      window.onAcknowledged(nowNanos, bytes, rttNanos);
    }
  }

  /** Whether a cut came after what was sent then: one flight pays once. */
  boolean hasPaidFor(long sentNanos) {
    return sentNanos <= recoveryStartNanos;
  }

  /** Makes it at least so high, from where it grows; from now on there is one. */
  void raiseTo(long bytes) {
    setByCut = false;
    if (!set || window.bytes() < bytes) {
      restart(bytes);
    }
  }

  private void restart(long bytes) {
    window.restart(bytes);
    set = true;
  }

  /**
   * The path was probed and the queue stayed empty. Not one that a mark set: where queues are kept
   * that short, others see no more of them either.
   */
  void onProbeWithoutQueue(long probeStartNanos) {
    boolean unharmed = recoveryStartNanos < probeStartNanos;
    if (set && !marked && limits && unharmed) {
      window.restart((long) (RAISED * window.bytes()));
    }
  }

  /**
   * Congestion shown by loss.
   *
   * @param inFlightBytes in flight now; a ceiling far above it would not be felt
   * @param heldBytes what to cut from then
   * @param competing whether the window alone decides, so that it was felt
   * @param floorBytes not cut below this
   */
  void onLoss(
      long nowNanos, long inFlightBytes, long heldBytes, boolean competing, long floorBytes) {
    setByCut = !set;
    if (!set || (!competing && inFlightBytes < window.bytes())) {
      restart(heldBytes);
    }
    cut(nowNanos, false, floorBytes);
  }

  /**
   * Congestion shown by a mark, which is no guess, as a loss is.
   *
   * @param flightBytes what was under way when the mark was set
   * @param competing whether the cut is that of a loss
   */
  void onMark(long nowNanos, long flightBytes, boolean competing) {
    if (!set || !limits) {
      restart(flightBytes);
    }
    cut(nowNanos, true, competing ? 0 : (long) (MARKED * window.bytes()));
  }

  private void cut(long nowNanos, boolean byMark, long floorBytes) {
    marked = byMark;
    savedRecoveryStartNanos = recoveryStartNanos;
    recoveryStartNanos = nowNanos;
    window.reduce(floorBytes);
  }

  /** The last cut was right, whatever becomes of the packets that counted as lost. */
  void confirm() {
    window.confirm();
  }

  /**
   * The loss behind the last cut was spurious.
   *
   * @return whether there was a cut that may be undone
   */
  boolean undo() {
    if (!window.undo()) {
      return false;
    }
    recoveryStartNanos = savedRecoveryStartNanos; // what else that flight lost has not paid
    if (setByCut) {
      set = false;
    }
    return true;
  }

  /** The path may be another one. */
  void forget() {
    set = false;
    recoveryStartNanos = -1;
  }
}
