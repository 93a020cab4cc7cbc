package io.posthorn.protocol.recovery;

/**
 * When to send a probe because no acknowledgement came (RFC 9002 §6.2). The back-off is capped so
 * that a link that returns within the idle timeout is noticed soon: at smoothed RTT + 100 ms during
 * the first 30 s of silence, at 2 s after that. Within these 30 s the two packets of a probe go one
 * by one from the third on, each after half of the time: no more of them, and noticed sooner.
 */
public final class ProbeTimeout {
  private static final long EARLY_CAP_NANOS = 95_000_000L;
  private static final long LATE_CAP_NANOS = 2_000_000_000L;
  private static final long LATE_AFTER_NANOS = 30_000_000_000L;
  private static final int MAX_SHIFT = 20;

  /** After so many probes that nothing answered, it is an outage and no lost tail. */
  private static final int SPREAD_FROM = 2;

  /**
   * Of so many probes one asks a peer that talks, and answers none, for an answer alone: perhaps it
   * takes no messages now, and refuses whole packets with parts of them.
   */
  private static final int BARE_EACH = 8;

  /** After so long one does so though nothing came: the peer may have nothing to say. */
  private static final long BARE_AFTER_NANOS = 10_000_000_000L;

  /** At the latest after a quarter of the idle timeout: two are to get there before its end. */
  private static final int BARE_PART = 4;

  /** Packets of a probe (RFC 9002 §6.2.4). */
  static final int PACKETS = 2;

  private int count;
  private boolean heard;
  private boolean bare;
  private long bareNanos;
  private long bareAfterNanos = BARE_AFTER_NANOS;
  private long silentSinceNanos = Long.MAX_VALUE;

  /** Probes sent since the last acknowledgement. */
  public int count() {
    return count;
  }

  /** When the first probe left that nothing has answered yet; Long.MAX_VALUE if there is none. */
  public long silentSinceNanos() {
    return silentSinceNanos;
  }

  /** Counts the silence from now on only. */
  public void forgiveSilence(long nowNanos) {
    if (count > 0) {
      silentSinceNanos = nowNanos;
    }
  }

  /** After so long a silence the peer counts as gone. */
  void idleTimeout(long nanos) {
    bareAfterNanos = Math.min(BARE_AFTER_NANOS, nanos / BARE_PART);
  }

  /** A probe is being sent. */
  public void onProbe(long nowNanos) {
    if (count == 0) {
      silentSinceNanos = nowNanos;
      bareNanos = nowNanos;
      heard = false;
    }
    count++;
    // By time too: on a long path the timeout may be over before the eighth could be answered.
    bare = nowNanos - Math.max(bareNanos, silentSinceNanos) >= bareAfterNanos;
    if (count % BARE_EACH == 0) {
      bare |= heard || nowNanos - silentSinceNanos >= bareAfterNanos;
      heard = false;
    }
    if (bare) {
      bareNanos = nowNanos;
    }
  }

  /** A packet of the peer came, whatever it says. */
  public void onHeard() {
    heard = true;
  }

  /** Whether the probe that is being sent is to carry a PING and nothing that might be refused. */
  boolean isBare() {
    return bare;
  }

  /** An acknowledgement came. */
  public void onAcknowledged() {
    count = 0;
    silentSinceNanos = Long.MAX_VALUE;
  }

  /** Packets of the next probe. */
  public int packets(long nowNanos) {
    return isSpread(nowNanos) ? 1 : PACKETS;
  }

  private boolean isSpread(long nowNanos) {
    return count >= SPREAD_FROM && !isLate(nowNanos);
  }

  private boolean isLate(long nowNanos) {
    return nowNanos > silentSinceNanos && nowNanos - silentSinceNanos > LATE_AFTER_NANOS;
  }

  /**
   * How long after the last ack-eliciting packet to send the next probe.
   *
   * @param maxAckDelayNanos the peer's
   */
  public long intervalNanos(RttEstimator rtt, long maxAckDelayNanos, long nowNanos) {
    long interval = rtt.probeTimeoutNanos(maxAckDelayNanos);
    if (count == 0) {
      return interval;
    }
    boolean late = isLate(nowNanos);
    // By then an answer to the probe before would be here. After two that nothing answered, the
    // queue that this side may have filled is empty: it makes up half of the round trip at most.
    long roundTrip =
        count == 1
            ? rtt.smoothedRttNanos()
            : Math.max(rtt.minRttNanos(), rtt.smoothedRttNanos() / 2);
    if (!rtt.hasSample()) {
      roundTrip = RttEstimator.INITIAL_RTT_NANOS; // a guess may be far too small
    }
    long cap = late ? Math.max(interval, LATE_CAP_NANOS) : roundTrip + EARLY_CAP_NANOS;
    long backedOff = interval << Math.min(count, MAX_SHIFT);
    long whole = backedOff < 0 ? cap : Math.min(backedOff, cap);
    return isSpread(nowNanos) ? whole / PACKETS : whole;
  }
}
