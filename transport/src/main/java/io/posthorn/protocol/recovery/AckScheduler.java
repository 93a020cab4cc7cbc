package io.posthorn.protocol.recovery;

/**
 * When the next acknowledgement is due (RFC 9000 §13.2): at once for what is out of order or marked
 * with congestion and for each second ack-eliciting packet, else within the delay that was
 * announced.
 */
public final class AckScheduler {
  private static final long NEVER = Long.MAX_VALUE;

  private final long announcedDelayNanos;
  private long maxAckDelayNanos;
  private int packetTolerance = 2;
  private int unacknowledged;
  private boolean anythingNew;
  private boolean anythingUrgent;
  private long deadlineNanos = NEVER;

  /**
   * Makes one.
   *
   * @param maxAckDelayNanos announced to the peer
   */
  public AckScheduler(long maxAckDelayNanos) {
    this.announcedDelayNanos = maxAckDelayNanos;
    this.maxAckDelayNanos = maxAckDelayNanos;
  }

  /**
   * A packet was accepted. What does not wait and asks for no acknowledgement is told with the next
   * one that does: the gap before it is one before that, too.
   *
   * @param mayWait whether it came in order and without the mark of congestion
   */
  public void onPacket(boolean ackEliciting, boolean mayWait, long nowNanos) {
    anythingNew = true;
    anythingUrgent |= !mayWait;
    if (!ackEliciting) {
      return;
    }
    unacknowledged++;
    if (anythingUrgent || unacknowledged >= packetTolerance) {
      deadlineNanos = Math.min(deadlineNanos, nowNanos);
    } else {
      deadlineNanos = Math.min(deadlineNanos, nowNanos + maxAckDelayNanos);
    }
  }

  /**
   * The peer asks for fewer acknowledgements, and for a delay.
   *
   * @param delayNanos what was announced is not exceeded
   */
  public void onAckFrequency(int tolerance, long delayNanos) {
    packetTolerance = Math.max(2, tolerance);
    maxAckDelayNanos = Math.min(announcedDelayNanos, delayNanos);
  }

  /** An acknowledgement of all that was received left. */
  public void onAckSent() {
    unacknowledged = 0;
    anythingNew = false;
    anythingUrgent = false;
    deadlineNanos = NEVER;
  }

  /** Makes an acknowledgement due now. */
  public void requestNow(long nowNanos) {
    deadlineNanos = nowNanos;
  }

  /** Whether an acknowledgement must leave now, in a packet of its own if need be. */
  public boolean isDue(long nowNanos) {
    return deadlineNanos <= nowNanos;
  }

  /** Whether an acknowledgement would say something that none has said. */
  public boolean hasNews() {
    return anythingNew;
  }

  /** When {@link #isDue} turns true, or Long.MAX_VALUE. */
  public long deadlineNanos() {
    return deadlineNanos;
  }
}
