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
 * them to the room of their kind, hands received ones back, and knows what is left undone.
 */
final class Deliveries {
  /** Each peer must take a whole message of this size at least. */
  static final int SMALLEST_WHOLE_LIMIT_BYTES = 64 * 1024;

  private static final int DATAGRAM_FRAME_BYTES = 12;

  private final SendLedger ledger;
  private final Confirmations confirmations = new Confirmations();
  private final OutgoingChannels outgoing;
  private final IncomingChannels incoming;
  private final UnorderedMessages unordered;
  private final Datagrams datagrams;
  private final Inbox inbox;

  // What the peer takes; of no meaning before its limits are known.
  private boolean knowsLimits;
  private long maxWholeMessageBytes;
  private long maxMessageDataBytes;
  private long maxDatagramMessageBytes;
  private boolean writableDue;
  private long unacknowledged = -1;

  Deliveries(EndpointResources shared, long handle, PeerIdentity peer) {
    SocketOptions options = shared.options();
    ReceiveBudget budget = budget(options, shared.memory());
    ledger = new SendLedger(options.sendBufferBytes());
    outgoing = new OutgoingChannels(ledger, confirmations, shared.memory());
    incoming = new IncomingChannels(budget, shared.memory());
    unordered = new UnorderedMessages(ledger, confirmations, budget, options.priorities());
    datagrams = new Datagrams(ledger, shared.memory());
    inbox = new Inbox(handle, peer, incoming, unordered, datagrams);
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
    parameters.initialMaxMessageDataBytes = budget.messagePoolBytes();
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

  /** The peer's limits are known. */
  void onPeerLimits(TransportParameters peer) {
    knowsLimits = true;
    maxWholeMessageBytes = peer.maxWholeMessageBytes;
    maxMessageDataBytes = peer.initialMaxMessageDataBytes;
    maxDatagramMessageBytes = peer.maxDatagramMessageBytes;
    outgoing.onPeerLimits(peer.initialMaxChannelDataBytes, (int) peer.maxChannels);
    unordered.onCredit(peer.initialMaxMessages, peer.initialMaxMessageDataBytes);
    writableDue = true;
  }

  /** Takes or refuses a message. */
  SendOutcome send(OutgoingMessage message) {
    if (!outgoing.isAllowed(message.channel())) {
      return SendOutcome.CHANNEL_LIMIT;
    }
    int length = message.body().length;
    if (exceedsLimit(message, length)) {
      return SendOutcome.TOO_LARGE;
    }
    if (!knowsLimits && length > SMALLEST_WHOLE_LIMIT_BYTES) {
      return SendOutcome.BLOCKED; // until the peer's limit is known
    }
    if (!hasRoom(message, length)) {
      return SendOutcome.BLOCKED;
    }
    take(message);
    return SendOutcome.ACCEPTED;
  }

  /** Takes or refuses an ordered message that nobody holds a receipt for; it is copied. */
  SendOutcome sendBody(int channel, ByteBuffer body) {
    int length = body.remaining();
    if (!outgoing.isAllowed(channel)) {
      return SendOutcome.CHANNEL_LIMIT;
    }
    if (!knowsLimits || length > maxWholeMessageBytes) {
      return SendOutcome.TOO_LARGE;
    }
    return outgoing.sendBody(channel, body);
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
  boolean cancel(Object receipt) {
    return outgoing.cancel(receipt) || unordered.cancel(receipt) || datagrams.cancel(receipt);
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
      unacknowledged = ledger.openMessages();
    }
    outgoing.abandon(ReceiptOutcome.CLOSED);
    incoming.abandonGrants();
    unordered.abandon(ReceiptOutcome.CLOSED);
    datagrams.abandon(ReceiptOutcome.CLOSED);
  }

  /** Messages not acknowledged, when it ended or now. */
  long unacknowledgedMessages() {
    return unacknowledged < 0 ? ledger.openMessages() : unacknowledged;
  }

  /** Whether a refused sender may try again; asks once. */
  boolean pollWritable(boolean over) {
    if (writableDue || over) {
      boolean due = writableDue;
      writableDue = false;
      return due;
    }
    return ledger.pollWritable();
  }

  SendLedger ledger() {
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

  /** Bytes of heap held by what has arrived, if the application can take none of it yet. */
  long partialMemoryBytes() {
    return incoming.receivedMemoryBytes() + unordered.partialMemoryBytes();
  }

  /** Gives up the memory of messages that were not taken. */
  void release() {
    incoming.release();
    unordered.release();
    datagrams.release();
  }

  boolean hasMessage() {
    return incoming.hasMessage() || unordered.hasMessage() || datagrams.hasMessage();
  }

  @Nullable ReceivedMessage pollMessage() {
    return inbox.poll();
  }

  @Nullable ReceivedMessage pollPart(int channel) {
    return inbox.pollPart(channel);
  }

  static boolean isOrdered(ReceivedMessage message) {
    return message.delivery() == Delivery.RELIABLE_ORDERED;
  }
}
