package io.posthorn.protocol.channel;

import io.posthorn.protocol.ChannelSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.WireLimits;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The ordered channels of one connection, both directions, and their credit. Channels do not block
 * each other: each has its own stream, window and order.
 */
public final class OrderedChannels implements ChannelSource {
  private static final long GRANT = 1;
  private static final long BLOCKED = 2;
  private static final long REPEATED = 3;
  private static final int KIND_SHIFT = 56;

  /**
   * A message or part taken from a stream.
   *
   * @param number of the message in its channel
   * @param more whether parts follow
   * @param aborted whether the sender gave it up
   */
  public record Taken(byte[] body, long number, boolean more, boolean aborted) {}

  private static final @Nullable OutgoingChannel[] NO_OUTGOING = {};
  private static final @Nullable IncomingChannel[] NO_INCOMING = {};

  private final SendLedger ledger;
  private final Confirmations confirmations;
  private final ReceiveBudget budget;
  private final ReceiveMemory memory;
  private @Nullable OutgoingChannel[] outgoing = NO_OUTGOING;
  private @Nullable IncomingChannel[] incoming = NO_INCOMING;
  private long initialCredit;

  /** Credit for channels that were not used yet; made when the first comes. */
  private long @Nullable [] earlyCredit;

  private int peerChannels = WireLimits.MAX_CHANNELS;
  // One bit a channel: has something to send; has a message; may want to announce a limit.
  private long sendable;
  private long readable;
  private long grants;
  private long recent;
  private int repeatFirst;
  private int nextToRead;
  private boolean tooManyGaps;
  private boolean memoryFull;

  /** Makes the channels of one connection. */
  public OrderedChannels(
      SendLedger ledger, Confirmations confirmations, ReceiveBudget budget, ReceiveMemory memory) {
    this.memory = memory;
    this.ledger = ledger;
    this.confirmations = confirmations;
    this.budget = budget;
  }

  static long dataNote(int channel, int length) {
    return (long) channel << 32 | length;
  }

  /** The same for data of which another packet carries some too. */
  static long repeatedNote(int channel, int length) {
    return REPEATED << KIND_SHIFT | (long) channel << 32 | length;
  }

  static long blockedNote(int channel) {
    return BLOCKED << KIND_SHIFT | (long) channel << 32;
  }

  /** The peer's limits are known. */
  public void onPeerLimits(long initialMaxChannelData, int maxChannels) {
    initialCredit = initialMaxChannelData;
    peerChannels = maxChannels;
    for (OutgoingChannel channel : outgoing) {
      if (channel != null) {
        channel.onCredit(initialMaxChannelData);
      }
    }
  }

  /** Whether the peer takes this channel. */
  public boolean isAllowed(int channel) {
    return channel >= 0 && channel < peerChannels;
  }

  /** Bytes of a streamed message under way on this channel. */
  public long midMessageBytes(int channel) {
    OutgoingChannel to = outgoingOrNull(channel);
    return to == null ? 0 : to.midMessageBytes();
  }

  /** Whether a message or part may be taken; see {@link SendShare#hasRoom}. */
  public boolean hasRoom(int channel, int bodyBytes) {
    return ledger.ofChannel(channel).hasRoom(bodyBytes);
  }

  /** Takes a message or part for sending; there is room for it. */
  public void send(
      int channel,
      byte[] body,
      boolean more,
      long expiresAtNanos,
      boolean confirmRequested,
      @Nullable Object receipt) {
    OutgoingChannel to = used(channel);
    to.add(body, more, expiresAtNanos, confirmRequested, receipt);
    sendable |= 1L << channel;
  }

  /** Gives up the message of which parts were sent, if there is one. */
  public void abort(int channel) {
    OutgoingChannel to = outgoingOrNull(channel);
    if (to != null) {
      to.abort();
      updateSendable(channel, to);
    }
  }

  /** Takes a run of encoded messages; see {@link OutgoingChannel#addRun}. */
  public int sendRun(int channel, byte[] encoded, int from, int to, boolean beyondLimit) {
    OutgoingChannel at = used(channel);
    int taken = at.addRun(encoded, from, to, beyondLimit);
    sendable |= 1L << channel;
    return taken;
  }

  /** Takes one message straight into its stream; see {@link OutgoingChannel#addBody}. */
  public SendOutcome sendBody(int channel, ByteBuffer body) {
    SendOutcome outcome = used(channel).addBody(body);
    if (outcome == SendOutcome.ACCEPTED) {
      sendable |= 1L << channel;
    }
    return outcome;
  }

  /** A packet came: what time it is, and how long a round trip takes, 0 if nobody knows yet. */
  public void onPacket(long nowNanos, long smoothedRttNanos) {
    budget.onPacket(nowNanos, smoothedRttNanos);
  }

  /** The sending half of a channel, made when it is first used. */
  private OutgoingChannel used(int channel) {
    OutgoingChannel to = outgoingOrNull(channel);
    if (to == null) {
      to = new OutgoingChannel(channel, initialCredit, ledger, confirmations, memory.rings());
      outgoing = ByChannel.withPlace(outgoing, channel);
      outgoing[channel] = to;
      if (earlyCredit != null) {
        to.onCredit(earlyCredit[channel]);
      }
    }
    return to;
  }

  /** CHANNEL_DATA arrived. Answers a breach, or null. */
  public @Nullable CloseReason onData(
      int channel, long offset, byte[] bytes, int from, int length) {
    IncomingChannel at = incoming(channel);
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
      at.tune();
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

  /** Gives the memory of received data up. */
  public void release() {
    for (IncomingChannel at : incoming) {
      if (at != null) {
        at.release();
      }
    }
    readable = 0;
  }

  private @Nullable OutgoingChannel outgoingOrNull(int channel) {
    return channel < outgoing.length ? outgoing[channel] : null;
  }

  private @Nullable IncomingChannel incomingOrNull(int channel) {
    return channel < incoming.length ? incoming[channel] : null;
  }

  private IncomingChannel incoming(int channel) {
    IncomingChannel at = incomingOrNull(channel);
    if (at == null) {
      at = new IncomingChannel(channel, budget, memory);
      incoming = ByChannel.withPlace(incoming, channel);
      incoming[channel] = at;
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
    return incoming(channel).onFin(finalOffset);
  }

  /** MAX_CHANNEL_DATA arrived. */
  public void onMaxData(int channel, long maxOffset) {
    OutgoingChannel to = outgoingOrNull(channel);
    if (to != null) {
      to.onCredit(maxOffset);
      updateSendable(channel, to);
      return;
    }
    if (earlyCredit == null) {
      earlyCredit = new long[WireLimits.MAX_CHANNELS];
    }
    earlyCredit[channel] = Math.max(earlyCredit[channel], maxOffset);
  }

  /** CHANNEL_BLOCKED arrived: say the limit again if it is higher than the peer knows. */
  public void onBlocked(int channel, long limit) {
    IncomingChannel at = incomingOrNull(channel);
    if (at != null) {
      at.onBlocked(limit);
    }
    if (at != null && (at.wantsGrant() || at.granted() > limit)) {
      grants |= 1L << channel;
    }
  }

  private void updateSendable(int channel, OutgoingChannel to) {
    long bit = 1L << channel;
    sendable = to.canSend() ? sendable | bit : sendable & ~bit;
  }

  /** Whether a message can be taken. */
  public boolean hasMessage() {
    return readable != 0;
  }

  /** Whether a further part of a message can be taken from any channel. */
  public boolean hasPart() {
    for (IncomingChannel at : incoming) {
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
    IncomingChannel at = incomingOrNull(channel);
    if (at == null || at.isMidStream() != part) {
      return null;
    }
    Taken taken = at.take();
    afterTaking(channel, at);
    return taken;
  }

  private void afterTaking(int channel, IncomingChannel at) {
    nextToRead = (channel + 1) & (WireLimits.MAX_CHANNELS - 1);
    boolean wasAssembling = budget.isAssembling(channel);
    updateReadable(channel, at);
    if (wasAssembling && at.hasNothingPartial()) {
      budget.endAssembly(channel);
      wakeWaitingForAssembly();
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
    IncomingChannel at = incomingOrNull(channel);
    return at != null && at.lend(run, channel);
  }

  /** The messages lent by {@link #lendRun} have been dealt with. */
  public void endRun(ReceivedRun run) {
    IncomingChannel at = incomingOrNull(run.channel());
    if (at != null) {
      at.endRun(run);
      afterTaking(run.channel(), at);
    }
  }

  /** The token is free: each channel whose message outgrew its window may ask again. */
  private void wakeWaitingForAssembly() {
    for (int channel = 0; channel < incoming.length; channel++) {
      IncomingChannel at = incomingOrNull(channel);
      if (at != null && at.wantsGrant()) {
        grants |= 1L << channel;
      }
    }
  }

  /** Whether the peer has begun something that it has not finished. */
  public boolean expectsMore() {
    for (IncomingChannel at : incoming) {
      if (at != null && at.expectsMore()) {
        return true;
      }
    }
    return false;
  }

  /** Whether nothing waits and all is acknowledged. */
  public boolean isDrained() {
    for (OutgoingChannel to : outgoing) {
      if (to != null && !to.isDrained()) {
        return false;
      }
    }
    return true;
  }

  /** Gives up a message that is not wholly in its stream yet. Returns whether this was so. */
  public boolean cancel(Object receipt) {
    for (int channel = 0; channel < outgoing.length; channel++) {
      OutgoingChannel to = outgoingOrNull(channel);
      if (to != null && to.cancel(receipt)) {
        updateSendable(channel, to);
        return true;
      }
    }
    return false;
  }

  /** Whether credit is what holds all sending back. */
  public boolean isBlocked() {
    boolean any = false;
    for (OutgoingChannel to : outgoing) {
      if (to != null) {
        if (to.isBlocked()) {
          any = true;
        } else if (to.canSend()) {
          return false;
        }
      }
    }
    return any;
  }

  /** Ends all that is not acknowledged. */
  public void abandon(ReceiptOutcome outcome) {
    for (OutgoingChannel to : outgoing) {
      if (to != null) {
        to.abandon(outcome);
      }
    }
    sendable = 0;
    grants = 0;
  }

  /** Bytes of heap held by received, untaken data. */
  public long receivedMemoryBytes() {
    long bytes = 0;
    for (IncomingChannel at : incoming) {
      if (at != null) {
        bytes += at.memoryBytes();
      }
    }
    return bytes;
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return (sendable | grants) != 0;
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

  @Override
  public long sendableChannels(long nowNanos) {
    return sendable;
  }

  @Override
  public void writeChannel(int channel, PacketBuilder out, long nowNanos) {
    OutgoingChannel to = outgoingOrNull(channel);
    if (to == null) {
      throw new IllegalStateException("channel " + channel + " is sendable but was never used");
    }
    // Beside other channels it brings along what was carried once: theirs comes before the rest.
    boolean alone = (recent & ~(1L << channel)) == 0;
    to.writeFrames(out, alone ? out.repeatsBack() : 1, nowNanos);
    recent |= 1L << channel;
    updateSendable(channel, to);
  }

  /**
   * What was carried once comes before what was carried twice, of all channels; and where the bytes
   * do not reach for all, another channel is the first in each packet: none goes short for its
   * number.
   */
  @Override
  public void repeatFrames(PacketBuilder out) {
    if (recent == 0) {
      return;
    }
    int first = repeatFirst;
    for (int back = 1; back <= out.repeatsBack() && out.repeatableBytes() > 0; back++) {
      for (long left = Long.rotateRight(recent, first); left != 0; left &= left - 1) {
        int channel = (first + Long.numberOfTrailingZeros(left)) & (WireLimits.MAX_CHANNELS - 1);
        OutgoingChannel to = outgoingOrNull(channel);
        if (to == null || to.isRepeatOver(out)) {
          recent &= ~(1L << channel);
        } else if (out.repeatableBytes() > 0) {
          to.repeat(out, back);
          repeatFirst = channel + 1;
        }
      }
    }
  }

  private boolean writeGrant(int channel, PacketBuilder out) {
    IncomingChannel at = incoming(channel);
    long due = at.grantDue();
    long limit = Math.max(due, at.granted());
    if (!out.frames().maxChannelData(channel, limit)) {
      return false;
    }
    at.onGranted(limit);
    out.carries(limit, GRANT << KIND_SHIFT | (long) channel << 32);
    grants &= ~(1L << channel);
    return true;
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    if (kind != 0 && kind != REPEATED) {
      return;
    }
    int channel = channelOf(second);
    OutgoingChannel to = outgoingOrNull(channel);
    if (to != null) {
      if (kind == REPEATED) {
        to.onRepeatSettled(first, (int) second);
      }
      to.onAcknowledged(first, (int) second);
      updateSendable(channel, to);
    }
  }

  private static int channelOf(long note) {
    return (int) (note >>> 32) & (WireLimits.MAX_CHANNELS - 1);
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    OutgoingChannel to = outgoingOrNull(channelOf(second));
    if (kind == REPEATED && to != null) {
      to.onRepeatSettled(first, (int) second);
    }
    if ((kind == 0 || kind == REPEATED) && to != null) {
      to.onLost(first, (int) second);
      updateSendable(channelOf(second), to);
    } else {
      onSmallFrameLost(first, second);
    }
  }

  private void onSmallFrameLost(long first, long second) {
    long kind = second >>> KIND_SHIFT;
    int channel = channelOf(second);
    if (kind == GRANT) {
      if (incoming(channel).granted() == first) {
        grants |= 1L << channel;
      }
      return;
    }
    OutgoingChannel to = outgoingOrNull(channel);
    if (kind == BLOCKED && to != null) {
      to.onBlockedLost(first);
      updateSendable(channel, to);
    }
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    OutgoingChannel to = outgoingOrNull(channelOf(second));
    if ((kind == 0 || kind == REPEATED) && to != null) {
      to.onProbe(first, (int) second);
      updateSendable(channelOf(second), to);
    } else {
      onSmallFrameLost(first, second);
    }
  }

  @Override
  public long deadlineNanos() {
    long next = Long.MAX_VALUE;
    for (OutgoingChannel to : outgoing) {
      if (to != null) {
        next = Math.min(next, to.deadlineNanos());
      }
    }
    return next;
  }

  @Override
  public void onTimeout(long nowNanos) {
    for (int channel = 0; channel < outgoing.length; channel++) {
      OutgoingChannel to = outgoingOrNull(channel);
      if (to != null) {
        to.expire(nowNanos);
        updateSendable(channel, to);
      }
    }
  }
}
