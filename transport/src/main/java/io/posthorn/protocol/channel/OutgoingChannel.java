package io.posthorn.protocol.channel;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.FrameWriter;

/**
 * The sending half of one ordered channel: a stream of bytes that leave as far as credit lets them,
 * and again until they have arrived. Its {@link ChannelMessages} put them there.
 */
final class OutgoingChannel {
  /** What a frame takes beside its data, at most in the streams of thin flows. */
  private static final int FRAME_BYTES = 12;

  private final int channel;
  private final SendLedger ledger;
  private final SendShare share;
  private final SendBuffer buffer;
  private final ChannelMessages messages;
  private final OffsetRanges lost = new OffsetRanges();
  private final OffsetRanges justLost = new OffsetRanges();
  private final RecentWrites recent = new RecentWrites();
  private final RepeatedRanges repeated = new RepeatedRanges();
  private long sentOffset;
  private long creditOffset;
  private long blockedToldAt = -1;
  private long rangesLookedAt;

  OutgoingChannel(
      int channel,
      long creditOffset,
      SendLedger ledger,
      Confirmations confirmations,
      RingPool rings) {
    this.channel = channel;
    this.buffer = new SendBuffer(rings);
    this.messages = new ChannelMessages(channel, buffer, ledger, confirmations, rings);
    this.creditOffset = creditOffset;
    this.ledger = ledger;
    this.share = ledger.ofChannel(channel);
  }

  /** What the application gave to it. */
  ChannelMessages messages() {
    return messages;
  }

  /** Whether there is something to send that credit allows, or a limit to complain of. */
  boolean canSend() {
    return !lost.isEmpty()
        || (isAnyNew() && sentOffset < buffer.reach(creditOffset))
        || (isBlocked() && blockedToldAt != creditOffset);
  }

  private boolean isAnyNew() {
    return buffer.end() > sentOffset || messages.areWaiting();
  }

  /** Whether the peer's credit is what holds this channel back. */
  boolean isBlocked() {
    return lost.isEmpty() && isAnyNew() && sentOffset >= creditOffset;
  }

  /** Whether nothing waits and all is acknowledged. */
  boolean isDrained() {
    return !messages.areWaiting() && buffer.base() == buffer.end();
  }

  /** Raises the credit. */
  void onCredit(long maxOffset) {
    creditOffset = Math.max(creditOffset, maxOffset);
  }

  /**
   * Writes lost data, then new data.
   *
   * @param back how many packets ago that was carried first which new data may bring along
   */
  void writeFrames(PacketBuilder out, int back, long nowNanos) {
    FrameWriter frames = out.frames();
    while (!lost.isEmpty()) {
      long from = lost.start(0);
      int wanted = (int) Math.min(lost.end(0) - from, frames.remaining());
      int fits = write(out, frames, from, wanted, false);
      if (fits == 0) {
        return;
      }
      lost.remove(from, from + fits);
      recent.add(from, from + fits, true, out.packet());
      ledger.onRetransmitted(fits);
    }
    repeat(out, true, out.repeatsBack());
    messages.expire(nowNanos);
    long reach = buffer.reach(creditOffset);
    int wanted = (int) Math.min(reach - sentOffset, frames.remaining());
    if (wanted > 0) {
      messages.fillTo(sentOffset + wanted);
      writeNew((int) Math.min(buffer.end() - sentOffset, wanted), out, frames, back);
    }
    if (isBlocked()
        && blockedToldAt != creditOffset
        && frames.channelBlocked(channel, creditOffset)) {
      blockedToldAt = creditOffset;
      out.carries(creditOffset, OutgoingChannels.blockedNote(channel));
    }
  }

  /** Writes new data, and in the same frame what stands before it and is to be repeated. */
  private void writeNew(int wanted, PacketBuilder out, FrameWriter frames, int back) {
    if (wanted == 0) {
      return;
    }
    int spare = out.repeatableBytes() - wanted - FRAME_BYTES;
    long from = recent.startTouching(sentOffset, buffer.base(), spare, out, back);
    int again = (int) (sentOffset - from);
    int fits = write(out, frames, from, again + wanted, again > 0);
    if (fits > again) {
      recent.add(sentOffset, from + fits, false, out.packet());
      share.onFirstSent(from + fits - sentOffset);
      sentOffset = from + fits;
    }
    ledger.onRepeated(again);
  }

  /**
   * Writes once more what recent packets carried, as far as this one wants and may.
   *
   * @param back how many packets ago they carried it first, at most
   */
  void repeat(PacketBuilder out, int back) {
    repeat(out, true, back);
    repeat(out, false, back);
  }

  /** Whether neither this packet nor a later one repeats anything that was written so far. */
  boolean isRepeatOver(PacketBuilder out) {
    return recent.areOver(out);
  }

  private void repeat(PacketBuilder out, boolean resent, int back) {
    for (int at = recent.next(out, resent, back); at >= 0; at = recent.next(out, resent, back)) {
      recent.onCarried(at, out);
      long from = Math.max(recent.from(at), buffer.base());
      long length = recent.to(at) - from;
      if (length <= 0 || length + FRAME_BYTES > out.repeatableBytes()) {
        continue;
      }
      write(out, out.frames(), from, (int) length, true);
      ledger.onRepeated(length);
    }
  }

  private int write(
      PacketBuilder out, FrameWriter frames, long offset, int wanted, boolean repeats) {
    int fits = frames.beginChannelData(channel, offset, wanted);
    if (fits > 0) {
      buffer.copy(offset, fits, frames.array(), frames.position());
      frames.advance(fits);
      if (repeats) {
        repeated.add(offset, offset + fits);
        out.carries(offset, OutgoingChannels.repeatedNote(channel, fits));
      } else {
        out.carries(offset, OutgoingChannels.dataNote(channel, fits));
      }
    }
    return fits;
  }

  /** Bytes arrived. */
  void onAcknowledged(long offset, int length) {
    buffer.acknowledge(offset, length);
    lost.remove(offset, offset + length);
    messages.settleArrived();
  }

  /** A packet that repeated this has arrived or is lost. */
  void onRepeatSettled(long offset, int length) {
    repeated.settle(offset, offset + length);
  }

  /** Bytes are lost: those that did not arrive otherwise, and are not under way, go again. */
  void onLost(long offset, int length) {
    if (repeated.isEmpty()) {
      sendAgain(offset, length, lost);
      return;
    }
    justLost.clear();
    sendAgain(offset, length, justLost);
    repeated.removeFrom(justLost);
    for (int i = 0; i < justLost.count(); i++) {
      lost.add(justLost.start(i), justLost.end(i));
    }
  }

  /** A probe is to carry these bytes, though they may be under way. */
  void onProbe(long offset, int length) {
    sendAgain(offset, length, lost);
  }

  private void sendAgain(long offset, int length, OffsetRanges to) {
    long from = Math.max(offset, buffer.base());
    rangesLookedAt += to.addMissing(from, offset + length, buffer.acknowledged());
  }

  /** How often a range that had arrived was looked at to send again what lies between. */
  long rangesLookedAt() {
    return rangesLookedAt;
  }

  /** The complaint about a limit was lost. */
  void onBlockedLost(long limit) {
    if (blockedToldAt == limit) {
      blockedToldAt = -1;
    }
  }

  /** The connection ended: nothing that is left will be sent. */
  void abandon(ReceiptOutcome outcome) {
    share.onFirstSent(buffer.end() - sentOffset);
    messages.abandon(outcome, sentOffset);
  }
}
