package io.posthorn.protocol;

import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.EcnMark;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.OpeningAttempt;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.protocol.path.MtuDiscovery;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.SecondMessagePacket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One connection, from the first handshake message to the last acknowledgement of its end. Composes
 * the rooms of this package and knows no frame's layout. Sans-IO and not thread-safe.
 *
 * <p>Inputs are {@code on…}, {@link #send} and {@link #close}; after any of them, call {@link
 * #writeDatagram} until it answers 0, and come back at {@link #nextTimeoutNanos}.
 */
public final class PeerConnection {
  /** How long an acknowledgement may wait. */
  static final long MAX_ACK_DELAY_NANOS = 25_000_000L;

  private final long handle;
  private final boolean openedHere;
  private final long openedNanos;
  private final ConnectionParts parts;
  private final Deliveries deliveries;
  private final Opening opening;
  private final Closing closing;
  private final ConnectionTimers timers;
  private final PacketReceiver receiver;
  private final PacketSender sender;

  private PeerConnection(
      EndpointResources shared,
      long handle,
      InetSocketAddress address,
      long localConnectionId,
      boolean openedHere,
      boolean implicit,
      long nowNanos) {
    this.handle = handle;
    this.openedHere = openedHere;
    this.openedNanos = nowNanos;
    this.parts =
        new ConnectionParts(
            shared, handle, address, localConnectionId, openedHere, implicit, nowNanos);
    this.deliveries = parts.deliveries;
    this.opening = new Opening(parts);
    this.closing = new Closing(parts, opening);
    this.timers = new ConnectionTimers(parts, opening, closing);
    this.receiver = new PacketReceiver(parts, opening, closing, timers);
    this.sender = new PacketSender(parts, opening, closing);
  }

  /**
   * A connection that this side opens.
   *
   * @param handle its name within the socket
   * @param suite of {@code handshake}
   * @param implicit whether a mere send opens it, so that it ends by itself when unused
   */
  public static PeerConnection opening(
      EndpointResources shared,
      long handle,
      InetSocketAddress address,
      long localConnectionId,
      Handshake handshake,
      int suite,
      boolean implicit,
      long nowNanos) {
    PeerConnection connection =
        new PeerConnection(shared, handle, address, localConnectionId, true, implicit, nowNanos);
    long timeoutNanos = shared.options().handshakeTimeout().toNanos();
    connection.opening.begin(
        new OpeningAttempt(
            handshake,
            suite,
            localConnectionId,
            timeoutNanos,
            OpeningAttempt.EVEN_REPETITIONS,
            nowNanos));
    return connection;
  }

  /**
   * A connection that the peer opened and that its M3 proved.
   *
   * @param remoteConnectionId as M1 gave it
   * @param keys from its handshake
   * @param peerKey its static key, empty in clear
   * @param peer its parameters, checked by {@link #areAcceptable}
   * @param roundTripNanos from M2 to M3; -1 if M2 went more than once
   */
  public static PeerConnection accepted(
      EndpointResources shared,
      long handle,
      InetSocketAddress address,
      long localConnectionId,
      long remoteConnectionId,
      PacketProtection keys,
      byte[] peerKey,
      TransportParameters peer,
      long roundTripNanos,
      long nowNanos) {
    PeerConnection connection =
        new PeerConnection(shared, handle, address, localConnectionId, false, false, nowNanos);
    connection.opening.accept(remoteConnectionId, keys, peerKey, peer, roundTripNanos, nowNanos);
    return connection;
  }

  /**
   * Turns the own attempt, which has not been answered, into the connection that the peer opened at
   * the same time: what waits goes there.
   *
   * @param connectionId the own id that the peer knows
   */
  public void adopt(
      long connectionId,
      long remoteConnectionId,
      PacketProtection keys,
      byte[] peerKey,
      TransportParameters peer,
      long roundTripNanos,
      long nowNanos) {
    opening.adopt(connectionId, remoteConnectionId, keys, peerKey, peer, roundTripNanos, nowNanos);
    String problem = opening.rememberPeer();
    if (problem != null) {
      closing.refuse(problem, nowNanos);
    }
  }

  /** Tells the peer that its identity is not accepted, and ends; nothing of it is handed over. */
  public void refuse(String why, long nowNanos) {
    closing.refuse(why, nowNanos);
  }

  /** Erases all secrets; nothing can be sent or opened from then on. */
  public void eraseKeys() {
    opening.eraseKeys();
  }

  /**
   * This side asks for the peer, be it one that came by itself, be it under another name than
   * before. Before its key is known, the name joins those under which it will be judged; after that
   * it is judged now, and remembered if this is its first use.
   *
   * @param name the peer's address, with the host name that was asked for if there was one
   * @return why this connection must not be used for that name; null if it may be
   */
  public @Nullable String askFor(InetSocketAddress name) {
    return parts.peer.askFor(name, opening.isConfirmed());
  }

  /** The parameters that this side announces. */
  public static TransportParameters parameters(EndpointResources shared, long connectionId) {
    return Opening.parameters(shared, connectionId);
  }

  /** Whether a peer's parameters make sense. */
  public static boolean areAcceptable(TransportParameters peer, long connectionId) {
    return Opening.areAcceptable(peer, connectionId);
  }

  // Inputs from the network.

  /** M2 came for this connection. */
  public DropReason onSecondMessage(SecondMessagePacket packet, byte[] datagram, long nowNanos) {
    DropReason reason = opening.onSecondMessage(packet, datagram, nowNanos);
    if (reason == DropReason.MALFORMED_HANDSHAKE) {
      closing.finish(ConnectionEnd.local(CloseReason.PARAMETERS));
    }
    String refusal = opening.refusal();
    if (reason == DropReason.IDENTITY_REFUSED && refusal != null) {
      closing.finish(new ConnectionEnd(CloseReason.IDENTITY, false, 0, refusal));
    }
    return reason;
  }

  /** The responder asks for a cookie. */
  public void onRetry(byte[] datagram, int cookieFrom, int cookieLength, long nowNanos) {
    opening.onRetry(datagram, cookieFrom, cookieLength, nowNanos);
  }

  /** The responder refuses, or speaks another version, and says so again; only before M2. */
  public void onRefused(CloseReason reason) {
    if (opening.onRefused(reason)) {
      closing.finish(new ConnectionEnd(reason, true, 0, ""));
    }
  }

  /**
   * A data packet came for this connection.
   *
   * @param datagramBytes length of the whole datagram
   * @param ecn its mark
   */
  public DropReason onData(
      byte[] datagram,
      int from,
      int length,
      int datagramBytes,
      InetSocketAddress source,
      EcnMark ecn,
      long nowNanos) {
    return receiver.onData(datagram, from, length, datagramBytes, source, ecn, nowNanos);
  }

  // Inputs from the application.

  /** Takes or refuses a message. */
  public SendOutcome send(OutgoingMessage message, long nowNanos) {
    if (!isSendable()) {
      return SendOutcome.CLOSED;
    }
    SendOutcome outcome = deliveries.send(message);
    if (outcome == SendOutcome.ACCEPTED) {
      parts.idle.onMessage(nowNanos);
      parts.redundancy.onMessages(
          message.delivery() == Delivery.RELIABLE_ORDERED ? message.channel() : Redundancy.NONE,
          1,
          message.body().length);
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
    if (!isSendable()) {
      return -1;
    }
    parts.idle.onMessage(nowNanos);
    long before = deliveries.ledger().openMessages();
    int taken = deliveries.outgoing().sendRun(channel, encoded, from, to, beyondLimit);
    parts.redundancy.onMessages(channel, deliveries.ledger().openMessages() - before, taken - from);
    return taken;
  }

  /** Gives up the message of which parts were sent on this channel, and not the last. */
  public void abortMessage(int channel) {
    if (isSendable()) {
      deliveries.outgoing().abort(channel);
    }
  }

  /** Takes or refuses one ordered message, which is copied. */
  public SendOutcome sendBody(int channel, ByteBuffer body, long nowNanos) {
    if (!isSendable()) {
      return SendOutcome.CLOSED;
    }
    SendOutcome outcome = deliveries.sendBody(channel, body);
    if (outcome == SendOutcome.ACCEPTED) {
      parts.idle.onMessage(nowNanos);
      parts.redundancy.onMessages(channel, 1, body.remaining());
    }
    return outcome;
  }

  /** The application confirms a message that it received. */
  public void confirm(ReceivedMessage message) {
    if (!isOver()) {
      deliveries
          .confirmations()
          .confirm(Deliveries.isOrdered(message), message.channel(), message.number());
    }
  }

  /** Gives up the message of this receipt; answers whether it was still to be had. */
  public boolean cancel(Object receipt) {
    return !isOver() && deliveries.cancel(receipt);
  }

  /**
   * Has packets sealed with the next key, and one sent for that, as soon as the last update is
   * complete (RFC 9001 §6.1). Before the first packet, and where nothing is sealed, no effect.
   */
  public void updateKeys(long nowNanos) {
    Session session = opening.session();
    if (session != null && parts.ending.isRunning()) {
      PacketProtection keys = session.protection();
      keys.requestKeyUpdate();
      keys.onTime(nowNanos);
      parts.requestDueKeyUpdate(keys);
    }
  }

  /** Flushes what waits, for at most so long, then closes. */
  public void close(long applicationCode, String text, long lingerNanos, long nowNanos) {
    closing.close(applicationCode, text, lingerNanos, nowNanos);
  }

  /** Ends at once, without a word to the peer. */
  public void finish(ConnectionEnd how) {
    closing.finish(how);
  }

  /** Ends at once, whatever was under way: the socket is there no more. */
  public void abandon() {
    closing.giveUp(CloseReason.SOCKET_CLOSED);
  }

  // Time.

  /** When {@link #onTimeout} wants to be called, or Long.MAX_VALUE. */
  public long nextTimeoutNanos(long nowNanos) {
    return timers.nextTimeoutNanos(sender.assembler().pacedUntilNanos(), nowNanos);
  }

  /** A deadline has come. */
  public void onTimeout(long nowNanos) {
    timers.onTimeout(nowNanos);
  }

  // Outputs.

  /**
   * Writes the next datagram that may leave now.
   *
   * @param limit most bytes
   * @return its length, 0 if none; {@link #destination} says where to
   */
  public int writeDatagram(byte[] out, int from, int limit, long nowNanos) {
    return sender.writeDatagram(out, from, limit, nowNanos);
  }

  /** Whether the next datagram does not belong into a run of datagrams like the one before. */
  public boolean isNextApart() {
    return sender.isNextApart();
  }

  /** Size of a full datagram; a probe of the path may be larger. */
  public int datagramBytes() {
    return sender.datagramBytes();
  }

  /** Whether the datagram written last is to carry the mark ECT(0). */
  public boolean wasMarked() {
    return sender.wasMarked();
  }

  /** Where the datagram written last goes. */
  public InetSocketAddress destination() {
    return sender.destination();
  }

  /** Whether the connection became usable since the last call; answers true once. */
  public boolean pollConnected() {
    return opening.pollConnected();
  }

  /** Tells whoever watches of its end, once it has come. */
  public void traceEnd(long nowNanos) {
    if (parts.trace != null) {
      parts.trace.end(parts.ending, nowNanos);
    }
  }

  /** How it ended, once; null before. */
  public @Nullable ConnectionEnd pollEnd() {
    return parts.ending.poll();
  }

  /** Why it ends or ended; null while it does not. */
  public @Nullable CloseReason endReason() {
    return parts.ending.reason();
  }

  /** Where the peer was before its path changed; null if it did not since the last call. */
  public @Nullable InetSocketAddress pollChangedFrom() {
    return parts.path.pollChangedFrom();
  }

  /** Whether a refused sender may try again. */
  public boolean pollWritable() {
    return deliveries.pollWritable(isOver());
  }

  /** Takes the next settled receipt, or null. */
  public SendLedger.@Nullable Settled pollSettled() {
    return deliveries.ledger().poll();
  }

  /** Takes the next receipt whose message was confirmed, or null. */
  public @Nullable Object pollProcessed() {
    return deliveries.confirmations().pollProcessed();
  }

  /** Unreliable messages dropped since the application does not take them, since the last call. */
  public long pollDroppedDatagrams() {
    return deliveries.datagrams().pollDropped();
  }

  /** Takes the next further id that the peer's packets may carry from now on, or null. */
  public @Nullable Long pollAddedId() {
    return parts.localIds.pollAdded();
  }

  /** Takes the next id that the peer's packets carry no more, or null. */
  public @Nullable Long pollForgottenId() {
    return parts.localIds.pollForgotten();
  }

  /** Whether a message can be taken. */
  public boolean hasMessage() {
    return deliveries.hasMessage();
  }

  /** Whether a further part of a message can be taken. */
  public boolean hasPart() {
    return deliveries.incoming().hasPart();
  }

  /** Takes the next message, or null. */
  public @Nullable ReceivedMessage pollMessage() {
    return deliveries.pollMessage();
  }

  /** Lends ordered messages where they lie; {@link #endRun} must follow if it did. */
  public boolean lendRun(ReceivedRun run) {
    boolean lent = deliveries.incoming().lendRun(run);
    if (lent) {
      run.by(handle, parts.peer.alias());
    }
    return lent;
  }

  /** The messages lent have been dealt with. */
  public void endRun(ReceivedRun run) {
    deliveries.incoming().endRun(run);
  }

  /** Takes the next part of the streamed message on this channel, or null. */
  public @Nullable ReceivedMessage pollPart(int channel) {
    return deliveries.pollPart(channel);
  }

  /** Gives up the memory of messages that were not taken. */
  public void release() {
    deliveries.release();
  }

  /**
   * Bytes of heap that beginnings of messages hold, if the peer has brought no more of any since
   * this time; else 0. Only where the application can take nothing.
   */
  public long stalledBytes(long sinceNanos) {
    return isOver() || receiver.messageNanos() > sinceNanos ? 0 : deliveries.partialMemoryBytes();
  }

  /** Ends the connection for its beginnings of messages, and forgets them. */
  public void evict(long nowNanos) {
    closing.fail(CloseReason.LIMIT, nowNanos);
    deliveries.release();
  }

  // Questions.

  /** Whether packets to the peer have carried, or may carry, this id. */
  public boolean knowsPeerId(long connectionId) {
    return parts.peerIds.contains(connectionId);
  }

  /**
   * Whether the 16 bytes from {@code at} on are a reset token of the peer, and are to be believed.
   */
  public boolean isReset(byte[] packet, int at) {
    return parts.peerIds.isReset(packet, at) && !isOver();
  }

  /** Who the peer is. */
  public PeerIdentity peer() {
    return parts.peer;
  }

  /** Its name within the socket. */
  public long handle() {
    return handle;
  }

  /** The first id that the peer's packets carried. */
  public long localConnectionId() {
    return parts.localIds.first();
  }

  /** Where the peer is reached. */
  public InetSocketAddress address() {
    return parts.path.address();
  }

  /** Whether this side opened it. */
  public boolean isOpenedHere() {
    return openedHere;
  }

  /** Whether M2 has not come yet: nothing has been packed. */
  public boolean isUnanswered() {
    return opening.session() == null;
  }

  /** The attempt under way, or null. */
  public @Nullable OpeningAttempt attempt() {
    return opening.attempt();
  }

  /** Whether messages may be given to {@link #send}. */
  public boolean isSendable() {
    return parts.ending.isRunning();
  }

  /** Whether it has ended, but for late packets. */
  public boolean isOver() {
    return parts.ending.isOver();
  }

  /** Whether nothing at all is left to do. */
  public boolean isEnded() {
    return parts.ending.isEnded();
  }

  /** Whether the peer's keys are confirmed. */
  public boolean isConfirmed() {
    return opening.isConfirmed();
  }

  /** Messages that wait, were acknowledged, or ended otherwise. */
  public SendLedger ledger() {
    return deliveries.ledger();
  }

  /** Messages not acknowledged, when it ended or now. */
  public long unacknowledgedMessages() {
    return deliveries.unacknowledgedMessages();
  }

  /** What became of its packets. */
  public PacketRecovery recovery() {
    return parts.recovery;
  }

  /** How large its datagrams may be. */
  MtuDiscovery mtu() {
    return parts.mtu;
  }

  /** A row of the table of connections. */
  public ConnectionInfo info(long nowNanos) {
    return ConnectionSnapshot.of(
        this,
        deliveries,
        sender.assembler(),
        sender.packetsSent(),
        receiver.packetsReceived(),
        nowNanos - openedNanos,
        nowNanos);
  }
}
