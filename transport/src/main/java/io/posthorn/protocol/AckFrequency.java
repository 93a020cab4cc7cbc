package io.posthorn.protocol;

import io.posthorn.protocol.recovery.PacketRecovery;

/**
 * ACK_FREQUENCY frames: a flow with much in flight asks for fewer acknowledgements, about thirty a
 * round trip, so that a fast one does not drown in them; a flow that has become thin asks for the
 * usual two again. Along with that, and as soon as the round trip is known, it asks for a delay
 * that fits the path, so that the tail of a burst is known a quarter of a round trip after it came,
 * not after the usual delay.
 */
final class AckFrequency implements FrameSource {
  private static final long NEVER = Long.MAX_VALUE;
  private static final int USUAL_PACKETS = 2;
  private static final int ACKS_A_ROUND = 32;

  /**
   * With packets of 1,500 bytes some 96 KB: more would leave the sender in runs too long to pace.
   */
  private static final int MOST_PACKETS = 64;

  /** A round trip changes; asking again for each little change would be no saving. */
  private static final int WORTHWHILE = 2;

  private static final int DELAY_DIVISOR = 4;
  private static final long LEAST_DELAY_MICROS = 1_000;

  /** For a flow that asks for no fewer: sooner would be one acknowledgement for each packet. */
  private static final long LEAST_USUAL_DELAY_MICROS = 5_000;

  private static final long MOST_DELAY_MICROS = PeerConnection.MAX_ACK_DELAY_NANOS / 1_000;

  private long sequence = -1;
  private int askedPackets = USUAL_PACKETS;
  private long announcedDelayMicros = MOST_DELAY_MICROS;
  private long askedDelayMicros = MOST_DELAY_MICROS;
  private boolean due;
  private long agreedDelayMicros = NEVER;

  /**
   * The connection is open, and the handshake may have shown the round trip.
   *
   * @param peerMaxAckDelayMicros the delay that holds until another is asked for, and the longest
   */
  void onOpened(PacketRecovery recovery, long peerMaxAckDelayMicros) {
    announcedDelayMicros = peerMaxAckDelayMicros;
    askedDelayMicros = peerMaxAckDelayMicros;
    if (recovery.rtt().hasSample()) {
      askIfWorthwhile(recovery);
    }
  }

  /** The peer acknowledged something: asks for another frequency if that is worth it. */
  void onAcknowledged(PacketRecovery recovery) {
    if (agreedDelayMicros != NEVER) {
      recovery.peerMaxAckDelay(agreedDelayMicros * 1_000);
      agreedDelayMicros = NEVER;
    }
    askIfWorthwhile(recovery);
  }

  private void askIfWorthwhile(PacketRecovery recovery) {
    int wanted =
        Math.max(
            USUAL_PACKETS, Math.min(MOST_PACKETS, recovery.sent().outstanding() / ACKS_A_ROUND));
    boolean fewer = wanted >= WORTHWHILE * askedPackets;
    boolean more = wanted * WORTHWHILE * WORTHWHILE <= askedPackets;
    long quarterMicros = recovery.rtt().smoothedRttNanos() / 1_000 / DELAY_DIVISOR;
    long least = wanted > USUAL_PACKETS ? LEAST_DELAY_MICROS : LEAST_USUAL_DELAY_MICROS;
    long delayMicros = Math.max(least, Math.min(MOST_DELAY_MICROS, quarterMicros));
    delayMicros = Math.min(announcedDelayMicros, delayMicros);
    boolean sooner = delayMicros < askedDelayMicros && delayMicros * WORTHWHILE <= askedDelayMicros;
    if (fewer || more || sooner) {
      askedPackets = wanted;
      askedDelayMicros = delayMicros;
      sequence++;
      due = true;
    }
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return due;
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    if (due && out.frames().ackFrequency(sequence, askedPackets, askedDelayMicros)) {
      out.carries(sequence, 0);
      due = false;
    }
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    if (first == sequence) {
      agreedDelayMicros = askedDelayMicros; // the peer has it, and probes may count on it
    }
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    due |= first == sequence; // only the newest counts
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    onLost(first, second, nowNanos);
  }

  @Override
  public long deadlineNanos() {
    return NEVER;
  }

  @Override
  public void onTimeout(long nowNanos) {}
}
