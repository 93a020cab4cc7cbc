package io.posthorn.protocol.recovery;

/**
 * What leaves whatever the window says, since nothing was heard for a probe timeout (RFC 9002
 * §6.2.4): how many packets, within what the socket may probe at all ({@link ProbeRate}), and
 * whether they carry data. Not thread-safe.
 */
public final class Probes {
  private static final long NEVER = Long.MAX_VALUE;

  private final ProbeTimeout timeout = new ProbeTimeout();
  private final ProbeRate rate;
  private int due;
  private boolean bare;
  private long slotNanos = NEVER;
  private int slotPackets;

  Probes(ProbeRate rate) {
    this.rate = rate;
  }

  /** Whether a probe is to be sent now, whatever the window says. */
  public boolean isDue() {
    return due > 0;
  }

  /** Whether the probe that is due asks for an answer and carries nothing besides. */
  public boolean isBare() {
    return bare && due > 0;
  }

  /** Lets one packet leave whatever the window says. */
  public void request() {
    bare = false;
    due = Math.max(due, 1);
  }

  /** Probe timeouts since the last acknowledgement. */
  public int sinceAcknowledgement() {
    return timeout.count();
  }

  /** See {@link ProbeTimeout#silentSinceNanos}. */
  public long silentSinceNanos() {
    return timeout.silentSinceNanos();
  }

  /** See {@link ProbeTimeout#idleTimeout}. */
  public void idleTimeout(long nanos) {
    timeout.idleTimeout(nanos);
  }

  /** See {@link ProbeTimeout#forgiveSilence}. */
  public void forgiveSilence(long nowNanos) {
    timeout.forgiveSilence(nowNanos);
  }

  /** See {@link ProbeTimeout#onHeard}. */
  public void onHeard() {
    timeout.onHeard();
  }

  /** A packet left that wants an answer. */
  void onSent() {
    due = Math.max(0, due - 1);
  }

  /** An acknowledgement brought news. */
  void onAcknowledged() {
    timeout.onAcknowledged();
    due = 0;
    if (slotNanos != NEVER) {
      rate.giveBack(slotPackets);
      slotNanos = NEVER;
    }
  }

  /**
   * When the next is due.
   *
   * @param lastAckElicitingNanos when the last packet left that wants an answer
   * @param maxAckDelayNanos the peer's
   * @return Long.MAX_VALUE while one is due already
   */
  long deadlineNanos(
      long lastAckElicitingNanos, RttEstimator rtt, long maxAckDelayNanos, long nowNanos) {
    if (due > 0) {
      return NEVER;
    }
    long at = lastAckElicitingNanos + timeout.intervalNanos(rtt, maxAckDelayNanos, nowNanos);
    return slotNanos == NEVER ? at : Math.max(at, slotNanos);
  }

  /**
   * The deadline has come.
   *
   * @return whether probes are due now; otherwise they wait for their turn among the socket's
   */
  boolean onTimeout(long nowNanos) {
    int packets = timeout.packets(nowNanos);
    if (timeout.count() == 0) { // it finds a lost tail: at once
      rate.takeFree(packets, nowNanos);
    } else if (slotNanos == NEVER) {
      long slot = rate.reserve(packets, nowNanos);
      if (slot > nowNanos) {
        slotNanos = slot;
        slotPackets = packets;
        return false;
      }
    }
    slotNanos = NEVER;
    due = packets;
    timeout.onProbe(nowNanos);
    bare = timeout.isBare();
    return true;
  }
}
