package io.posthorn.protocol.channel;

import io.posthorn.ChannelPriorities;
import io.posthorn.protocol.FrameSource;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameHandler;
import io.posthorn.wire.WireLimits;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The channels of one end of a connection, fed with frames, for the tests of this package. */
final class ChannelEnd implements FrameHandler {
  final ReceiveBudget budget;
  final ReceiveMemory memory = new ReceiveMemory(1L << 40);
  final SendLedger ledger;
  final Confirmations confirmations = new Confirmations();
  final OutgoingChannels outgoing;
  final IncomingChannels incoming;
  final UnorderedMessages unordered;
  final Datagrams datagrams;
  final FrameSource[] sources;
  final List<Object> processed = new ArrayList<>();
  final List<SendLedger.Settled> settled = new ArrayList<>();

  /** Whether the packet being read may not be acknowledged. */
  boolean refused;

  /** Whether it takes note of what the peer says of being held up. */
  boolean hearsBlocked = true;

  private @Nullable ChannelEnd peer;

  ChannelEnd(long ceilingBytes, long maxWholeMessageBytes, boolean streaming) {
    budget = new ReceiveBudget(ceilingBytes, maxWholeMessageBytes, streaming, memory);
    ledger = new SendLedger(1L << 40);
    outgoing = new OutgoingChannels(ledger, confirmations, memory);
    incoming = new IncomingChannels(budget, memory);
    unordered = new UnorderedMessages(ledger, confirmations, budget, ChannelPriorities.EQUAL);
    datagrams = new Datagrams(ledger, memory);
    sources = new FrameSource[] {confirmations, datagrams, outgoing, incoming, unordered};
  }

  void meets(ChannelEnd other) {
    peer = other;
    outgoing.onPeerLimits(other.budget.sliceBytes(), WireLimits.MAX_CHANNELS);
    unordered.onCredit(UnorderedMessages.initialMaxMessages(), other.budget.longestMessageBytes());
  }

  ChannelEnd peer() {
    ChannelEnd other = peer;
    if (other == null) {
      throw new IllegalStateException("alone");
    }
    return other;
  }

  /** Takes what came for the application of this end. */
  void collect() {
    for (SendLedger.Settled each = ledger.poll(); each != null; each = ledger.poll()) {
      settled.add(each);
    }
    for (Object each = confirmations.pollProcessed();
        each != null;
        each = confirmations.pollProcessed()) {
      processed.add(each);
    }
  }

  boolean wantsToSend(long nowNanos) {
    for (FrameSource source : sources) {
      if (source.hasFrames(nowNanos)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public @Nullable CloseReason onPing() {
    return null;
  }

  @Override
  public @Nullable CloseReason onAck(
      long ackDelayMicros, long[] first, long[] last, int count, long ect0, long ect1, long ecnCe) {
    return null;
  }

  @Override
  public @Nullable CloseReason onChannelData(
      int channel, long offset, byte[] bytes, int from, int length) {
    CloseReason breach = incoming.onData(channel, offset, bytes, from, length);
    refused |= incoming.leftTooManyGaps() || incoming.wasMemoryFull();
    return breach;
  }

  @Override
  public @Nullable CloseReason onChannelFin(int channel, long finalOffset) {
    return incoming.onFin(channel, finalOffset);
  }

  @Override
  public @Nullable CloseReason onMaxChannelData(int channel, long maxOffset) {
    outgoing.onMaxData(channel, maxOffset);
    return null;
  }

  @Override
  public @Nullable CloseReason onChannelBlocked(int channel, long limit) {
    if (hearsBlocked) {
      incoming.onBlocked(channel, limit);
    }
    return null;
  }

  @Override
  public @Nullable CloseReason onMaxMessages(long count) {
    unordered.onCredit(count, 0);
    return null;
  }

  @Override
  public @Nullable CloseReason onMaxMessageData(long bytes) {
    unordered.onCredit(0, bytes);
    return null;
  }

  @Override
  public @Nullable CloseReason onMessagesBlocked(long count, long bytes) {
    if (hearsBlocked) {
      unordered.onBlocked(count, bytes);
    }
    return null;
  }

  @Override
  public @Nullable CloseReason onMessage(
      long id,
      int channel,
      long key,
      long totalLength,
      long offset,
      byte[] bytes,
      int from,
      int length) {
    CloseReason breach =
        unordered.onPart(id, channel, key, totalLength, offset, bytes, from, length);
    refused |= unordered.leftTooManyGaps() || unordered.wasMemoryFull();
    return breach;
  }

  @Override
  public @Nullable CloseReason onMessageAbort(long id, long totalLength) {
    return unordered.onAbort(id, totalLength);
  }

  @Override
  public @Nullable CloseReason onDatagram(
      int channel, long sequence, byte[] bytes, int from, int length) {
    datagrams.onDatagram(channel, sequence, bytes, from, length);
    return null;
  }

  @Override
  public @Nullable CloseReason onConfirmRequest(boolean isOrdered, int channel, long number) {
    return null;
  }

  @Override
  public @Nullable CloseReason onConfirm(boolean isOrdered, int channel, long number) {
    confirmations.onConfirm(isOrdered, channel, number);
    return null;
  }

  @Override
  public @Nullable CloseReason onNewConnectionId(
      long sequence, long retirePriorTo, long connectionId, byte[] bytes, int tokenFrom) {
    return null;
  }

  @Override
  public @Nullable CloseReason onRetireConnectionId(long sequence) {
    return null;
  }

  @Override
  public @Nullable CloseReason onPathChallenge(long data) {
    return null;
  }

  @Override
  public @Nullable CloseReason onPathResponse(long data) {
    return null;
  }

  @Override
  public @Nullable CloseReason onAckFrequency(
      long sequence, long packetTolerance, long maxAckDelayMicros) {
    return null;
  }

  @Override
  public @Nullable CloseReason onClose(
      long code, long applicationCode, byte[] text, int from, int length) {
    return null;
  }
}
