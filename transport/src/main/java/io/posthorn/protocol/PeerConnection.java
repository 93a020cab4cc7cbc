package io.posthorn.protocol;

import io.posthorn.ConnectionInfo;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.congestion.Adaptive;
import io.posthorn.protocol.congestion.CongestionController;
import io.posthorn.protocol.congestion.NewReno;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.OpeningAttempt;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.protocol.path.ConnectionIds;
import io.posthorn.protocol.path.Path;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One connection, from the first handshake message to the last acknowledgement of its end. Composes
 * the rooms of this package and knows no frame's layout. Sans-IO and not thread-safe.
 *
 * <p>Inputs are {@code on…}, {@link #send} and {@link #close}; after any of them, call {@link
 * #writeDatagram} until it answers 0, and come back at {@link #nextTimeoutNanos}.
 */
public final class PeerConnection {
  private static final long NEVER = Long.MAX_VALUE;
  private static final long MAX_ACK_DELAY_NANOS = 25_000_000L;
  private static final long IMPLICIT_LINGER_NANOS = 3_000_000_000L;
  private static final byte[] NO_PREFIX = new byte[0];

  private final EndpointResources shared;
  private final SocketOptions options;
  private final long handle;
  private final InetSocketAddress alias;
  private final boolean openedHere;
  private final long openedNanos;

  private final Deliveries deliveries;
  private final Acknowledgements acknowledgements = new Acknowledgements(MAX_ACK_DELAY_NANOS);
  private final Pings pings = new Pings();
  private final Ending ending = new Ending();
  private final Path path;
  private final PacketRecovery recovery;
  private final PacketAssembler assembler;
  private final FrameSource[] sources;
  private final IdleTimeout idle;

  private long localConnectionId;
  private @Nullable OpeningAttempt attempt;
  private @Nullable PacketProtection protection;
  private @Nullable ConnectionIds connectionIds;
  private @Nullable FrameDispatcher dispatcher;
  private long peerInstanceId;
  private byte[] peerKey = NO_PREFIX;
  private byte @Nullable [] peerRegistrations;
  private String peerApplication = "";
  private boolean confirmed;
  private boolean connectedReported;
  private long quietPingNanos = NEVER;
  private InetSocketAddress destination;
  private long packetsSent;
  private long packetsReceived;

  /**
   * How a connection ended.
   *
   * @param reason why
   * @param byPeer whether the peer said so
   * @param applicationCode the closing application's number
   * @param text the closing application's words
   */
  public record End(CloseReason reason, boolean byPeer, long applicationCode, String text) {
    /** An end that this side found, without words. */
    static End local(CloseReason reason) {
      return new End(reason, false, 0, "");
    }
  }

  private PeerConnection(
      EndpointResources shared,
      long handle,
      InetSocketAddress address,
      long localConnectionId,
      boolean openedHere,
      boolean implicit,
      long nowNanos) {
    this.shared = shared;
    this.options = shared.options();
    this.handle = handle;
    this.alias = address;
    this.destination = address;
    this.localConnectionId = localConnectionId;
    this.openedHere = openedHere;
    this.openedNanos = nowNanos;
    this.deliveries = new Deliveries(shared, handle, address);
    this.path = new Path(address, shared.random());
    this.sources =
        new FrameSource[] {
          acknowledgements,
          path,
          pings,
          ending.closeFrame(),
          deliveries.confirmations(),
          deliveries.datagrams(),
          deliveries.ordered(),
          deliveries.unordered()
        };
    this.recovery = new PacketRecovery(controller(options), sources);
    this.assembler =
        new PacketAssembler(recovery, acknowledgements, path, pings, sources, shared.random());
    this.idle =
        new IdleTimeout(
            options.idleTimeout().toNanos(),
            openedHere ? options.keepAlive().toNanos() : NEVER,
            implicit ? options.implicitIdle().toNanos() : NEVER,
            nowNanos);
  }

  private static CongestionController controller(SocketOptions options) {
    return switch (options.congestionControl()) {
      case NEW_RENO -> new NewReno(options.maxDatagramBytes());
      case ADAPTIVE -> new Adaptive(options.maxDatagramBytes());
    };
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
    connection.attempt =
        new OpeningAttempt(handshake, suite, localConnectionId, timeoutNanos, nowNanos);
    return connection;
  }

  /**
   * A connection that the peer opened and that its M3 proved.
   *
   * @param remoteConnectionId as M1 gave it
   * @param keys from its handshake
   * @param peerKey its static key, empty in clear
   * @param peer its parameters, checked by {@link #areAcceptable}
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
      long nowNanos) {
    PeerConnection connection =
        new PeerConnection(shared, handle, address, localConnectionId, false, false, nowNanos);
    connection.confirmed = true;
    connection.open(remoteConnectionId, keys, peerKey, peer);
    connection.acknowledgements.requestNow(nowNanos);
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
      long nowNanos) {
    OpeningAttempt opening = attempt;
    if (opening == null || opening.isAnswered()) {
      throw new IllegalStateException("only an attempt without an answer can be given up");
    }
    opening.handshake().destroy();
    attempt = null;
    localConnectionId = connectionId;
    idle.onReceived(nowNanos);
    open(remoteConnectionId, keys, peerKey, peer);
    acknowledgements.requestNow(nowNanos);
    confirm(nowNanos);
  }

  /** The parameters that this side announces. */
  public static TransportParameters parameters(
      SocketOptions options, long connectionId, long instanceId) {
    TransportParameters parameters = new TransportParameters();
    parameters.connectionId = connectionId;
    parameters.instanceId = instanceId;
    parameters.maxIdleTimeoutMillis = options.idleTimeout().toMillis();
    parameters.maxAckDelayMicros = MAX_ACK_DELAY_NANOS / 1000;
    parameters.activeConnectionIdLimit = ConnectionIds.limit();
    if (!options.application().isEmpty()) {
      parameters.application = options.application().getBytes(StandardCharsets.US_ASCII);
    }
    Deliveries.announce(parameters, options);
    return parameters;
  }

  /** Whether a peer's parameters make sense. */
  public static boolean areAcceptable(TransportParameters peer, long connectionId) {
    return peer.connectionId == connectionId
        && peer.maxWholeMessageBytes >= Deliveries.SMALLEST_WHOLE_LIMIT_BYTES;
  }

  private void open(
      long remoteConnectionId, PacketProtection keys, byte[] key, TransportParameters peer) {
    ConnectionIds ids = new ConnectionIds(remoteConnectionId);
    FrameDispatcher frames = new FrameDispatcher(recovery, acknowledgements, deliveries, path, ids);
    protection = keys;
    connectionIds = ids;
    dispatcher = frames;
    peerInstanceId = peer.instanceId;
    peerKey = key;
    peerRegistrations = peer.registrationFingerprint;
    byte[] application = peer.application;
    peerApplication =
        application == null ? "" : new String(application, StandardCharsets.ISO_8859_1);
    if (!ending.isRunning()) {
      frames.refuseMessages();
    }
    recovery.peerMaxAckDelay(peer.maxAckDelayMicros * 1000);
    deliveries.onPeerLimits(peer);
    idle.onPeerTimeout(peer.maxIdleTimeoutMillis * 1_000_000);
    pings.request(); // so that each side soon hears from the other, whatever the application does
  }

  // Inputs from the network.

  /** M2 came for this connection. */
  public DropReason onSecondMessage(SecondMessagePacket packet, byte[] datagram, long nowNanos) {
    OpeningAttempt opening = attempt;
    if (opening == null || opening.isAnswered() || isOver()) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    byte[] payload = shared.scratch().plain();
    int length =
        opening.handshake().readSecond(datagram, packet.bodyFrom(), packet.bodyLength(), payload);
    if (length < 0) {
      return DropReason.HANDSHAKE_FORGED;
    }
    TransportParameters peer = TransportParameters.decode(payload, 0, length);
    // The id in the header may have been damaged on its way; the sealed one counts.
    if (peer == null || !areAcceptable(peer, peer.connectionId)) {
      finish(End.local(CloseReason.PARAMETERS));
      return DropReason.MALFORMED_HANDSHAKE;
    }
    byte[] key = opening.handshake().remoteStatic();
    String refusal = options.security().refusal(alias, key, true);
    if (refusal != null) {
      // Without M3: whoever answered in the peer's place learns not even who asked.
      finish(new End(CloseReason.IDENTITY, false, 0, refusal));
      return DropReason.IDENTITY_REFUSED;
    }
    byte[] own = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    int ownLength =
        shared
            .announcement()
            .addTo(parameters(options, localConnectionId, shared.instanceId()))
            .encode(own, 0);
    opening.onSecond(peer.connectionId, own, ownLength);
    idle.onReceived(nowNanos);
    open(peer.connectionId, opening.handshake().split(), key, peer);
    return DropReason.NONE;
  }

  /** The responder asks for a cookie. */
  public void onRetry(byte[] datagram, int cookieFrom, int cookieLength, long nowNanos) {
    OpeningAttempt opening = attempt;
    if (opening != null) {
      opening.onRetry(datagram, cookieFrom, cookieLength, nowNanos);
    }
  }

  /** The responder refuses, or speaks another version, and says so again; only before M2. */
  public void onRefused(CloseReason reason) {
    OpeningAttempt opening = attempt;
    if (opening != null && isUnanswered() && !isOver() && opening.onRefused(reason)) {
      finish(new End(reason, true, 0, ""));
    }
  }

  /**
   * A data packet came for this connection.
   *
   * @param datagramBytes length of the whole datagram
   */
  public DropReason onData(
      byte[] datagram,
      int from,
      int length,
      int datagramBytes,
      InetSocketAddress source,
      long nowNanos) {
    PacketProtection keys = protection;
    FrameDispatcher frames = dispatcher;
    if (keys == null || frames == null) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    if (ending.isEnded()) {
      return DropReason.CLOSING;
    }
    byte[] plain = shared.scratch().plain();
    long largest = acknowledgements.largestReceived();
    int plainLength = keys.open(datagram, from, length, largest, nowNanos, plain, 0);
    if (plainLength < 0) {
      return plainLength == PacketProtection.FAILED
          ? DropReason.AUTHENTICATION_FAILED
          : plainLength == PacketProtection.DUPLICATE ? DropReason.DUPLICATE : DropReason.STALE;
    }
    long packetNumber = keys.openedPacketNumber();
    packetsReceived++;
    idle.onReceived(nowNanos);
    path.onReceived(source, datagramBytes);
    if (!confirmed) {
      attempt = null;
      confirm(nowNanos);
    }
    frames.begin(source, nowNanos);
    FrameReader reader = shared.scratch().reader();
    CloseReason breach = reader.read(plain, 0, plainLength, frames);
    keys.onAcknowledged(recovery.largestAcknowledged(), nowNanos);
    keys.onProbeTimeout(recovery.probeTimeoutNanos());
    if (breach != null) {
      fail(breach, nowNanos);
      return DropReason.NONE;
    }
    quietPingNanos = nowNanos + 3 * recovery.probeTimeoutNanos();
    if (frames.refused() == DropReason.NONE) {
      acknowledgements.onPacket(packetNumber, reader.sawAckEliciting(), nowNanos);
      if (frames.carriedMessage()) {
        idle.onMessage(nowNanos);
      }
      if (packetNumber > largest && !frames.wasProbingOnly() && !source.equals(path.address())) {
        path.onNewAddress(source, datagramBytes, recovery.probeTimeoutNanos(), nowNanos);
      }
      if (frames.isClosed()) {
        onPeerClosed(frames, nowNanos);
      }
    }
    proceedWithEnding(nowNanos);
    return frames.refused();
  }

  /** The peer, whom this side asked for, has the keys: so its identity is its own. */
  private void confirm(long nowNanos) {
    confirmed = true;
    String problem = options.security().remember(alias, peerKey);
    if (problem != null) {
      refuse(problem, nowNanos);
    }
  }

  /** Tells the peer that its identity is not accepted, and ends; nothing of it is handed over. */
  public void refuse(String why, long nowNanos) {
    if (ending.end() == null) {
      sendClose(
          new End(CloseReason.IDENTITY, false, 0, why),
          nowNanos + 3 * recovery.probeTimeoutNanos());
    }
  }

  private void onPeerClosed(FrameDispatcher frames, long nowNanos) {
    acknowledgements.requestNow(nowNanos);
    if (isOver()) {
      return;
    }
    End how =
        new End(
            CloseReason.ofCode(frames.closeCode()),
            true,
            frames.closeApplicationCode(),
            frames.closeText());
    deliveries.abandon();
    frames.refuseMessages(); // packets that CLOSE overtook bring nothing any more
    ending.drain(how, nowNanos + 3 * recovery.probeTimeoutNanos());
  }

  /** The peer broke the protocol, or the keys are used up: say so, and end. */
  private void fail(CloseReason breach, long nowNanos) {
    if (ending.end() == null) {
      sendClose(End.local(breach), nowNanos + 3 * recovery.probeTimeoutNanos());
    }
  }

  // Inputs from the application.

  /** Takes or refuses a message. */
  public SendOutcome send(OutgoingMessage message, long nowNanos) {
    if (!isSendable()) {
      return SendOutcome.CLOSED;
    }
    SendOutcome outcome = deliveries.send(message);
    if (outcome == SendOutcome.ACCEPTED) {
      idle.onMessage(nowNanos);
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

  /** Flushes what waits, for at most so long, then closes. */
  public void close(long applicationCode, String text, long lingerNanos, long nowNanos) {
    if (!ending.isRunning()) {
      return;
    }
    ending.flush(
        new End(CloseReason.APPLICATION, false, applicationCode, text), nowNanos + lingerNanos);
    FrameDispatcher frames = dispatcher;
    if (frames != null) {
      frames.refuseMessages();
    }
    proceedWithEnding(nowNanos);
  }

  private void proceedWithEnding(long nowNanos) {
    End how = ending.end();
    if (how == null) {
      return;
    }
    boolean late = ending.isLate(nowNanos);
    if (ending.phase() == Ending.Phase.FLUSHING && (deliveries.isFlushed() || late)) {
      if (protection == null) {
        finish(how);
        return;
      }
      sendClose(how, Math.max(ending.lingerDeadlineNanos(), nowNanos));
    }
    if (ending.phase() == Ending.Phase.CLOSING) {
      CloseFrame frame = ending.closeFrame();
      if (frame.isAcknowledged() || (late && frame.isWritten())) {
        ending.drain(how, nowNanos + 3 * recovery.probeTimeoutNanos());
      } else if (late) {
        ending.extendLinger(nowNanos + recovery.probeTimeoutNanos());
      }
    }
  }

  private void sendClose(End how, long deadlineNanos) {
    FrameDispatcher frames = dispatcher;
    if (frames != null) {
      frames.refuseMessages();
    }
    deliveries.abandon();
    ending.sendClose(how, deadlineNanos);
    recovery.requestProbe(); // the word that ends all waits for no window
  }

  /** Ends at once, without a word to the peer. */
  public void finish(End how) {
    deliveries.abandon();
    ending.finish(how);
    eraseKeys();
  }

  /** Erases all secrets; nothing can be sent or opened from then on. */
  public void eraseKeys() {
    OpeningAttempt opening = attempt;
    if (opening != null && !opening.isAnswered()) {
      opening.handshake().destroy();
    }
    PacketProtection keys = protection;
    if (keys != null) {
      keys.destroy();
    }
  }

  // Time.

  /** When {@link #onTimeout} wants to be called, or Long.MAX_VALUE. */
  public long nextTimeoutNanos(long nowNanos) {
    if (ending.isEnded()) {
      return NEVER;
    }
    if (ending.isOver()) {
      long acknowledge = path.isStifled() ? NEVER : acknowledgements.deadlineNanos();
      return Math.min(ending.drainDeadlineNanos(), acknowledge);
    }
    if (path.isStifled()) {
      // What may not leave before more comes from there must not keep a timer busy.
      long own = Math.min(path.deadlineNanos(), idle.deadlineNanos());
      return Math.min(own, ending.lingerDeadlineNanos());
    }
    long next = ending.lingerDeadlineNanos();
    for (FrameSource source : sources) {
      next = Math.min(next, source.deadlineNanos());
    }
    OpeningAttempt opening = attempt;
    if (opening != null) {
      next = Math.min(next, Math.min(opening.nextNanos(), opening.deadlineNanos()));
    }
    if (protection == null) {
      return next;
    }
    next = Math.min(next, recovery.deadlineNanos(nowNanos));
    next = Math.min(next, assembler.pacedUntilNanos());
    next = Math.min(next, idle.deadlineNanos());
    return deliveries.awaitsPeer() ? Math.min(next, quietPingNanos) : next;
  }

  /** A deadline has come. */
  public void onTimeout(long nowNanos) {
    if (ending.isOver()) {
      if (nowNanos >= ending.drainDeadlineNanos()) {
        finish(End.local(CloseReason.APPLICATION));
      }
      return;
    }
    for (FrameSource source : sources) {
      if (source.deadlineNanos() <= nowNanos) {
        source.onTimeout(nowNanos);
      }
    }
    OpeningAttempt opening = attempt;
    if (opening != null && nowNanos >= opening.deadlineNanos()) {
      deliveries.abandon();
      ending.finishInstead(End.local(opening.failure()));
      eraseKeys();
      return;
    }
    if (protection != null) {
      onTimeoutWhenOpen(nowNanos);
    }
    proceedWithEnding(nowNanos);
  }

  private void onTimeoutWhenOpen(long nowNanos) {
    boolean unanswered = idle.isSilentTooLong(recovery.silentSinceNanos(), nowNanos);
    if (unanswered || nowNanos >= idle.idleDeadlineNanos()) {
      if (!idle.takesGraceAfterJump(nowNanos, recovery.probeTimeoutNanos())) {
        deliveries.abandon();
        ending.finishInstead(End.local(CloseReason.IDLE_TIMEOUT));
        eraseKeys();
        return;
      }
      pings.request();
      recovery.requestProbe();
      recovery.forgiveSilence(nowNanos);
    }
    recovery.onTimeout(nowNanos);
    if (nowNanos >= idle.keepAliveDeadlineNanos()) {
      idle.onKeepAlive(nowNanos);
      pings.request();
    }
    if (nowNanos >= quietPingNanos) {
      quietPingNanos = nowNanos + 3 * recovery.probeTimeoutNanos();
      if (deliveries.awaitsPeer()) {
        // The peer was in the middle of something: a rebound NAT here would hide it from us.
        pings.request();
      }
    }
    if (nowNanos >= idle.implicitDeadlineNanos()) {
      idle.onMessage(nowNanos);
      if (deliveries.isFlushed()) {
        close(0, "", IMPLICIT_LINGER_NANOS, nowNanos);
      }
    }
  }

  // Outputs.

  /**
   * Writes the next datagram that may leave now.
   *
   * @param limit most bytes
   * @return its length, 0 if none; {@link #destination} says where to
   */
  public int writeDatagram(byte[] out, int from, int limit, long nowNanos) {
    PacketProtection keys = protection;
    ConnectionIds ids = connectionIds;
    destination = path.address();
    if (ending.isEnded()) {
      return 0;
    }
    OpeningAttempt opening = attempt;
    if (keys == null || ids == null) {
      return opening == null || limit < WireLimits.MINIMUM_DATAGRAM_BYTES
          ? 0
          : opening.write(out, from, nowNanos);
    }
    if (keys.isExhausted()) {
      fail(CloseReason.KEY_LIMIT, nowNanos);
    } else if (recovery.sent().isFull()) {
      fail(CloseReason.PROTOCOL_VIOLATION, nowNanos);
    }
    byte[] frames = shared.scratch().frames();
    InetSocketAddress elsewhere = path.offPath();
    if (elsewhere != null) {
      destination = elsewhere;
      return counted(
          assembler.writeOffPath(keys, ids.current(), frames, out, from, limit, nowNanos),
          nowNanos);
    }
    byte[] prefix = opening == null ? NO_PREFIX : opening.third();
    int bytes =
        assembler.write(
            keys,
            ids.current(),
            frames,
            out,
            from + prefix.length,
            limit - prefix.length,
            ending.isOver(),
            nowNanos);
    if (bytes == 0) {
      return 0;
    }
    System.arraycopy(prefix, 0, out, from, prefix.length);
    path.onSent(bytes + prefix.length);
    return counted(bytes + prefix.length, nowNanos);
  }

  private int counted(int bytes, long nowNanos) {
    packetsSent++;
    if (assembler.lastWasAckEliciting()) {
      idle.onAckElicitingSent(nowNanos);
    }
    return bytes;
  }

  /** Whether the next datagram goes to another address than the path's. */
  public boolean hasOffPath() {
    return protection != null && path.offPath() != null;
  }

  /** Where the datagram written last goes. */
  public InetSocketAddress destination() {
    return destination;
  }

  /** Whether the connection became usable since the last call; answers true once. */
  public boolean pollConnected() {
    if (!confirmed || connectedReported || ending.end() != null) {
      return false;
    }
    connectedReported = true;
    return true;
  }

  /** How it ended, once; null before. */
  public @Nullable End pollEnd() {
    return ending.poll();
  }

  /** Why it ends or ended; null while it does not. */
  public @Nullable CloseReason endReason() {
    return ending.reason();
  }

  /** Where the peer was before its path changed; null if it did not since the last call. */
  public @Nullable InetSocketAddress pollChangedFrom() {
    return path.pollChangedFrom();
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

  /** Whether a message can be taken. */
  public boolean hasMessage() {
    return deliveries.hasMessage();
  }

  /** Whether a further part of a message can be taken. */
  public boolean hasPart() {
    return deliveries.ordered().hasPart();
  }

  /** Takes the next message, or null. */
  public @Nullable ReceivedMessage pollMessage() {
    return deliveries.pollMessage();
  }

  /** Takes the next part of the streamed message on this channel, or null. */
  public @Nullable ReceivedMessage pollPart(int channel) {
    return deliveries.pollPart(channel);
  }

  /** Gives up the memory of messages that were not taken. */
  public void release() {
    deliveries.ordered().release();
  }

  // Questions.

  /** Its name within the socket. */
  public long handle() {
    return handle;
  }

  /** What the peer's application says it speaks; from the network. Empty for nothing. */
  public String peerApplication() {
    return peerApplication;
  }

  /** The id that the peer's packets carry. */
  public long localConnectionId() {
    return localConnectionId;
  }

  /** The address at which the peer was met: the name under which the application knows it. */
  public InetSocketAddress alias() {
    return alias;
  }

  /** Where the peer is reached. */
  public InetSocketAddress address() {
    return path.address();
  }

  /** Whether this side opened it. */
  public boolean isOpenedHere() {
    return openedHere;
  }

  /** Whether M2 has not come yet: nothing has been packed. */
  public boolean isUnanswered() {
    return protection == null;
  }

  /** The attempt under way, or null. */
  public @Nullable OpeningAttempt attempt() {
    return attempt;
  }

  /** The peer's instance, 0 before it is known. */
  public long peerInstanceId() {
    return peerInstanceId;
  }

  /** The peer's static key, 32 bytes; empty in clear and before it is known. */
  public byte[] peerKey() {
    return peerKey;
  }

  /** Fingerprint of what the peer's codec knows, 32 bytes; null if it did not tell. */
  public byte @Nullable [] peerRegistrations() {
    return peerRegistrations;
  }

  /** Whether messages may be given to {@link #send}. */
  public boolean isSendable() {
    return ending.isRunning();
  }

  /** Whether it has ended, but for late packets. */
  public boolean isOver() {
    return ending.isOver();
  }

  /** Whether nothing at all is left to do. */
  public boolean isEnded() {
    return ending.isEnded();
  }

  /** Whether the peer's keys are confirmed. */
  public boolean isConfirmed() {
    return confirmed;
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
    return recovery;
  }

  /** A row of the table of connections. */
  public ConnectionInfo info(long nowNanos) {
    return ConnectionSnapshot.of(
        this,
        deliveries,
        assembler,
        packetsSent,
        packetsReceived,
        nowNanos - openedNanos,
        nowNanos);
  }
}
