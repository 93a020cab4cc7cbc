package io.posthorn.protocol;

/**
 * How often the messages of a thin flow ride in packets that leave anyway (PROTOCOL.md §9.5): as
 * often as measured loss asks for, within a budget of bytes.
 */
final class Redundancy {
  /** Packets in which one message rides at most. */
  static final int MOST_COPIES = 4;

  /**
   * Messages that may come a round trip late, of all: those all of whose copies are lost, and those
   * that wait behind them.
   */
  private static final double TOLERATED_LATE = 0.0003;

  /** The budget: so many times the IP bytes of the same messages in datagrams of their own. */
  private static final int BUDGET = 3;

  /** Headers of IPv4 and UDP, in a datagram of its own and in each packet. */
  private static final int HEADERS_BYTES = 28;

  /** Credit for what was not used: a burst of copies behind a pause is worth no more. */
  private static final int MOST_CREDIT_BYTES = 2_400;

  /** Packets over which the share of lost ones is averaged. */
  private static final int MEMORY_PACKETS = 1_024;

  /** Packets without loss that count as sent before the first. */
  private static final int PRIOR_PACKETS = 16;

  private static final int MEMORY_MESSAGES = 16;

  /**
   * The share that is assumed to be lost while little is known, lest all that is sent before the
   * first acknowledgements wait a round trip.
   */
  private static final double ASSUMED_LOSS = 0.015;

  /** Packets in which one message rides at most while little is known: the first window reaches. */
  private static final int ASSUMED_COPIES = 2;

  /** Packets of which must be known whether they arrived before the measured share counts. */
  static final int KNOWN_PACKETS = 64;

  /**
   * Messages wait for each other so long, as a share of the round trip for each loss: that is worth
   * more the more is lost.
   */
  private static final double HOLD_PER_LOSS = 0.625;

  /** But so long at most, as a share of the round trip. */
  private static final int HOLD_SHARE = 16;

  /** Messages over which is counted how many of them share a channel. */
  private static final int MEMORY_CHANNELS = 64;

  private static final long LONGEST_HOLD_NANOS = 5_000_000L;

  /** The channel of a message that waits for no other. */
  static final int NONE = -1;

  private final boolean enabled;
  private long creditBytes;
  private double lossShare;
  private int packets = PRIOR_PACKETS;
  private long lostBefore;
  private boolean isLossKnown;
  private long pendingMessages;
  private long pendingBytes;
  private double messageBytes;
  private double gapNanos;
  private long lastPacketNanos = Long.MIN_VALUE;
  // The share of messages that wait for a lost one of another, by comparing with one now and then.
  private double sameChannel = 1;
  private int comparedChannel = NONE;
  private long comparedMessages;

  Redundancy(boolean enabled) {
    this.enabled = enabled;
  }

  /**
   * The application sends messages.
   *
   * @param channel the ordered channel that they all share, or {@link #NONE}
   */
  void onMessages(int channel, long count, long bytes) {
    pendingMessages += count;
    pendingBytes += bytes;
    boolean same = channel == comparedChannel && channel != NONE;
    sameChannel += ((same ? 1 : 0) - sameChannel) * Math.min(1, (double) count / MEMORY_CHANNELS);
    comparedMessages += count;
    if (comparedMessages >= MEMORY_CHANNELS || comparedChannel == NONE) {
      comparedChannel = channel;
      comparedMessages = 0;
    }
  }

  /**
   * A packet left that wants an acknowledgement.
   *
   * @param lost packets lost so far, without those that arrived after all
   * @param known packets of which is known by now whether they arrived, about
   */
  void onPacket(int bytes, long lost, long known, long nowNanos) {
    foldMessages(nowNanos);
    creditBytes = Math.max(creditBytes - bytes - HEADERS_BYTES, -MOST_CREDIT_BYTES);
    packets = Math.min(packets + 1, MEMORY_PACKETS);
    lossShare += (lost - lostBefore - lossShare) / packets;
    lossShare = Math.min(1, Math.max(0, lossShare));
    lostBefore = lost;
    isLossKnown |= known >= KNOWN_PACKETS;
    lastPacketNanos = nowNanos;
  }

  /** Takes account of the messages since the last packet. */
  private void foldMessages(long nowNanos) {
    if (pendingMessages == 0) {
      return;
    }
    creditBytes = creditBytes();
    double weight = Math.min(1, (double) pendingMessages / MEMORY_MESSAGES);
    messageBytes += ((double) pendingBytes / pendingMessages - messageBytes) * weight;
    if (lastPacketNanos != Long.MIN_VALUE) {
      double gap = (double) (nowNanos - lastPacketNanos) / pendingMessages;
      gapNanos = gapNanos == 0 ? gap : gapNanos + (gap - gapNanos) * weight;
    }
    pendingMessages = 0;
    pendingBytes = 0;
  }

  /** What the messages so far allow to be sent. */
  private long creditBytes() {
    long allowance = BUDGET * (pendingBytes + pendingMessages * HEADERS_BYTES);
    return Math.min(creditBytes + allowance, Math.max(MOST_CREDIT_BYTES, allowance));
  }

  /** The share of packets that are lost, 0 to 1: measured, or assumed at the start. */
  double lossShare() {
    return isLossKnown ? lossShare : Math.max(lossShare, ASSUMED_LOSS);
  }

  /**
   * In how many packets each message is to ride: the smallest number with which no more come late
   * than is tolerated.
   */
  int copies(long smoothedRttNanos) {
    if (!enabled) {
      return 1;
    }
    double messages = smoothedRttNanos / Math.max(1, gapNanos);
    double share = lossShare();
    double late = share * (1 + messages * sameChannel);
    int most = isLossKnown ? MOST_COPIES : ASSUMED_COPIES;
    int copies = 1;
    while (copies < most && late > TOLERATED_LATE) {
      late *= share;
      copies++;
    }
    return copies;
  }

  /**
   * Bytes of frames that a packet which is filled now may have.
   *
   * @param overheadBytes what the packet has beside its frames
   */
  int allowanceBytes(int overheadBytes) {
    return (int) Math.max(0, creditBytes() - overheadBytes - HEADERS_BYTES);
  }

  /**
   * Until when the next packet is held, so that several messages share its headers: only where the
   * budget does not reach otherwise for the copies that are asked for.
   */
  long heldUntilNanos(int copies, int overheadBytes, long smoothedRttNanos) {
    if (copies < 2 || lastPacketNanos == Long.MIN_VALUE) {
      return Long.MIN_VALUE;
    }
    double each = BUDGET * (messageBytes + HEADERS_BYTES);
    if (overheadBytes + HEADERS_BYTES + copies * messageBytes <= each) {
      return Long.MIN_VALUE;
    }
    double share = Math.min(lossShare() * HOLD_PER_LOSS, 1.0 / HOLD_SHARE);
    return lastPacketNanos + Math.min((long) (smoothedRttNanos * share), LONGEST_HOLD_NANOS);
  }
}
