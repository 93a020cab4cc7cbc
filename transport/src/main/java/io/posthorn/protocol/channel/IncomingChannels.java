package io.posthorn.protocol.channel;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.WireLimits;
import org.jspecify.annotations.Nullable;

/**
 * The receiving halves of the ordered channels of one connection, and whose turn it is to be read.
 * Its frames announce their credit.
 */
public final class IncomingChannels implements FrameSource {
  /**
   * A message or part taken from a stream.
   *
   * @param number of the message in its channel
   * @param more whether parts follow
   * @param aborted whether the sender gave it up
   */
  public record Taken(byte[] body, long number, boolean more, boolean aborted) {}

  private static final @Nullable IncomingChannel[] NONE = {};

  private final ReceiveBudget budget;
  private final ReceiveMemory memory;
  private @Nullable IncomingChannel[] channels = NONE;
  // One bit a channel: has a message; may want to announce a limit.
  private long readable;
  private long grants;
  private int nextToRead;
  private boolean tooManyGaps;
  private boolean memoryFull;

  /** Makes the channels of one connection. */
  public IncomingChannels(ReceiveBudget budget, ReceiveMemory memory) {
    this.budget = budget;
    this.memory = memory;
  }

  /** A packet came: what time it is, and how long a round trip takes, 0 if nobody knows yet. */
  public void onPacket(long nowNanos, long smoothedRttNanos) {
    budget.onPacket(nowNanos, smoothedRttNanos);
  }

  /** CHANNEL_DATA arrived. Answers a breach, or null. */
  public @Nullable CloseReason onData(
      int channel, long offset, byte[] bytes, int from, int length) {
    IncomingChannel at = used(channel);
    CloseReason breach = at.check(offset, length);
    if (breach != null) {
      return breach;
    }
    memoryFull = !at.mayStore(offset);
    tooManyGaps = !memoryFull && !at.store(offset, bytes, from, length);
    if (memoryFull || tooManyGaps) {
      return null;
    }
    breach = at.scan();
    if (breach == null) {
      at.window().tune();
      updateReadable(channel, at);
    }
    return breach;
  }

  /** Whether the data of the last {@link #onData} was not stored, since it left too many gaps. */
  public boolean leftTooManyGaps() {
    return tooManyGaps;
  }

  /**
   * Whether the data of the last {@link #onData} was not stored, since the socket's memory is full.
   */
  public boolean wasMemoryFull() {
    return memoryFull;
  }

  /** Gives the memory of received data up, and forgets how far each channel was read. */
  public void release() {
    for (IncomingChannel at : channels) {
      if (at != null) {
        at.release();
      }
    }
    channels = NONE;
    readable = 0;
    grants = 0;
  }

  private @Nullable IncomingChannel usedOrNull(int channel) {
    return channel < channels.length ? channels[channel] : null;
  }

  /** The receiving half of a channel, made when it is first used. */
  private IncomingChannel used(int channel) {
    IncomingChannel at = usedOrNull(channel);
    if (at == null) {
      at = new IncomingChannel(channel, budget, memory);
      channels = ByChannel.withPlace(channels, channel);
      channels[channel] = at;
    }
    return at;
  }

  private void updateReadable(int channel, IncomingChannel at) {
    long bit = 1L << channel;
    readable = at.hasMessage() ? readable | bit : readable & ~bit;
    if (at.wantsGrant()) {
      grants |= bit; // never taken back here: a lost announcement may have set it
    }
  }

  /** CHANNEL_FIN arrived. */
  public @Nullable CloseReason onFin(int channel, long finalOffset) {
    return used(channel).onFin(finalOffset);
  }

  /** CHANNEL_BLOCKED arrived: say the limit again if it is higher than the peer knows. */
  public void onBlocked(int channel, long limit) {
    IncomingChannel at = usedOrNull(channel);
    if (at != null) {
      at.window().onBlocked(limit);
    }
    if (at != null && (at.wantsGrant() || at.window().granted() > limit)) {
      grants |= 1L << channel;
    }
  }

  /** Whether a message can be taken. */
  public boolean hasMessage() {
    return readable != 0;
  }

  /** Whether a further part of a message can be taken from any channel. */
  public boolean hasPart() {
    for (IncomingChannel at : channels) {
      if (at != null && at.hasPart()) {
        return true;
      }
    }
    return false;
  }

  /** The channel from which {@link #takeFrom} is to take next; only if {@link #hasMessage}. */
  public int nextReadable() {
    long rotated = Long.rotateRight(readable, nextToRead);
    return (nextToRead + Long.numberOfTrailingZeros(rotated)) & (WireLimits.MAX_CHANNELS - 1);
  }

  /** Takes from a channel; null if it holds nothing whole (or no part, in mid-stream). */
  public @Nullable Taken takeFrom(int channel, boolean part) {
    IncomingChannel at = usedOrNull(channel);
    if (at == null || at.isMidStream() != part) {
      return null;
    }
    long before = at.takenTo();
    Taken taken = at.take();
    afterTaking(channel, at, before);
    return taken;
  }

  private void afterTaking(int channel, IncomingChannel at, long takenBefore) {
    nextToRead = (channel + 1) & (WireLimits.MAX_CHANNELS - 1);
    if (budget.isAssembling(channel) && at.takenTo() > takenBefore && !at.window().isExceeded()) {
      passAssemblyOn(channel);
    }
    updateReadable(channel, at);
  }

  /**
   * The message that outgrew its window is taken: whatever follows it, the token goes to the next
   * channel in turn that waits for it.
   */
  private void passAssemblyOn(int holder) {
    budget.endAssembly(holder);
    for (int i = 1; i <= channels.length; i++) {
      int channel = (holder + i) % channels.length;
      IncomingChannel at = channels[channel];
      if (at != null && at.outgrowsWindow()) {
        budget.tryAssemble(channel);
        grants |= 1L << channel;
        return;
      }
    }
  }

  /**
   * Lends the whole messages at the front of the next channel, where they lie.
   *
   * @return whether there are any; {@link #endRun} must follow
   */
  public boolean lendRun(ReceivedRun run) {
    if (readable == 0) {
      return false;
    }
    int channel = nextReadable();
    IncomingChannel at = usedOrNull(channel);
    return at != null && at.lend(run, channel);
  }

  /** The messages lent by {@link #lendRun} have been dealt with. */
  public void endRun(ReceivedRun run) {
    IncomingChannel at = usedOrNull(run.channel());
    if (at != null) {
      long before = at.takenTo();
      at.endRun(run);
      afterTaking(run.channel(), at, before);
    }
  }

  /** Whether the peer has begun something that it has not finished. */
  public boolean expectsMore() {
    for (IncomingChannel at : channels) {
      if (at != null && at.expectsMore()) {
        return true;
      }
    }
    return false;
  }

  /** The connection ended: no credit is announced any more. */
  public void abandonGrants() {
    grants = 0;
  }

  /** Bytes of heap held by received, untaken data. */
  public long receivedMemoryBytes() {
    long bytes = 0;
    for (IncomingChannel at : channels) {
      if (at != null) {
        bytes += at.memoryBytes();
      }
    }
    return bytes;
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return grants != 0;
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    for (long left = grants; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      if (!writeGrant(channel, out)) {
        return;
      }
    }
  }

  private boolean writeGrant(int channel, PacketBuilder out) {
    IncomingChannel at = used(channel);
    long due = at.grantDue();
    long limit = Math.max(due, at.window().granted());
    if (!out.frames().maxChannelData(channel, limit)) {
      return false;
    }
    at.window().onGranted(limit);
    out.carries(limit, channel);
    grants &= ~(1L << channel);
    return true;
  }

  @Override
  public void onAcknowledged(long limit, long channel, long nowNanos) {}

  @Override
  public void onLost(long limit, long channel, long nowNanos) {
    if (used((int) channel).window().granted() == limit) {
      grants |= 1L << channel;
    }
  }

  @Override
  public void onProbe(long limit, long channel, long nowNanos) {
    onLost(limit, channel, nowNanos);
  }

  @Override
  public long deadlineNanos() {
    return Long.MAX_VALUE;
  }

  @Override
  public void onTimeout(long nowNanos) {}
}
