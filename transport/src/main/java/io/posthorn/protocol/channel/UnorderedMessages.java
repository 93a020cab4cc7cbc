package io.posthorn.protocol.channel;

import io.posthorn.ChannelPriorities;
import io.posthorn.protocol.ChannelSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.CloseReason;
import org.jspecify.annotations.Nullable;

/** RELIABLE_UNORDERED and RELIABLE_LATEST messages of one connection, both directions. */
public final class UnorderedMessages implements ChannelSource {
  /**
   * A whole message that was received.
   *
   * @param key -1, or the key of a RELIABLE_LATEST message
   */
  public record Ready(long id, int channel, long key, byte[] body) {}

  private static final int KIND_SHIFT = 60;
  private static final long ABORT = 1;
  private static final long BLOCKED = 2;
  private static final long GRANT_MESSAGES = 3;
  private static final long GRANT_BYTES = 4;
  static final long ABORT_NOTE = ABORT << KIND_SHIFT;
  static final long BLOCKED_NOTE = BLOCKED << KIND_SHIFT;

  private final OutgoingMessages outgoing;
  private final IncomingMessages incoming;
  private boolean repeatGrants;

  /** Makes both directions. */
  public UnorderedMessages(
      SendLedger ledger,
      Confirmations confirmations,
      ReceiveBudget budget,
      ChannelPriorities priorities) {
    outgoing = new OutgoingMessages(ledger, confirmations, priorities);
    incoming = new IncomingMessages(budget);
  }

  /** Offsets and lengths of unordered messages fit 30 bits, since the pool does. */
  static long dataNote(int from, int length) {
    return (long) from << 30 | length;
  }

  /** Ids granted at first, announced in the parameters. */
  public static long initialMaxMessages() {
    return IncomingMessages.ID_WINDOW;
  }

  /** The peer's limits are known, or were raised; -1 leaves one as it is. */
  public void onCredit(long maxMessages, long maxBytes) {
    outgoing.onCredit(maxMessages, maxBytes);
  }

  /** Whether a message may be taken; see {@link SendShare#hasRoom}. */
  public boolean hasRoom(int bodyBytes) {
    return outgoing.hasRoom(bodyBytes);
  }

  /** Takes a message for sending; there is room for it. */
  public void send(
      int channel,
      long key,
      byte[] body,
      long expiresAtNanos,
      boolean confirmRequested,
      @Nullable Object receipt) {
    outgoing.add(channel, key, body, expiresAtNanos, confirmRequested, receipt);
  }

  /** MESSAGE, MESSAGE_PART or MESSAGE_LATEST arrived. */
  public @Nullable CloseReason onPart(
      long id, int channel, long key, long total, long offset, byte[] bytes, int from, int length) {
    return incoming.onPart(id, channel, key, total, offset, bytes, from, length);
  }

  /** MESSAGE_ABORT arrived. */
  public @Nullable CloseReason onAbort(long id, long total) {
    return incoming.onAbort(id, total);
  }

  /** MESSAGES_BLOCKED arrived: say the limits again. */
  public void onBlocked(long messages, long bytes) {
    repeatGrants |= incoming.grantedMessages() > messages || incoming.grantedBytes() > bytes;
    incoming.onSenderBlocked();
  }

  /** Whether the part given last was not stored, since it left too many gaps. */
  public boolean leftTooManyGaps() {
    return incoming.leftTooManyGaps();
  }

  /** Whether the part given last was not stored, since the socket's memory is full. */
  public boolean wasMemoryFull() {
    return incoming.wasMemoryFull();
  }

  /** Gives the memory of received messages up. */
  public void release() {
    incoming.release();
  }

  /** Bytes of heap held by messages of which parts are missing. */
  public long partialMemoryBytes() {
    return incoming.partialMemoryBytes();
  }

  /** Whether a message can be taken. */
  public boolean hasMessage() {
    return incoming.hasMessage();
  }

  /** Takes the next whole message, or null. */
  public @Nullable Ready take() {
    return incoming.take();
  }

  /** Whether the peer has begun something that it has not finished. */
  public boolean expectsMore() {
    return incoming.expectsMore();
  }

  /** Whether nothing waits and all is acknowledged. */
  public boolean isDrained() {
    return outgoing.isDrained();
  }

  /** Whether credit is what holds sending back. */
  public boolean isBlocked() {
    return outgoing.isBlocked();
  }

  /** Ends all that is not acknowledged. */
  public void abandon(ReceiptOutcome outcome) {
    outgoing.abandon(outcome);
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return repeatGrants || incoming.wantsGrant() || outgoing.canSend();
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    if (repeatGrants || incoming.wantsGrant()) {
      long messages = incoming.messagesToGrant();
      long bytes = incoming.bytesToGrant();
      if (!out.frames().maxMessages(messages)) {
        return;
      }
      out.carries(messages, GRANT_MESSAGES << KIND_SHIFT);
      incoming.onGranted(messages, 0);
      if (!out.frames().maxMessageData(bytes)) {
        repeatGrants = true;
        return;
      }
      out.carries(bytes, GRANT_BYTES << KIND_SHIFT);
      incoming.onGranted(0, bytes);
      repeatGrants = false;
    }
    outgoing.writeFrames(out, nowNanos);
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    if (kind == 0) {
      outgoing.onAcknowledged(first, (int) (second >>> 30), (int) (second & ((1 << 30) - 1)));
    } else if (kind == ABORT) {
      outgoing.onAbortAcknowledged(first);
    }
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    if (kind == 0) {
      outgoing.onLost(first, (int) (second >>> 30), (int) (second & ((1 << 30) - 1)));
    } else if (kind == ABORT) {
      outgoing.onAbortLost(first);
    } else if (kind == BLOCKED) {
      outgoing.onBlockedLost(first);
    } else if (kind == GRANT_MESSAGES) {
      repeatGrants |= first == incoming.grantedMessages();
    } else if (kind == GRANT_BYTES) {
      repeatGrants |= first == incoming.grantedBytes();
    }
  }

  @Override
  public long sendableChannels(long nowNanos) {
    return outgoing.sendableChannels();
  }

  @Override
  public void writeChannel(int channel, PacketBuilder out, long nowNanos) {
    outgoing.writeChannel(channel, out, nowNanos);
  }

  /** Gives up a message that is not acknowledged yet. Returns whether there was one. */
  public boolean cancel(Object receipt) {
    return outgoing.cancel(receipt);
  }

  @Override
  public void repeatFrames(PacketBuilder out) {
    outgoing.repeatFrames(out);
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    if (second >>> KIND_SHIFT == 0) {
      outgoing.onProbe(first, (int) (second >>> 30), (int) (second & ((1 << 30) - 1)));
    } else {
      onLost(first, second, nowNanos);
    }
  }

  @Override
  public long deadlineNanos() {
    return outgoing.deadlineNanos();
  }

  @Override
  public void onTimeout(long nowNanos) {
    outgoing.expire(nowNanos);
  }
}
