package io.posthorn.protocol.channel;

import io.posthorn.protocol.ChannelSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.WireLimits;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The sending halves of the ordered channels of one connection. Channels do not block each other:
 * each has its own stream, credit and order.
 */
public final class OutgoingChannels implements ChannelSource {
  private static final long REPEATED = 1;
  private static final long BLOCKED = 2;
  private static final int KIND_SHIFT = 56;

  private static final @Nullable OutgoingChannel[] NONE = {};

  private final SendLedger ledger;
  private final Confirmations confirmations;
  private final RingPool rings;
  private @Nullable OutgoingChannel[] channels = NONE;
  private long initialCredit;

  /** Credit for channels that were not used yet; made when the first comes. */
  private long @Nullable [] earlyCredit;

  private int peerChannels = WireLimits.MAX_CHANNELS;
  // One bit a channel: has something to send; has sent something that may be repeated.
  private long sendable;
  private long recent;
  private int repeatFirst;

  /**
   * Makes the channels of one connection.
   *
   * @param memory whose rings the streams borrow
   */
  public OutgoingChannels(SendLedger ledger, Confirmations confirmations, ReceiveMemory memory) {
    this.ledger = ledger;
    this.confirmations = confirmations;
    this.rings = memory.rings();
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

  /** The peer's limits are known. What waits on a channel that it does not take is given up. */
  public void onPeerLimits(long initialMaxChannelData, int maxChannels) {
    initialCredit = initialMaxChannelData;
    peerChannels = maxChannels;
    for (int channel = 0; channel < channels.length; channel++) {
      OutgoingChannel to = usedOrNull(channel);
      if (to == null) {
        continue;
      }
      if (isAllowed(channel)) {
        to.onCredit(initialMaxChannelData);
      } else {
        to.abandon(ReceiptOutcome.REFUSED);
        sendable &= ~(1L << channel);
      }
    }
  }

  /** Whether the peer takes this channel. */
  public boolean isAllowed(int channel) {
    return channel >= 0 && channel < peerChannels;
  }

  /** Bytes of a streamed message under way on this channel. */
  public long midMessageBytes(int channel) {
    OutgoingChannel to = usedOrNull(channel);
    return to == null ? 0 : to.messages().midMessageBytes();
  }

  /** Whether a part is too small; see {@link ChannelMessages#wantsLargerPart}. */
  public boolean wantsLargerPart(int channel, int bodyBytes) {
    OutgoingChannel to = usedOrNull(channel);
    return to != null && to.messages().wantsLargerPart(bodyBytes);
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
    to.messages().add(body, more, expiresAtNanos, confirmRequested, receipt);
    sendable |= 1L << channel;
  }

  /** Gives up the message of which parts were sent, if there is one. */
  public void abort(int channel) {
    OutgoingChannel to = usedOrNull(channel);
    if (to != null) {
      to.messages().abort();
      updateSendable(channel, to);
    }
  }

  /** Takes a run of encoded messages; see {@link ChannelMessages#addRun}. */
  public int sendRun(int channel, byte[] encoded, int from, int to, boolean beyondLimit) {
    OutgoingChannel at = used(channel);
    int taken = at.messages().addRun(encoded, from, to, beyondLimit);
    sendable |= 1L << channel;
    return taken;
  }

  /** Takes one message straight into its stream; see {@link ChannelMessages#addBody}. */
  public SendOutcome sendBody(int channel, ByteBuffer body) {
    SendOutcome outcome = used(channel).messages().addBody(body);
    if (outcome == SendOutcome.ACCEPTED) {
      sendable |= 1L << channel;
    }
    return outcome;
  }

  /** The sending half of a channel, made when it is first used. */
  private OutgoingChannel used(int channel) {
    OutgoingChannel to = usedOrNull(channel);
    if (to == null) {
      to = new OutgoingChannel(channel, initialCredit, ledger, confirmations, rings);
      channels = ByChannel.withPlace(channels, channel);
      channels[channel] = to;
      if (earlyCredit != null) {
        to.onCredit(earlyCredit[channel]);
      }
    }
    return to;
  }

  private @Nullable OutgoingChannel usedOrNull(int channel) {
    return channel < channels.length ? channels[channel] : null;
  }

  /** MAX_CHANNEL_DATA arrived. */
  public void onMaxData(int channel, long maxOffset) {
    OutgoingChannel to = usedOrNull(channel);
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

  private void updateSendable(int channel, OutgoingChannel to) {
    long bit = 1L << channel;
    sendable = to.canSend() ? sendable | bit : sendable & ~bit;
  }

  /** Whether nothing waits and all is acknowledged. */
  public boolean isDrained() {
    for (OutgoingChannel to : channels) {
      if (to != null && !to.isDrained()) {
        return false;
      }
    }
    return true;
  }

  /** Gives up a message that is not wholly in its stream yet. Returns whether this was so. */
  public boolean cancel(Object receipt) {
    for (int channel = 0; channel < channels.length; channel++) {
      OutgoingChannel to = usedOrNull(channel);
      if (to != null && to.messages().cancel(receipt)) {
        updateSendable(channel, to);
        return true;
      }
    }
    return false;
  }

  /** Whether credit is what holds all sending back. */
  public boolean isBlocked() {
    boolean any = false;
    for (OutgoingChannel to : channels) {
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

  /**
   * Ends all that is not acknowledged. The channels are forgotten: credit, a loss or a probe would
   * have bytes leave whose messages have ended.
   */
  public void abandon(ReceiptOutcome outcome) {
    for (OutgoingChannel to : channels) {
      if (to != null) {
        to.abandon(outcome);
      }
    }
    channels = NONE;
    sendable = 0;
    recent = 0;
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return sendable != 0;
  }

  /** Each frame concerns a channel. */
  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {}

  @Override
  public long sendableChannels(long nowNanos) {
    return sendable;
  }

  @Override
  public void writeChannel(int channel, PacketBuilder out, long nowNanos) {
    OutgoingChannel to = usedOrNull(channel);
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
        OutgoingChannel to = usedOrNull(channel);
        if (to == null || to.isRepeatOver(out)) {
          recent &= ~(1L << channel);
        } else if (out.repeatableBytes() > 0) {
          to.repeat(out, back);
          repeatFirst = channel + 1;
        }
      }
    }
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    int channel = channelOf(second);
    OutgoingChannel to = usedOrNull(channel);
    if (kind == BLOCKED || to == null) {
      return;
    }
    if (kind == REPEATED) {
      to.onRepeatSettled(first, (int) second);
    }
    to.onAcknowledged(first, (int) second);
    updateSendable(channel, to);
  }

  private static int channelOf(long note) {
    return (int) (note >>> 32) & (WireLimits.MAX_CHANNELS - 1);
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    int channel = channelOf(second);
    OutgoingChannel to = usedOrNull(channel);
    if (to == null) {
      return;
    }
    if (kind == BLOCKED) {
      to.onBlockedLost(first);
    } else {
      if (kind == REPEATED) {
        to.onRepeatSettled(first, (int) second);
      }
      to.onLost(first, (int) second);
    }
    updateSendable(channel, to);
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    int channel = channelOf(second);
    OutgoingChannel to = usedOrNull(channel);
    if (to == null) {
      return;
    }
    if (kind == BLOCKED) {
      to.onBlockedLost(first);
    } else {
      to.onProbe(first, (int) second);
    }
    updateSendable(channel, to);
  }

  @Override
  public long deadlineNanos() {
    long next = Long.MAX_VALUE;
    for (OutgoingChannel to : channels) {
      if (to != null) {
        next = Math.min(next, to.messages().deadlineNanos());
      }
    }
    return next;
  }

  @Override
  public void onTimeout(long nowNanos) {
    for (int channel = 0; channel < channels.length; channel++) {
      OutgoingChannel to = usedOrNull(channel);
      if (to != null) {
        to.messages().expire(nowNanos);
        updateSendable(channel, to);
      }
    }
  }
}
