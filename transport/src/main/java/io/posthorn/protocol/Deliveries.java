package io.posthorn.protocol;

import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.channel.Confirmations;
import io.posthorn.protocol.channel.Datagrams;
import io.posthorn.protocol.channel.IncomingChannels;
import io.posthorn.protocol.channel.OutgoingChannels;
import io.posthorn.protocol.channel.ReceiveBudget;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.channel.UnorderedMessages;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.wire.WireLimits;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * All messages of one connection, whatever their delivery: takes them from the application, gives
 * them to the room of their kind, tells what became of them, and knows what is left undone. What
 * the application takes out is in the {@link Inbox}.
 */
public final class Deliveries {
  /** Each peer must take a whole message of this size at least. */
  public static final int SMALLEST_WHOLE_LIMIT_BYTES = 64 * 1024;

  private static final int DATAGRAM_FRAME_BYTES = 12;

  private final SendLedger ledger;
  private final Confirmations confirmations = new Confirmations();
  private final OutgoingChannels outgoing;
  private final IncomingChannels incoming;
  private final UnorderedMessages unordered;
  private final Datagrams datagrams;
  private final Ending ending;
  private final IdleTimeout idle;
  private final Redundancy redundancy;

  // What the peer takes; of no meaning before its limits are known.
  private boolean knowsLimits;
  private long maxWholeMessageBytes;
  private long maxMessageDataBytes;
  private long maxDatagramMessageBytes;
  private boolean writableDue;
  private long unacknowledged = -1;

  /**
   * Without messages yet.
   *
   * @param ending says whether messages are still taken
   * @param idle told of each message
   * @param redundancy told of each message
   */
  Deliveries(EndpointResources shared, Ending ending, IdleTimeout idle, Redundancy redundancy) {
    SocketOptions options = shared.options();
    ReceiveBudget budget = budget(options, shared.memory());
    ledger = new SendLedger(options.sendBufferBytes());
    outgoing = new OutgoingChannels(ledger, confirmations, shared.memory());
    incoming = new IncomingChannels(budget, shared.memory());
    unordered = new UnorderedMessages(ledger, confirmations, budget, options.priorities());
    datagrams = new Datagrams(ledger, shared.memory());
    this.ending = ending;
    this.idle = idle;
    this.redundancy = redundancy;
  }

  private static ReceiveBudget budget(SocketOptions options, ReceiveMemory memory) {
    return new ReceiveBudget(
        options.receiveBufferBytes(), options.maxWholeMessageBytes(), options.streaming(), memory);
  }

  /** Puts the limits of what this side takes into its parameters. */
  static void announce(TransportParameters parameters, SocketOptions options) {
    ReceiveBudget budget = budget(options, new ReceiveMemory(Long.MAX_VALUE));
    parameters.initialMaxChannelDataBytes = budget.sliceBytes();
    parameters.initialMaxMessages = UnorderedMessages.initialMaxMessages();
    parameters.initialMaxMessageDataBytes = budget.longestMessageBytes();
    parameters.maxWholeMessageBytes =
        options.streaming() ? WireLimits.MAX_MESSAGE_BYTES : options.maxWholeMessageBytes();
    parameters.maxDatagramMessageBytes = WireLimits.MAX_DATAGRAM_BYTES;
  }

  /** Longest unreliable message: it must fit a packet of the smallest path. */
  static int maxDatagramMessageBytes() {
    return WireLimits.MINIMUM_DATAGRAM_BYTES
        - WireLimits.MAX_DATA_HEADER_BYTES
        - WireLimits.TAG_BYTES
        - DATAGRAM_FRAME_BYTES;
  }

  /** The peer's limits are known: what was taken before and does not fit them is given up. */
  void onPeerLimits(TransportParameters peer) {
    knowsLimits = true;
    maxWholeMessageBytes = peer.maxWholeMessageBytes;
    maxMessageDataBytes = UnorderedMessages.longestBytes(peer.initialMaxMessageDataBytes);
    maxDatagramMessageBytes = peer.maxDatagramMessageBytes;
    int channels = (int) peer.maxChannels;
    outgoing.onPeerLimits(peer.initialMaxChannelDataBytes, channels);
    unordered.onPeerLimits(channels, peer.initialMaxMessages, peer.initialMaxMessageDataBytes);
    datagrams.onPeerLimits(channels, maxDatagramMessageBytes);
    writableDue = true;
  }

  /** Takes or refuses a message. */
  public SendOutcome send(OutgoingMessage message, long nowNanos) {
    if (!ending.isRunning()) {
      return SendOutcome.CLOSED;
    }
    int length = message.body().length;
    SendOutcome outcome = outcome(message, length);
    if (outcome == SendOutcome.ACCEPTED) {
      take(message);
      idle.onMessage(nowNanos);
      redundancy.onMessages(
          message.delivery() == Delivery.RELIABLE_ORDERED ? message.channel() : Redundancy.NONE,
          1,
          length);
    }
    return outcome;
  }

  private SendOutcome outcome(OutgoingMessage message, int length) {
    if (!outgoing.isAllowed(message.channel())) {
      return SendOutcome.CHANNEL_LIMIT;
    }
    if (isBetweenParts(message)) {
      return SendOutcome.MID_MESSAGE;
    }
    if (exceedsLimit(message, length)) {
      return SendOutcome.TOO_LARGE;
    }
    if (isTooSmall(message, length)) {
      return knowsLimits ? SendOutcome.TOO_SMALL : SendOutcome.BLOCKED;
    }
    if (!knowsLimits && length > SMALLEST_WHOLE_LIMIT_BYTES) {
      return SendOutcome.BLOCKED; // until the peer's limit is known
    }
    return hasRoom(message, length) ? SendOutcome.ACCEPTED : SendOutcome.BLOCKED;
  }

  /** Takes or refuses an ordered message that nobody holds a receipt for; it is copied. */
  public SendOutcome sendBody(int channel, ByteBuffer body, long nowNanos) {
    if (!ending.isRunning()) {
      return SendOutcome.CLOSED;
    }
    int length = body.remaining();
    if (!outgoing.isAllowed(channel)) {
      return SendOutcome.CHANNEL_LIMIT;
    }
    if (!knowsLimits || length > maxWholeMessageBytes) {
      return SendOutcome.TOO_LARGE;
    }
    SendOutcome outcome = outgoing.sendBody(channel, body);
    if (outcome == SendOutcome.ACCEPTED) {
      idle.onMessage(nowNanos);
      redundancy.onMessages(channel, 1, length);
    }
    return outcome;
  }

  /**
   * Takes a run of small ordered messages, encoded as in the stream of their channel.
   *
   * @param beyondLimit whether to take all even if the send buffer is full
   * @return index after the last byte taken; -1 if it takes none any more
   */
  public int sendRun(
      int channel, byte[] encoded, int from, int to, boolean beyondLimit, long nowNanos) {
    if (!ending.isRunning()) {
      return -1;
    }
    idle.onMessage(nowNanos);
    long before = ledger.openMessages();
    int taken = outgoing.sendRun(channel, encoded, from, to, beyondLimit);
    redundancy.onMessages(channel, ledger.openMessages() - before, taken - from);
    return taken;
  }

  /** Gives up the message of which parts were sent on this channel, and not the last. */
  public void abortMessage(int channel) {
    if (ending.isRunning()) {
      outgoing.abort(channel);
    }
  }

  /** Whether it would be taken for the rest of a streamed message, which it is not part of. */
  private boolean isBetweenParts(OutgoingMessage message) {
    return message.delivery() == Delivery.RELIABLE_ORDERED
        && !message.part()
        && outgoing.midMessageBytes(message.channel()) > 0;
  }

  /** Whether it would make the message take too much of its stream for a peer that joins it. */
  private boolean isTooSmall(OutgoingMessage message, int length) {
    return message.more()
        && length > 0
        && !(knowsLimits && maxWholeMessageBytes == WireLimits.MAX_MESSAGE_BYTES)
        && outgoing.wantsLargerPart(message.channel(), length);
  }

  private boolean exceedsLimit(OutgoingMessage message, long length) {
    return switch (message.delivery()) {
      case RELIABLE_ORDERED ->
          knowsLimits
              && outgoing.midMessageBytes(message.channel()) + length > maxWholeMessageBytes;
      case RELIABLE_UNORDERED, RELIABLE_LATEST -> knowsLimits && length > maxMessageDataBytes;
      case UNRELIABLE_SEQUENCED, UNRELIABLE ->
          length > maxDatagramMessageBytes() || (knowsLimits && length > maxDatagramMessageBytes);
    };
  }

  private boolean hasRoom(OutgoingMessage message, int length) {
    return switch (message.delivery()) {
      case RELIABLE_ORDERED -> outgoing.hasRoom(message.channel(), length);
      case RELIABLE_UNORDERED, RELIABLE_LATEST -> unordered.hasRoom(length);
      case UNRELIABLE_SEQUENCED, UNRELIABLE -> datagrams.hasRoom(length);
    };
  }

  private void take(OutgoingMessage message) {
    int channel = message.channel();
    byte[] body = message.body();
    long expires = message.expiresAtNanos();
    boolean confirm = message.confirmRequested();
    Object receipt = message.receipt();
    switch (message.delivery()) {
      case RELIABLE_ORDERED ->
          outgoing.send(channel, body, message.more(), expires, confirm, receipt);
      case RELIABLE_UNORDERED -> unordered.send(channel, -1, body, expires, confirm, receipt);
      case RELIABLE_LATEST ->
          unordered.send(channel, message.key(), body, expires, confirm, receipt);
      case UNRELIABLE_SEQUENCED -> datagrams.send(channel, true, body, expires, receipt);
      case UNRELIABLE -> datagrams.send(channel, false, body, expires, receipt);
    }
  }

  /**
   * Gives up the message of this receipt. Returns whether it was still to be had; the receipt is
   * settled then.
   */
  public boolean cancel(Object receipt) {
    return !ending.isOver()
        && (outgoing.cancel(receipt) || unordered.cancel(receipt) || datagrams.cancel(receipt));
  }

  /** The application confirms a message that it received. */
  public void confirm(ReceivedMessage message) {
    if (!ending.isOver()) {
      confirmations.confirm(
          message.delivery() == Delivery.RELIABLE_ORDERED, message.channel(), message.number());
    }
  }

  /** Takes the next settled receipt, or null. */
  public SendLedger.@Nullable Settled pollSettled() {
    return ledger.poll();
  }

  /** Takes the next receipt whose message was confirmed, or null. */
  public @Nullable Object pollProcessed() {
    return confirmations.pollProcessed();
  }

  /** Whether all that was taken is acknowledged, or has left if it is unreliable. */
  boolean isFlushed() {
    return outgoing.isDrained()
        && unordered.isDrained()
        && datagrams.isDrained()
        && confirmations.isDrained();
  }

  /** Whether it is the peer's turn: to finish what it began, or to give credit. */
  boolean awaitsPeer() {
    return incoming.expectsMore() || unordered.expectsMore() || isBlockedByPeer();
  }

  /** Whether the peer's credit is what holds messages back. */
  boolean isBlockedByPeer() {
    return outgoing.isBlocked() || unordered.isBlocked();
  }

  /** Ends all messages that are not acknowledged; counts them once. */
  void abandon() {
    if (unacknowledged < 0) {
      unacknowledged = ledger.openMessages() + ledger.refusedMessages();
    }
    outgoing.abandon(ReceiptOutcome.CLOSED);
    incoming.abandonGrants();
    unordered.abandon(ReceiptOutcome.CLOSED);
    datagrams.abandon(ReceiptOutcome.CLOSED);
  }

  /** Messages not acknowledged, when it ended or now. */
  public long unacknowledgedMessages() {
    return unacknowledged < 0 ? ledger.openMessages() + ledger.refusedMessages() : unacknowledged;
  }

  /** Whether a refused sender may try again; asks once. */
  public boolean pollWritable() {
    if (writableDue || ending.isOver()) {
      boolean due = writableDue;
      writableDue = false;
      return due;
    }
    return ledger.pollWritable();
  }

  /** Messages that wait, were acknowledged, or ended otherwise. */
  public SendLedger ledger() {
    return ledger;
  }

  Confirmations confirmations() {
    return confirmations;
  }

  /** The sending halves of ordered channels. */
  OutgoingChannels outgoing() {
    return outgoing;
  }

  /** The receiving halves of ordered channels. */
  IncomingChannels incoming() {
    return incoming;
  }

  UnorderedMessages unordered() {
    return unordered;
  }

  Datagrams datagrams() {
    return datagrams;
  }
}
