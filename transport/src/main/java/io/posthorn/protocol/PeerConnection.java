package io.posthorn.protocol;

import io.posthorn.ConnectionInfo;
import io.posthorn.EcnMark;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.OpeningAttempt;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.protocol.path.MtuDiscovery;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.IcmpHint;
import io.posthorn.wire.SecondMessagePacket;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One connection, from the first handshake message to the last acknowledgement of its end: its
 * states, and what takes it from one to the next. Composes the rooms of this package and knows no
 * frame's layout. Sans-IO and not thread-safe.
 *
 * <p>Inputs are {@code on…}, {@link #close}, and what the application hands to {@link #deliveries}
 * or takes from the {@link #inbox}; after any of them, call {@link PacketSender#writeDatagram} of
 * {@link #sender} until it answers 0, and come back at {@link #nextTimeoutNanos}.
 */
public final class PeerConnection {
  /** How long an acknowledgement may wait. */
  static final long MAX_ACK_DELAY_NANOS = 25_000_000L;

  private final long handle;
  private final boolean openedHere;
  private final long openedNanos;
  private final ConnectionParts parts;
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

  /** Tells the peer that there is no room for it, and ends; nothing of it is handed over. */
  public void turnAway(long nowNanos) {
    closing.fail(CloseReason.REFUSED, nowNanos);
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

  // The rooms that others use themselves.

  /** What leaves next. */
  public PacketSender sender() {
    return sender;
  }

  /** What the application hands in. */
  public Deliveries deliveries() {
    return parts.deliveries;
  }

  /** What the application takes out. */
  public Inbox inbox() {
    return parts.inbox;
  }

  /** Who the peer is. */
  public PeerIdentity peer() {
    return parts.peer;
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
   * An ICMP message says that the peer was not reached at the address that this side asks at. While
   * it asks, that is remembered; nothing else comes of it.
   *
   * @return whether this is news
   */
  public boolean onIcmp(IcmpHint hint) {
    return opening.onIcmp(hint);
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

  /** Ends at once: the peer is another process now, and knows nothing of it. */
  public void onPeerRestarted() {
    closing.onPeerGone(CloseReason.PEER_RESTARTED);
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

  /** Takes the next further id that the peer's packets may carry from now on, or null. */
  public @Nullable Long pollAddedId() {
    return parts.localIds.pollAdded();
  }

  /** Takes the next id that the peer's packets carry no more, or null. */
  public @Nullable Long pollForgottenId() {
    return parts.localIds.pollForgotten();
  }

  /**
   * Bytes of heap that beginnings of messages hold, if the peer has brought no more of any since
   * this time; else 0. Only where the application can take nothing.
   */
  public long stalledBytes(long sinceNanos) {
    return isOver() || receiver.messageNanos() > sinceNanos ? 0 : parts.inbox.partialMemoryBytes();
  }

  /** Ends the connection for its beginnings of messages, and forgets them. */
  public void evict(long nowNanos) {
    closing.fail(CloseReason.LIMIT, nowNanos);
    parts.inbox.release();
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

  /** Its name within the socket. */
  public long handle() {
    return handle;
  }

  /** The first id that the peer's packets carried, which stays its name after moves. */
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

  /** Whether this side asks, and is not yet sure that the peer has the keys. */
  public boolean isOpening() {
    return opening.isUnderWay();
  }

  /** What ICMP said last of the own attempt, also after its end; null for nothing. */
  public @Nullable IcmpHint icmpHint() {
    return opening.icmpHint();
  }

  /** The attempt under way, or null. */
  public @Nullable OpeningAttempt attempt() {
    return opening.attempt();
  }

  /** After so long a silence the peer counts as gone: the smaller of both sides' timeouts. */
  public long idleNanos() {
    return parts.idle.idleNanos();
  }

  /** Whether messages are taken. */
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
        parts.shared.port(),
        parts.deliveries,
        sender.assembler(),
        sender.packetsSent(),
        receiver.packetsReceived(),
        nowNanos - openedNanos,
        nowNanos);
  }
}
