package io.posthorn.protocol.channel;

import io.posthorn.wire.WireLimits;

/**
 * How the ceiling of one connection's receive memory is divided, so that no channel can starve
 * another and no set of windows can deadlock:
 *
 * <ul>
 *   <li>a quarter is the guaranteed slices of the ordered channels, {@link #sliceBytes} each;
 *   <li>a quarter is {@link #longestMessageBytes}; the pool of unordered messages is a little more;
 *   <li>{@link #maxWholeMessageBytes} and a little (one chunk, when messages are taken in parts) is
 *       kept for one channel at a time whose message outgrew its window: the assembly token, which
 *       goes round;
 *   <li>the rest widens the windows of channels that are read fast, and the number of unordered
 *       messages under way, which shrinks again as they come slower; where it does not reach for
 *       all, each channel that is wider than its share gives back. What was promised cannot be
 *       taken back, not even from a sender that fell silent: so nobody gets more than seven eighths
 *       of what the others leave.
 * </ul>
 */
public final class ReceiveBudget {
  private static final int NOBODY = -1;

  /** By so small a part of the longest message the pool is larger. */
  private static final int POOL_RESERVE = 16;

  /** A channel that wanted a wider window counts among those that share for so long. */
  private static final long CLAIM_NANOS = 1_000_000_000L;

  private final long sliceBytes;
  private final long longestMessageBytes;
  private final long messagePoolBytes;
  private final long maxWholeMessageBytes;
  private final boolean streaming;
  private final ReceiveMemory memory;
  private final long spareTotalBytes;
  private long spareBytes;
  private int assembling = NOBODY;

  /** When each channel wanted a wider window last; 0 for never. */
  private long[] claimedNanos = ByChannel.NONE;

  private long nowNanos;
  private long smoothedRttNanos;

  /**
   * Makes one.
   *
   * @param ceilingBytes of the connection
   * @param maxWholeMessageBytes at most a quarter of the ceiling
   * @param streaming whether longer ordered messages are handed over in parts
   */
  public ReceiveBudget(long ceilingBytes, long maxWholeMessageBytes, boolean streaming) {
    this(ceilingBytes, maxWholeMessageBytes, streaming, new ReceiveMemory(Long.MAX_VALUE));
  }

  /**
   * Makes one.
   *
   * @param memory of the socket, which has a ceiling of its own
   */
  public ReceiveBudget(
      long ceilingBytes, long maxWholeMessageBytes, boolean streaming, ReceiveMemory memory) {
    this.memory = memory;
    this.sliceBytes = ceilingBytes / 4 / WireLimits.MAX_CHANNELS;
    this.longestMessageBytes = ceilingBytes / 4;
    this.messagePoolBytes = longestMessageBytes + longestMessageBytes / POOL_RESERVE;
    this.maxWholeMessageBytes = maxWholeMessageBytes;
    this.streaming = streaming;
    // A chunk, its header and the slice that may stand behind it, when messages come in parts.
    long assembly = streaming ? WireLimits.MAX_CHUNK_BYTES + 8 + sliceBytes : rawLimitBytes();
    this.spareTotalBytes =
        Math.max(0, ceilingBytes - ceilingBytes / 4 - messagePoolBytes - assembly);
    this.spareBytes = spareTotalBytes;
  }

  /** The socket's memory. */
  ReceiveMemory memory() {
    return memory;
  }

  /** Guaranteed window of each ordered channel. */
  public long sliceBytes() {
    return sliceBytes;
  }

  /** Unordered messages begun and not taken by the application. */
  public long messagePoolBytes() {
    return messagePoolBytes;
  }

  /**
   * The longest unordered message: so much less than the pool that credit for it, given where none
   * is held, need not be given again for each message taken.
   */
  public long longestMessageBytes() {
    return longestMessageBytes;
  }

  /** Largest ordered message handed over whole. */
  public long maxWholeMessageBytes() {
    return maxWholeMessageBytes;
  }

  /** Whether ordered messages may be handed over in parts. */
  public boolean isStreaming() {
    return streaming;
  }

  /** Most bytes of stream, chunk headers included, that one whole message may take. */
  long rawLimitBytes() {
    return maxWholeMessageBytes + maxWholeMessageBytes / 8 + WireLimits.MAX_CHUNK_BYTES;
  }

  /** A packet came: what time it is, and how long a round trip takes, 0 if nobody knows yet. */
  void onPacket(long now, long rttNanos) {
    nowNanos = now;
    smoothedRttNanos = rttNanos;
  }

  /** When the newest packet came. */
  long nowNanos() {
    return nowNanos;
  }

  /** The round trip, 0 if it is not known. */
  long smoothedRttNanos() {
    return smoothedRttNanos;
  }

  /**
   * Takes up to so many bytes of the spare part, as far as an eighth of what the others leave stays
   * for them. Returns what was taken.
   *
   * @param heldBytes what the taker has of the spare part
   */
  long widen(long heldBytes, long bytes) {
    long taken = Math.min(bytes, leftFor(heldBytes));
    spareBytes -= taken;
    return taken;
  }

  private long leftFor(long heldBytes) {
    return Math.max(0, spareBytes - (spareBytes + heldBytes) / 8);
  }

  /**
   * Takes up to so many bytes of the spare part for a channel, as far as its share goes. Returns
   * what was taken.
   *
   * @param heldBytes what the channel has of the spare part
   */
  long claim(int channel, long heldBytes, long bytes) {
    claimedNanos = ByChannel.withPlace(claimedNanos, channel, 0);
    claimedNanos[channel] = Math.max(1, nowNanos);
    return widen(heldBytes, Math.min(bytes, Math.max(0, fairShareBytes() - heldBytes)));
  }

  /** What each channel may hold of the spare part, of all that wanted some lately. */
  long fairShareBytes() {
    int claimants = 0;
    for (long claimed : claimedNanos) {
      claimants += claimed != 0 && nowNanos - claimed < CLAIM_NANOS ? 1 : 0;
    }
    return spareTotalBytes / Math.max(1, claimants);
  }

  /** Gives bytes of the spare part back. */
  void giveBack(long bytes) {
    spareBytes += bytes;
  }

  /** What nobody has of the spare part. */
  long spareBytes() {
    return spareBytes;
  }

  /** Whether {@link #claim} would give something to a channel that has so much. */
  boolean hasSpare(long heldBytes) {
    return leftFor(heldBytes) > 0 && fairShareBytes() > heldBytes;
  }

  /** Takes the assembly token if it is free or held already. */
  boolean tryAssemble(int channel) {
    if (assembling == NOBODY) {
      assembling = channel;
    }
    return assembling == channel;
  }

  /** Whether a channel holds the assembly token. */
  boolean isAssembling(int channel) {
    return assembling == channel;
  }

  /** Gives the token back. */
  void endAssembly(int channel) {
    if (assembling == channel) {
      assembling = NOBODY;
    }
  }

  /** Whether nobody holds the token. */
  boolean isAssemblyFree() {
    return assembling == NOBODY;
  }
}
