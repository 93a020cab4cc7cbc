package io.posthorn.protocol;

import io.posthorn.SocketOptions;
import io.posthorn.protocol.handshake.OpeningAttempt;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.protocol.path.PeerConnectionIds;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.IcmpHint;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.WireLimits;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** How a connection opens: from the first handshake message to the peer's first packet. */
final class Opening {
  private static final byte[] NO_PREFIX = new byte[0];

  private final ConnectionParts parts;
  private @Nullable OpeningAttempt attempt;
  private @Nullable Session session;
  private @Nullable String refusal;
  private boolean confirmed;
  private boolean connectedReported;
  private long peerMaxAckDelayNanos;
  private long thirdRoundTripNanos = -1;

  Opening(ConnectionParts parts) {
    this.parts = parts;
  }

  /** This side asks. */
  void begin(OpeningAttempt own) {
    attempt = own;
  }

  /**
   * The peer asked, and its M3 verified.
   *
   * @param roundTripNanos from M2 to M3; -1 if M2 went more than once
   */
  void accept(
      long remoteConnectionId,
      PacketProtection keys,
      byte[] peerKey,
      TransportParameters peer,
      long roundTripNanos,
      long nowNanos) {
    confirmed = true;
    thirdRoundTripNanos = roundTripNanos;
    open(remoteConnectionId, keys, peerKey, peer);
    if (parts.trace != null) {
      parts.trace.opened(nowNanos);
    }
    parts.acknowledgements.requestNow(nowNanos);
  }

  /** The own attempt, not answered yet, becomes the connection that the peer opened meanwhile. */
  void adopt(
      long connectionId,
      long remoteConnectionId,
      PacketProtection keys,
      byte[] peerKey,
      TransportParameters peer,
      long roundTripNanos,
      long nowNanos) {
    OpeningAttempt opening = attempt;
    if (opening == null || opening.isAnswered()) {
      throw new IllegalStateException("only an attempt without an answer can be given up");
    }
    opening.handshake().destroy();
    attempt = null;
    parts.adopt(connectionId, nowNanos);
    parts.idle.onReceived(nowNanos);
    accept(remoteConnectionId, keys, peerKey, peer, roundTripNanos, nowNanos);
  }

  /** The parameters that this side announces. */
  static TransportParameters parameters(EndpointResources shared, long connectionId) {
    SocketOptions options = shared.options();
    TransportParameters parameters = new TransportParameters();
    parameters.connectionId = connectionId;
    parameters.instanceId = shared.instanceId();
    parameters.resetToken = shared.ids().token(connectionId);
    parameters.maxIdleTimeoutMillis = options.idleTimeout().toMillis();
    parameters.maxAckDelayMicros = PeerConnection.MAX_ACK_DELAY_NANOS / 1000;
    parameters.maxUdpPayloadBytes = shared.port().largestReceivedBytes();
    parameters.activeConnectionIdLimit = PeerConnectionIds.limit();
    if (!options.application().isEmpty()) {
      parameters.application = options.application().getBytes(StandardCharsets.US_ASCII);
    }
    Deliveries.announce(parameters, options);
    shared.announcement().addTo(parameters);
    return parameters;
  }

  /** Whether a peer's parameters make sense. */
  static boolean areAcceptable(TransportParameters peer, long connectionId) {
    return peer.connectionId == connectionId
        && peer.maxWholeMessageBytes >= Deliveries.SMALLEST_WHOLE_LIMIT_BYTES;
  }

  /**
   * M2 came for the own attempt.
   *
   * @return {@link DropReason#MALFORMED_HANDSHAKE} if it verified but makes no sense, {@link
   *     DropReason#IDENTITY_REFUSED} if the peer is not the right one; either ends the attempt
   */
  DropReason onSecondMessage(SecondMessagePacket packet, byte[] datagram, long nowNanos) {
    OpeningAttempt opening = attempt;
    if (opening == null || opening.isAnswered() || parts.ending.isOver()) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    byte[] payload = parts.shared.scratch().plain();
    int length =
        opening.handshake().readSecond(datagram, packet.bodyFrom(), packet.bodyLength(), payload);
    if (length < 0) {
      return DropReason.HANDSHAKE_FORGED;
    }
    TransportParameters peer = TransportParameters.decode(payload, 0, length);
    // The id in the header may have been damaged on its way; the sealed one counts.
    if (peer == null || !areAcceptable(peer, peer.connectionId)) {
      return DropReason.MALFORMED_HANDSHAKE;
    }
    byte[] key = opening.handshake().remoteStatic();
    refusal = parts.peer.refusal(key);
    if (refusal != null) {
      // Without M3: whoever answered in the peer's place learns not even who asked.
      return DropReason.IDENTITY_REFUSED;
    }
    byte[] own = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    int ownLength = parameters(parts.shared, parts.localIds.first()).encode(own, 0);
    long roundTripNanos = opening.roundTripNanos(nowNanos);
    if (roundTripNanos >= 0) {
      parts.recovery.onHandshakeRoundTrip(roundTripNanos);
    } else {
      parts.recovery.onAmbiguousHandshakeRoundTrip(opening.sinceLastFirstNanos(nowNanos));
    }
    opening.onSecond(peer.connectionId, own, ownLength);
    parts.idle.onReceived(nowNanos);
    EndpointTrace told = parts.shared.trace();
    if (told != null) {
      told.handshakeKeys(opening.handshake(), parts.localIds.first(), peer.connectionId);
    }
    open(peer.connectionId, parts.shared.keysOf(opening.handshake()), key, peer);
    return DropReason.NONE;
  }

  /** Why the identity of the peer that answered is not accepted; null if it is. */
  @Nullable String refusal() {
    return refusal;
  }

  /**
   * The peer has proved to have the keys: if this side asked for it, its identity is remembered.
   *
   * @return why its identity cannot be remembered, so that it is not to be used; else null
   */
  @Nullable String rememberPeer() {
    return session == null ? null : parts.peer.remember();
  }

  private void open(
      long remoteConnectionId, PacketProtection keys, byte[] key, TransportParameters peer) {
    FrameDispatcher frames = new FrameDispatcher(parts);
    session = new Session(keys, frames);
    parts.peer.onKeys(key, peer);
    if (parts.trace != null) {
      parts.trace.keys(keys, attempt != null, parts.localIds.first(), remoteConnectionId);
    }
    parts.peerIds.begin(remoteConnectionId, peer.resetToken);
    parts.peerMaxUdpPayloadBytes = (int) peer.maxUdpPayloadBytes;
    parts.localIds.onPeerLimit(peer.activeConnectionIdLimit);
    if (!parts.ending.isRunning()) {
      frames.refuseMessages();
    }
    peerMaxAckDelayNanos = peer.maxAckDelayMicros * 1000;
    // What comes with M3 is acknowledged at once (RFC 9002 §6.2.1 has it so for a handshake).
    parts.recovery.peerMaxAckDelay(confirmed ? peerMaxAckDelayNanos : 0);
    parts.ackFrequency.onOpened(parts.recovery, peer.maxAckDelayMicros);
    parts.deliveries.onPeerLimits(peer);
    parts.idle.onPeerTimeout(peer.maxIdleTimeoutMillis * 1_000_000);
    parts.recovery.probes().idleTimeout(parts.idle.idleNanos());
    // So that each side soon hears from the other, whatever the application does.
    parts.pings.request();
  }

  /** The responder asks for a cookie. */
  void onRetry(byte[] datagram, int cookieFrom, int cookieLength, long nowNanos) {
    OpeningAttempt opening = attempt;
    if (opening != null) {
      opening.onRetry(datagram, cookieFrom, cookieLength, nowNanos);
    }
  }

  /** The responder refuses; answers whether that is believed. */
  boolean onRefused(CloseReason reason) {
    OpeningAttempt opening = attempt;
    return opening != null
        && session == null
        && !parts.ending.isOver()
        && opening.onRefused(reason);
  }

  /** As {@link OpeningAttempt#onIcmp}; without an attempt that goes on it is nothing to anybody. */
  boolean onIcmp(IcmpHint hint) {
    OpeningAttempt opening = attempt;
    return opening != null && isUnderWay() && opening.onIcmp(hint);
  }

  /** What ICMP says of an attempt, also after its end; null for nothing. */
  @Nullable IcmpHint icmpHint() {
    OpeningAttempt opening = attempt;
    return opening == null ? null : opening.icmpHint();
  }

  /** Whether this side asked, and is not yet sure that the peer has the keys. */
  boolean isUnderWay() {
    return attempt != null && !parts.ending.isOver();
  }

  /**
   * A packet of the peer opened: it has the keys too, and M3 if this side sent one.
   *
   * @return whether this is the first that proves it
   */
  boolean onPacketOpened(long packetNumber) {
    if (packetNumber == 0 && thirdRoundTripNanos >= 0) {
      // With the number 0 it came beside an M3 that is no repetition either.
      parts.recovery.onHandshakeRoundTrip(thirdRoundTripNanos);
    }
    thirdRoundTripNanos = -1;
    boolean first = !confirmed;
    if (first) {
      parts.recovery.peerMaxAckDelay(peerMaxAckDelayNanos);
    }
    confirmed = true;
    attempt = null;
    return first;
  }

  /** Why the own attempt has failed by now; null if it goes on or there is none. */
  @Nullable CloseReason failure(long nowNanos) {
    OpeningAttempt opening = attempt;
    return opening != null && nowNanos >= opening.deadlineNanos() ? opening.failure() : null;
  }

  long deadlineNanos() {
    OpeningAttempt opening = attempt;
    return opening == null
        ? Long.MAX_VALUE
        : Math.min(opening.nextNanos(), opening.deadlineNanos());
  }

  /** Writes M1 if it is due; returns its length or 0. */
  int writeFirst(byte[] out, int from, int limit, long nowNanos) {
    OpeningAttempt opening = attempt;
    return opening == null || limit < WireLimits.MINIMUM_DATAGRAM_BYTES
        ? 0
        : opening.write(out, from, nowNanos);
  }

  /** What stands in front of each data packet: M3, or nothing. */
  byte[] prefix() {
    OpeningAttempt opening = attempt;
    return opening == null ? NO_PREFIX : opening.third();
  }

  /** What the keys opened; null before they are known. */
  @Nullable Session session() {
    return session;
  }

  @Nullable OpeningAttempt attempt() {
    return attempt;
  }

  boolean isConfirmed() {
    return confirmed;
  }

  /** Whether the connection became usable since the last call; answers true once. */
  boolean pollConnected() {
    if (!confirmed || connectedReported || parts.ending.end() != null) {
      return false;
    }
    connectedReported = true;
    return true;
  }

  void eraseKeys() {
    OpeningAttempt opening = attempt;
    if (opening != null && !opening.isAnswered()) {
      opening.handshake().destroy();
    }
    Session open = session;
    if (open != null) {
      open.protection().destroy();
    }
  }
}
