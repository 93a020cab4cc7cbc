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

  private static final int LENGTH_BITS = 30;
  private static final int KIND_SHIFT = 2 * LENGTH_BITS;
  private static final long MOST_BYTES = (1L << LENGTH_BITS) - 1;
  private static final long ABORT = 1;
  private static final long BLOCKED = 2;
  private static final long GRANT_MESSAGES = 3;
  private static final long GRANT_BYTES = 4;
  static final long ABORT_NOTE = ABORT << KIND_SHIFT;
  static final long BLOCKED_NOTE = BLOCKED << KIND_SHIFT;

  private final SendLedger ledger;
  private final Confirmations confirmations;
  private final ReceiveBudget budget;
  private final ChannelPriorities priorities;

  /** Each made with the first message of its direction: many connections never have one. */
  private @Nullable OutgoingMessages outgoing;

  private @Nullable IncomingMessages incoming;
  private long earlyMaxMessages;
  private long earlyMaxBytes;
  private boolean repeatGrants;

  /** Makes none of its directions yet. */
  public UnorderedMessages(
      SendLedger ledger,
      Confirmations confirmations,
      ReceiveBudget budget,
      ChannelPriorities priorities) {
    this.ledger = ledger;
    this.confirmations = confirmations;
    this.budget = budget;
    this.priorities = priorities;
  }

  private OutgoingMessages outgoing() {
    OutgoingMessages to = outgoing;
    if (to == null) {
      to = new OutgoingMessages(ledger, confirmations, priorities);
      to.onCredit(earlyMaxMessages, earlyMaxBytes);
      outgoing = to;
    }
    return to;
  }

  private IncomingMessages incoming() {
    IncomingMessages from = incoming;
    if (from == null) {
      from = new IncomingMessages(budget);
      incoming = from;
    }
    return from;
  }

  /**
   * Longest message that may be sent to a peer that takes such long ones, which can be longer than
   * ours.
   */
  public static long longestBytes(long peerLongestBytes) {
    return Math.min(peerLongestBytes, MOST_BYTES);
  }

  /** Offsets and lengths of unordered messages fit, since no longer ones are sent. */
  static long dataNote(int from, int length) {
    return (long) from << LENGTH_BITS | length;
  }

  private static int from(long note) {
    return (int) (note >>> LENGTH_BITS);
  }

  private static int length(long note) {
    return (int) (note & MOST_BYTES);
  }

  /** Ids granted at first, announced in the parameters. */
  public static long initialMaxMessages() {
    return IncomingMessages.ID_WINDOW;
  }

  /** The peer's limits are known. What is longer than its pool would wait for ever. */
  public void onPeerLimits(int maxChannels, long maxMessages, long maxBytes) {
    if (outgoing != null) {
      outgoing.onPeerLimits(maxChannels, maxBytes);
    }
    onCredit(maxMessages, maxBytes);
  }

  /** The peer raised a limit; -1 leaves one as it is. */
  public void onCredit(long maxMessages, long maxBytes) {
    if (outgoing == null) {
      earlyMaxMessages = Math.max(earlyMaxMessages, maxMessages);
      earlyMaxBytes = Math.max(earlyMaxBytes, maxBytes);
    } else {
      outgoing.onCredit(maxMessages, maxBytes);
    }
  }

  /** Whether a message may be taken; see {@link SendShare#hasRoom}. */
  public boolean hasRoom(int bodyBytes) {
    return outgoing().hasRoom(bodyBytes);
  }

  /** Takes a message for sending; there is room for it. */
  public void send(
      int channel,
      long key,
      byte[] body,
      long expiresAtNanos,
      boolean confirmRequested,
      @Nullable Object receipt) {
    outgoing().add(channel, key, body, expiresAtNanos, confirmRequested, receipt);
  }

  /** MESSAGE, MESSAGE_PART or MESSAGE_LATEST arrived. */
  public @Nullable CloseReason onPart(
      long id, int channel, long key, long total, long offset, byte[] bytes, int from, int length) {
    return incoming().onPart(id, channel, key, total, offset, bytes, from, length);
  }

  /** MESSAGE_ABORT arrived. */
  public @Nullable CloseReason onAbort(long id, long total) {
    return incoming().onAbort(id, total);
  }

  /** MESSAGES_BLOCKED arrived: say the limits again. */
  public void onBlocked(long messages, long bytes) {
    IncomingMessages from = incoming();
    repeatGrants |= from.grantedMessages() > messages || from.grantedBytes() > bytes;
    from.onSenderBlocked();
  }

  /** Whether the part given last was not stored, since it left too many gaps. */
  public boolean leftTooManyGaps() {
    return incoming != null && incoming.leftTooManyGaps();
  }

  /** Whether the part given last was not stored, since the socket's memory is full. */
  public boolean wasMemoryFull() {
    return incoming != null && incoming.wasMemoryFull();
  }

  /** Gives the memory of received messages up. */
  public void release() {
    if (incoming != null) {
      incoming.release();
    }
  }

  /** Bytes of heap held by messages of which parts are missing. */
  public long partialMemoryBytes() {
    return incoming == null ? 0 : incoming.partialMemoryBytes();
  }

  /** Whether a message can be taken. */
  public boolean hasMessage() {
    return incoming != null && incoming.hasMessage();
  }

  /** Takes the next whole message, or null. */
  public @Nullable Ready take() {
    return incoming == null ? null : incoming.take();
  }

  /** Whether the peer has begun something that it has not finished. */
  public boolean expectsMore() {
    return incoming != null && incoming.expectsMore();
  }

  /** Whether nothing waits and all is acknowledged. */
  public boolean isDrained() {
    return outgoing == null || outgoing.isDrained();
  }

  /** Whether credit is what holds sending back. */
  public boolean isBlocked() {
    return outgoing != null && outgoing.isBlocked();
  }

  /** Ends all that is not acknowledged. */
  public void abandon(ReceiptOutcome outcome) {
    if (outgoing != null) {
      outgoing.abandon(outcome);
    }
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return wantsGrant() || (outgoing != null && outgoing.canSend());
  }

  private boolean wantsGrant() {
    return incoming != null && (repeatGrants || incoming.wantsGrant());
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    if ((!wantsGrant() || writeGrants(incoming(), out)) && outgoing != null) {
      outgoing.writeFrames(out, nowNanos);
    }
  }

  /** Answers false if there is no room for both. */
  private boolean writeGrants(IncomingMessages from, PacketBuilder out) {
    long messages = from.messagesToGrant();
    long bytes = from.bytesToGrant();
    if (!out.frames().maxMessages(messages)) {
      return false;
    }
    out.carries(messages, GRANT_MESSAGES << KIND_SHIFT);
    from.onGranted(messages, 0);
    if (!out.frames().maxMessageData(bytes)) {
      repeatGrants = true;
      return false;
    }
    out.carries(bytes, GRANT_BYTES << KIND_SHIFT);
    from.onGranted(0, bytes);
    repeatGrants = false;
    return true;
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    if (kind == 0) {
      outgoing().onAcknowledged(first, from(second), length(second));
    } else if (kind == ABORT) {
      outgoing().onAbortAcknowledged(first);
    }
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    long kind = second >>> KIND_SHIFT;
    if (kind == 0) {
      outgoing().onLost(first, from(second), length(second));
    } else if (kind == ABORT) {
      outgoing().onAbortLost(first);
    } else if (kind == BLOCKED) {
      outgoing().onBlockedLost(first);
    } else if (kind == GRANT_MESSAGES) {
      repeatGrants |= first == incoming().grantedMessages();
    } else if (kind == GRANT_BYTES) {
      repeatGrants |= first == incoming().grantedBytes();
    }
  }

  @Override
  public long sendableChannels(long nowNanos) {
    return outgoing == null ? 0 : outgoing.sendableChannels();
  }

  @Override
  public void writeChannel(int channel, PacketBuilder out, long nowNanos) {
    outgoing().writeChannel(channel, out, nowNanos);
  }

  /** Gives up a message that is not acknowledged yet. Returns whether there was one. */
  public boolean cancel(Object receipt) {
    return outgoing != null && outgoing.cancel(receipt);
  }

  @Override
  public void repeatFrames(PacketBuilder out) {
    if (outgoing != null) {
      outgoing.repeatFrames(out);
    }
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    if (second >>> KIND_SHIFT == 0) {
      outgoing().onProbe(first, from(second), length(second));
    } else {
      onLost(first, second, nowNanos);
    }
  }

  @Override
  public long deadlineNanos() {
    return outgoing == null ? Long.MAX_VALUE : outgoing.deadlineNanos();
  }

  @Override
  public void onTimeout(long nowNanos) {
    if (outgoing != null) {
      outgoing.expire(nowNanos);
    }
  }
}
