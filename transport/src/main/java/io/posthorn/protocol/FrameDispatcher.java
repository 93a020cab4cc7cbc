package io.posthorn.protocol;

import io.posthorn.protocol.channel.Confirmations;
import io.posthorn.protocol.channel.Datagrams;
import io.posthorn.protocol.channel.IncomingChannels;
import io.posthorn.protocol.channel.OutgoingChannels;
import io.posthorn.protocol.channel.UnorderedMessages;
import io.posthorn.protocol.path.LocalConnectionIds;
import io.posthorn.protocol.path.Path;
import io.posthorn.protocol.path.PeerConnectionIds;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FrameHandler;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Hands the frames of an opened packet to the rooms that they concern, and remembers what that
 * means for the packet: whether memory was too short to accept it, whether it only probed a path.
 */
final class FrameDispatcher implements FrameHandler {
  private final PacketRecovery recovery;
  private final Acknowledgements acknowledgements;
  private final AckFrequency ackFrequency;
  private final IncomingChannels incoming;
  private final OutgoingChannels outgoing;
  private final UnorderedMessages unordered;
  private final Datagrams datagrams;
  private final Confirmations confirmations;
  private final Path path;
  private final LocalConnectionIds localIds;
  private final PeerConnectionIds peerIds;

  private long nowNanos;
  private long carriedBy;
  private InetSocketAddress from;
  private boolean takesMessages = true;
  private boolean carriedMessage;
  private boolean carriedCredit;
  private boolean probingOnly;
  private DropReason refused = DropReason.NONE;
  private boolean carriedClose;
  private long closeCode;
  private long closeApplicationCode;
  private String closeText = "";

  FrameDispatcher(ConnectionParts parts) {
    this.recovery = parts.recovery;
    this.acknowledgements = parts.acknowledgements;
    this.ackFrequency = parts.ackFrequency;
    this.incoming = parts.deliveries.incoming();
    this.outgoing = parts.deliveries.outgoing();
    this.unordered = parts.deliveries.unordered();
    this.datagrams = parts.deliveries.datagrams();
    this.confirmations = parts.deliveries.confirmations();
    this.path = parts.path;
    this.localIds = parts.localIds;
    this.peerIds = parts.peerIds;
    this.from = path.address();
  }

  /** Begins a packet that came from this address to this connection id. */
  void begin(InetSocketAddress source, long destinationConnectionId, long now) {
    carriedBy = destinationConnectionId;
    from = source;
    nowNanos = now;
    refused = DropReason.NONE;
    probingOnly = true;
    carriedMessage = false;
    carriedCredit = false;
    carriedClose = false;
    incoming.onPacket(now, recovery.rtt().hasSample() ? recovery.rtt().smoothedRttNanos() : 0);
  }

  /** From now on packets with messages are not accepted: this side is closing. */
  void refuseMessages() {
    takesMessages = false;
  }

  /** Why the packet must stay unacknowledged, or NONE. */
  DropReason refused() {
    return refused;
  }

  /** Whether the packet held nothing but path probes. */
  boolean wasProbingOnly() {
    return probingOnly;
  }

  /** Whether the packet carried (a part of) a message. */
  boolean carriedMessage() {
    return carriedMessage;
  }

  /** Whether the packet carried credit for messages of this side. */
  boolean carriedCredit() {
    return carriedCredit;
  }

  /** Whether the packet held a CLOSE, which counts if the packet is taken. */
  boolean carriedClose() {
    return carriedClose;
  }

  long closeCode() {
    return closeCode;
  }

  long closeApplicationCode() {
    return closeApplicationCode;
  }

  String closeText() {
    return closeText;
  }

  private void refuse(DropReason reason) {
    refused = reason;
  }

  /** A message frame; false if it is refused since this side is closing. */
  private boolean onMessageFrame() {
    probingOnly = false;
    carriedMessage = true;
    if (!takesMessages) {
      refuse(DropReason.CLOSING);
    }
    return takesMessages;
  }

  private void onCreditFrame() {
    probingOnly = false;
    carriedCredit = true;
  }

  @Override
  public @Nullable CloseReason onPing() {
    probingOnly = false;
    return null;
  }

  @Override
  public @Nullable CloseReason onAck(
      long ackDelayMicros, long[] first, long[] last, int count, long ect0, long ect1, long ecnCe) {
    probingOnly = false;
    CloseReason breach =
        recovery.onAck(ackDelayMicros * 1000, first, last, count, ect0, ect1, ecnCe, nowNanos);
    ackFrequency.onAcknowledged(recovery);
    return breach;
  }

  @Override
  public @Nullable CloseReason onChannelData(
      int channel, long offset, byte[] bytes, int at, int length) {
    if (!onMessageFrame()) {
      return null;
    }
    CloseReason breach = incoming.onData(channel, offset, bytes, at, length);
    if (incoming.wasMemoryFull()) {
      refuse(DropReason.RECEIVE_BUFFER_FULL);
    } else if (incoming.leftTooManyGaps()) {
      refuse(DropReason.TOO_MANY_GAPS);
    }
    return breach;
  }

  @Override
  public @Nullable CloseReason onChannelFin(int channel, long finalOffset) {
    probingOnly = false;
    return incoming.onFin(channel, finalOffset);
  }

  @Override
  public @Nullable CloseReason onMaxChannelData(int channel, long maxOffset) {
    onCreditFrame();
    outgoing.onMaxData(channel, maxOffset);
    return null;
  }

  @Override
  public @Nullable CloseReason onChannelBlocked(int channel, long limit) {
    probingOnly = false;
    incoming.onBlocked(channel, limit);
    return null;
  }

  @Override
  public @Nullable CloseReason onMaxMessages(long count) {
    onCreditFrame();
    unordered.onCredit(count, 0);
    return null;
  }

  @Override
  public @Nullable CloseReason onMaxMessageData(long bytes) {
    onCreditFrame();
    unordered.onCredit(0, bytes);
    return null;
  }

  @Override
  public @Nullable CloseReason onMessagesBlocked(long count, long bytes) {
    probingOnly = false;
    unordered.onBlocked(count, bytes);
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
      int at,
      int length) {
    if (!onMessageFrame()) {
      return null;
    }
    CloseReason breach = unordered.onPart(id, channel, key, totalLength, offset, bytes, at, length);
    if (unordered.wasMemoryFull()) {
      refuse(DropReason.RECEIVE_BUFFER_FULL);
    } else if (unordered.leftTooManyGaps()) {
      refuse(DropReason.TOO_MANY_GAPS);
    }
    return breach;
  }

  @Override
  public @Nullable CloseReason onMessageAbort(long id, long totalLength) {
    return onMessageFrame() ? unordered.onAbort(id, totalLength) : null;
  }

  @Override
  public @Nullable CloseReason onDatagram(
      int channel, long sequence, byte[] bytes, int at, int length) {
    if (onMessageFrame()) {
      datagrams.onDatagram(channel, sequence, bytes, at, length);
    }
    return null;
  }

  @Override
  public @Nullable CloseReason onConfirmRequest(boolean isOrdered, int channel, long number) {
    probingOnly = false;
    return null; // every confirmation is reported, asked for or not
  }

  @Override
  public @Nullable CloseReason onConfirm(boolean isOrdered, int channel, long number) {
    probingOnly = false;
    confirmations.onConfirm(isOrdered, channel, number);
    return null;
  }

  @Override
  public @Nullable CloseReason onNewConnectionId(
      long sequence, long retirePriorTo, long connectionId, byte[] bytes, int tokenFrom) {
    return peerIds.onNew(sequence, retirePriorTo, connectionId, bytes, tokenFrom);
  }

  @Override
  public @Nullable CloseReason onRetireConnectionId(long sequence) {
    probingOnly = false;
    return localIds.onRetire(sequence, carriedBy, recovery.probeTimeoutNanos(), nowNanos);
  }

  @Override
  public @Nullable CloseReason onPathChallenge(long data) {
    path.onChallenge(data, from);
    return null;
  }

  @Override
  public @Nullable CloseReason onPathResponse(long data) {
    path.onResponse(data, from);
    return null;
  }

  @Override
  public @Nullable CloseReason onAckFrequency(
      long sequence, long packetTolerance, long maxAckDelayMicros) {
    probingOnly = false;
    acknowledgements.onAckFrequency(sequence, packetTolerance, maxAckDelayMicros);
    return null;
  }

  @Override
  public @Nullable CloseReason onClose(
      long code, long applicationCode, byte[] text, int at, int length) {
    probingOnly = false;
    if (!carriedClose) {
      carriedClose = true;
      closeCode = code;
      closeApplicationCode = applicationCode;
      closeText = new String(text, at, length, StandardCharsets.UTF_8);
    }
    return null;
  }
}
