package io.posthorn.protocol;

import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.channel.Confirmations;
import io.posthorn.protocol.channel.Datagrams;
import io.posthorn.protocol.channel.OrderedChannels;
import io.posthorn.protocol.channel.ReceiveBudget;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.channel.UnorderedMessages;
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
import java.time.Duration;
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

  /** Each peer must take a whole message of this size at least. */
  private static final int SMALLEST_WHOLE_LIMIT_BYTES = 64 * 1024;

  private static final long IMPLICIT_LINGER_NANOS = 3_000_000_000L;
  private static final byte[] NO_PREFIX = new byte[0];

  private enum State {
    OPENING,
    OPEN,
    FLUSHING,
    CLOSING,
    DRAINING,
    ENDED
  }

  private final EndpointResources shared;
  private final SocketOptions options;
  private final long handle;
  private long localConnectionId;
  private final InetSocketAddress alias;
  private final boolean openedHere;
  private final long openedNanos;

  private final SendLedger ledger;
  private final Confirmations confirmations = new Confirmations();
  private final ReceiveBudget budget;
  private final OrderedChannels ordered;
  private final UnorderedMessages unordered;
  private final Datagrams datagrams;
  private final Acknowledgements acknowledgements = new Acknowledgements(MAX_ACK_DELAY_NANOS);
  private final Pings pings = new Pings();
  private final CloseFrame closeFrame = new CloseFrame();
  private final Path path;
  private final PacketRecovery recovery;
  private final PacketAssembler assembler;
  private final FrameSource[] sources;
  private final IdleTimeout idle;
  private final Inbox inbox;

  private State state;
  private @Nullable OpeningAttempt attempt;
  private @Nullable PacketProtection protection;
  private @Nullable ConnectionIds connectionIds;
  private @Nullable FrameDispatcher dispatcher;
  private @Nullable TransportParameters peer;
  private boolean confirmed;
  private boolean connectedReported;
  private boolean writableDue;
  private @Nullable End end;
  private boolean endReported;
  private long lingerDeadlineNanos = NEVER;
  private long drainDeadlineNanos = NEVER;
  private long quietPingNanos = NEVER;
  private InetSocketAddress destination;
  private long packetsSent;
  private long packetsReceived;
  private long unacknowledged = -1;

  /**
   * How a connection ended.
   *
   * @param reason why
   * @param byPeer whether the peer said so
   * @param applicationCode the closing application's number
   * @param text the closing application's words
   */
  public record End(CloseReason reason, boolean byPeer, long applicationCode, String text) {}

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
    this.localConnectionId = localConnectionId;
    this.openedHere = openedHere;
    this.openedNanos = nowNanos;
    this.destination = address;
    this.alias = address;
    this.ledger = new SendLedger(options.sendBufferBytes());
    this.budget =
        new ReceiveBudget(
            options.receiveBufferBytes(), options.maxWholeMessageBytes(), options.streaming());
    this.ordered = new OrderedChannels(ledger, confirmations, budget, shared.memory());
    this.unordered = new UnorderedMessages(ledger, confirmations, budget);
    this.datagrams = new Datagrams(ledger);
    this.inbox = new Inbox(handle, address, ordered, unordered, datagrams);
    this.path = new Path(address, shared.random());
    this.sources =
        new FrameSource[] {
          acknowledgements, path, pings, closeFrame, confirmations, datagrams, ordered, unordered
        };
    this.recovery = new PacketRecovery(new NewReno(options.maxDatagramBytes()), sources);
    this.assembler =
        new PacketAssembler(recovery, acknowledgements, path, pings, sources, shared.random());
    this.idle =
        new IdleTimeout(
            options.idleTimeout().toNanos(),
            openedHere ? options.keepAlive().toNanos() : NEVER,
            implicit ? options.implicitIdle().toNanos() : NEVER,
            nowNanos);
    this.state = State.OPENING;
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
    connection.attempt =
        new OpeningAttempt(
            handshake,
            suite,
            localConnectionId,
            connection.options.handshakeTimeout().toNanos(),
            nowNanos);
    return connection;
  }

  /**
   * A connection that the peer opened and that its M3 proved.
   *
   * @param remoteConnectionId as M1 gave it
   * @param peer its parameters, checked by {@link #areAcceptable}
   */
  public static PeerConnection accepted(
      EndpointResources shared,
      long handle,
      InetSocketAddress address,
      long localConnectionId,
      long remoteConnectionId,
      PacketProtection protection,
      TransportParameters peer,
      long nowNanos) {
    PeerConnection connection =
        new PeerConnection(shared, handle, address, localConnectionId, false, false, nowNanos);
    connection.confirmed = true;
    connection.open(remoteConnectionId, protection, peer);
    connection.acknowledgements.requestNow(nowNanos);
    return connection;
  }

  /** The parameters that this side announces. */
  public static TransportParameters parameters(
      SocketOptions options, long connectionId, long instanceId) {
    ReceiveBudget budget =
        new ReceiveBudget(
            options.receiveBufferBytes(), options.maxWholeMessageBytes(), options.streaming());
    TransportParameters parameters = new TransportParameters();
    parameters.connectionId = connectionId;
    parameters.instanceId = instanceId;
    parameters.maxIdleTimeoutMillis = options.idleTimeout().toMillis();
    parameters.maxAckDelayMicros = MAX_ACK_DELAY_NANOS / 1000;
    parameters.initialMaxChannelDataBytes = budget.sliceBytes();
    parameters.initialMaxMessages = UnorderedMessages.initialMaxMessages();
    parameters.initialMaxMessageDataBytes = budget.messagePoolBytes();
    parameters.maxWholeMessageBytes =
        options.streaming() ? WireLimits.MAX_MESSAGE_BYTES : options.maxWholeMessageBytes();
    parameters.activeConnectionIdLimit = ConnectionIds.limit();
    parameters.maxDatagramMessageBytes = WireLimits.MAX_DATAGRAM_BYTES;
    return parameters;
  }

  /** Whether a peer's parameters make sense. */
  public static boolean areAcceptable(TransportParameters peer, long connectionId) {
    return peer.connectionId == connectionId
        && peer.maxWholeMessageBytes >= SMALLEST_WHOLE_LIMIT_BYTES;
  }

  private void open(
      long remoteConnectionId, PacketProtection keys, TransportParameters parameters) {
    ConnectionIds ids = new ConnectionIds(remoteConnectionId);
    protection = keys;
    connectionIds = ids;
    peer = parameters;
    dispatcher =
        new FrameDispatcher(
            recovery, acknowledgements, ordered, unordered, datagrams, confirmations, path, ids);
    recovery.peerMaxAckDelay(parameters.maxAckDelayMicros * 1000);
    ordered.onPeerLimits(parameters.initialMaxChannelDataBytes, (int) parameters.maxChannels);
    unordered.onCredit(parameters.initialMaxMessages, parameters.initialMaxMessageDataBytes);
    idle.onPeerTimeout(parameters.maxIdleTimeoutMillis * 1_000_000);
    pings.request(); // so that each side soon hears from the other, whatever the application does
    if (state == State.OPENING) {
      state = State.OPEN;
    }
    writableDue = true;
  }

  // Inputs from the network.

  /** M2 came for this connection. */
  public DropReason onSecondMessage(
      SecondMessagePacket packet, byte[] datagram, InetSocketAddress from, long nowNanos) {
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
    TransportParameters parameters = TransportParameters.decode(payload, 0, length);
    if (parameters == null || !areAcceptable(parameters, packet.responderConnectionId())) {
      finish(new End(CloseReason.PARAMETERS, false, 0, ""));
      return DropReason.MALFORMED_HANDSHAKE;
    }
    byte[] own = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    int ownLength = parameters(options, localConnectionId, shared.instanceId()).encode(own, 0);
    opening.onSecond(packet.responderConnectionId(), own, ownLength);
    idle.onReceived(nowNanos);
    open(packet.responderConnectionId(), opening.handshake().split(), parameters);
    return DropReason.NONE;
  }

  /** The responder asks for a cookie. */
  public void onRetry(byte[] datagram, int cookieFrom, int cookieLength, long nowNanos) {
    OpeningAttempt opening = attempt;
    if (opening != null) {
      opening.onRetry(datagram, cookieFrom, cookieLength, nowNanos);
    }
  }

  /** The responder refuses, or speaks another version; only before M2. */
  public void onRefused(CloseReason reason) {
    OpeningAttempt opening = attempt;
    if (opening != null && !opening.isAnswered() && !isOver()) {
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
    if (state == State.ENDED) {
      return DropReason.CLOSING;
    }
    byte[] plain = shared.scratch().plain();
    int plainLength =
        keys.open(datagram, from, length, acknowledgements.largestReceived(), nowNanos, plain, 0);
    if (plainLength < 0) {
      return plainLength == PacketProtection.FAILED
          ? DropReason.AUTHENTICATION_FAILED
          : plainLength == PacketProtection.DUPLICATE ? DropReason.DUPLICATE : DropReason.STALE;
    }
    long packetNumber = keys.openedPacketNumber();
    boolean newest = packetNumber > acknowledgements.largestReceived();
    packetsReceived++;
    idle.onReceived(nowNanos);
    path.onReceived(source, datagramBytes);
    frames.begin(source, nowNanos);
    FrameReader reader = shared.scratch().reader();
    CloseReason breach = reader.read(plain, 0, plainLength, frames);
    keys.onAcknowledged(recovery.largestAcknowledged(), nowNanos);
    keys.onProbeTimeout(recovery.probeTimeoutNanos());
    if (breach != null) {
      fail(breach, nowNanos);
      return DropReason.NONE;
    }
    if (frames.refused() != DropReason.NONE) {
      return frames.refused();
    }
    acknowledgements.onPacket(packetNumber, reader.sawAckEliciting(), nowNanos);
    if (frames.carriedMessage()) {
      idle.onMessage(nowNanos);
    }
    if (newest && !frames.wasProbingOnly() && !source.equals(path.address())) {
      path.onNewAddress(source, datagramBytes, recovery.probeTimeoutNanos(), nowNanos);
    }
    if (!confirmed) {
      confirmed = true;
      attempt = null;
    }
    if (frames.isClosed()) {
      onPeerClosed(frames, nowNanos);
    }
    quietPingNanos = nowNanos + 3 * recovery.probeTimeoutNanos();
    proceedWithClosing(nowNanos);
    return DropReason.NONE;
  }

  private void onPeerClosed(FrameDispatcher frames, long nowNanos) {
    acknowledgements.requestNow(nowNanos);
    if (state == State.DRAINING) {
      return;
    }
    if (end == null) {
      end =
          new End(
              CloseReason.ofCode(frames.closeCode()),
              true,
              frames.closeApplicationCode(),
              frames.closeText());
    }
    abandon();
    drain(nowNanos);
  }

  private void drain(long nowNanos) {
    state = State.DRAINING;
    drainDeadlineNanos = nowNanos + 3 * recovery.probeTimeoutNanos();
  }

  /** The peer broke the protocol: say so, and end. */
  private void fail(CloseReason breach, long nowNanos) {
    if (end != null) {
      return;
    }
    end = new End(breach, false, 0, "");
    beginClosing(breach, 0, "");
    lingerDeadlineNanos = nowNanos + 3 * recovery.probeTimeoutNanos();
  }

  // Inputs from the application.

  /** Takes or refuses a message. */
  public SendOutcome send(OutgoingMessage message, long nowNanos) {
    if (state != State.OPEN && state != State.OPENING) {
      return SendOutcome.CLOSED;
    }
    int channel = message.channel();
    if (!ordered.isAllowed(channel)) {
      return SendOutcome.CHANNEL_LIMIT;
    }
    byte[] body = message.body();
    TransportParameters limits = peer;
    if (limits == null && body.length > SMALLEST_WHOLE_LIMIT_BYTES) {
      writableDue = false;
      return SendOutcome.BLOCKED; // until the peer's limit is known
    }
    if (limits != null && exceeds(message, limits)) {
      return SendOutcome.TOO_LARGE;
    }
    if (isDatagram(message.delivery()) && body.length > maxDatagramMessageBytes()) {
      return SendOutcome.TOO_LARGE;
    }
    if (!ledger.hasRoom(body.length)) {
      return SendOutcome.BLOCKED;
    }
    idle.onMessage(nowNanos);
    take(message);
    return SendOutcome.ACCEPTED;
  }

  private static boolean isDatagram(Delivery delivery) {
    return delivery == Delivery.UNRELIABLE || delivery == Delivery.UNRELIABLE_SEQUENCED;
  }

  private boolean exceeds(OutgoingMessage message, TransportParameters limits) {
    long length = message.body().length;
    if (message.delivery() == Delivery.RELIABLE_ORDERED) {
      return ordered.midMessageBytes(message.channel()) + length > limits.maxWholeMessageBytes;
    }
    return length > limits.initialMaxMessageDataBytes;
  }

  /** Longest unreliable message that fits a packet of the smallest path. */
  public static int maxDatagramMessageBytes() {
    return WireLimits.MINIMUM_DATAGRAM_BYTES
        - WireLimits.MAX_DATA_HEADER_BYTES
        - WireLimits.TAG_BYTES
        - 12;
  }

  private void take(OutgoingMessage message) {
    int channel = message.channel();
    long expires = message.expiresAtNanos();
    boolean confirm = message.confirmRequested();
    Object receipt = message.receipt();
    switch (message.delivery()) {
      case RELIABLE_ORDERED ->
          ordered.send(channel, message.body(), message.more(), expires, confirm, receipt);
      case RELIABLE_UNORDERED ->
          unordered.send(channel, -1, message.body(), expires, confirm, receipt);
      case RELIABLE_LATEST ->
          unordered.send(channel, message.key(), message.body(), expires, confirm, receipt);
      case UNRELIABLE_SEQUENCED -> datagrams.send(channel, true, message.body(), expires, receipt);
      case UNRELIABLE -> datagrams.send(channel, false, message.body(), expires, receipt);
    }
  }

  /** Flushes what waits, for at most so long, then closes. */
  public void close(long applicationCode, String text, long lingerNanos, long nowNanos) {
    if (state != State.OPENING && state != State.OPEN) {
      return;
    }
    end = new End(CloseReason.APPLICATION, false, applicationCode, text);
    lingerDeadlineNanos = nowNanos + lingerNanos;
    FrameDispatcher frames = dispatcher;
    if (frames != null) {
      frames.refuseMessages();
    }
    if (state == State.OPENING && ledger.openMessages() == 0) {
      finish(end);
      return;
    }
    state = State.FLUSHING;
    proceedWithClosing(nowNanos);
  }

  private boolean isFlushed() {
    return ordered.isDrained()
        && unordered.isDrained()
        && datagrams.isDrained()
        && confirmations.isDrained();
  }

  private void proceedWithClosing(long nowNanos) {
    End ending = end;
    if (ending == null) {
      return;
    }
    boolean late = nowNanos >= lingerDeadlineNanos;
    if (state == State.FLUSHING && (isFlushed() || late)) {
      if (protection == null) {
        finish(isFlushed() ? ending : new End(CloseReason.HANDSHAKE_TIMEOUT, false, 0, ""));
        return;
      }
      beginClosing(ending.reason(), ending.applicationCode(), ending.text());
    }
    if (state == State.CLOSING && closeFrame.isWritten() && (closeFrame.isAcknowledged() || late)) {
      drain(nowNanos);
    } else if (state == State.CLOSING && late) {
      lingerDeadlineNanos = nowNanos + recovery.probeTimeoutNanos();
    }
  }

  private void beginClosing(CloseReason reason, long applicationCode, String text) {
    FrameDispatcher frames = dispatcher;
    if (frames != null) {
      frames.refuseMessages();
    }
    state = State.CLOSING;
    abandon();
    closeFrame.request(reason, applicationCode, text);
    recovery.requestProbe(); // the word that ends all waits for no window
  }

  /** Ends all messages that are not acknowledged; counts them once. */
  private void abandon() {
    if (unacknowledged < 0) {
      unacknowledged = ledger.openMessages();
    }
    ordered.abandon(ReceiptOutcome.CLOSED);
    unordered.abandon(ReceiptOutcome.CLOSED);
    datagrams.abandon(ReceiptOutcome.CLOSED);
  }

  /** Ends at once, without a word to the peer. */
  public void finish(End how) {
    if (end == null) {
      end = how;
    }
    abandon();
    state = State.ENDED;
    OpeningAttempt opening = attempt;
    if (opening != null && !opening.isAnswered()) {
      opening.handshake().destroy();
    }
    PacketProtection keys = protection;
    if (keys != null) {
      keys.destroy();
    }
  }

  /** The application confirms a message that it received. */
  public void confirm(boolean isOrdered, int channel, long number) {
    if (!isOver()) {
      confirmations.confirm(isOrdered, channel, number);
    }
  }

  // Time.

  /** When {@link #onTimeout} wants to be called, or Long.MAX_VALUE. */
  public long nextTimeoutNanos(long nowNanos) {
    if (state == State.ENDED) {
      return NEVER;
    }
    if (state == State.DRAINING) {
      return Math.min(drainDeadlineNanos, acknowledgements.deadlineNanos());
    }
    long next = lingerDeadlineNanos;
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
    next = Math.min(next, idle.idleDeadlineNanos());
    next = Math.min(next, idle.keepAliveDeadlineNanos());
    next = Math.min(next, idle.implicitDeadlineNanos());
    return expectsMore() ? Math.min(next, quietPingNanos) : next;
  }

  private boolean expectsMore() {
    return ordered.expectsMore() || unordered.expectsMore();
  }

  /** A deadline has come. */
  public void onTimeout(long nowNanos) {
    if (state == State.ENDED) {
      return;
    }
    if (state == State.DRAINING) {
      if (nowNanos >= drainDeadlineNanos) {
        finish(new End(CloseReason.APPLICATION, false, 0, ""));
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
      finish(new End(CloseReason.HANDSHAKE_TIMEOUT, false, 0, ""));
      return;
    }
    if (protection != null) {
      onTimeoutWhenOpen(nowNanos);
    }
    proceedWithClosing(nowNanos);
  }

  private void onTimeoutWhenOpen(long nowNanos) {
    if (nowNanos >= idle.idleDeadlineNanos()) {
      if (idle.graceAfterJumpNanos(nowNanos, recovery.probeTimeoutNanos()) == 0) {
        end = null; // whatever was under way, this is what ended it
        finish(new End(CloseReason.IDLE_TIMEOUT, false, 0, ""));
        return;
      }
      pings.request();
      recovery.requestProbe();
    }
    recovery.onTimeout(nowNanos);
    if (nowNanos >= idle.keepAliveDeadlineNanos()) {
      idle.onKeepAlive(nowNanos);
      pings.request();
    }
    if (nowNanos >= quietPingNanos) {
      quietPingNanos = nowNanos + 3 * recovery.probeTimeoutNanos();
      if (expectsMore()) {
        // The peer was in the middle of something: a rebound NAT here would hide it from us.
        pings.request();
      }
    }
    if (nowNanos >= idle.implicitDeadlineNanos()) {
      idle.onMessage(nowNanos);
      if (isFlushed()) {
        close(0, "", IMPLICIT_LINGER_NANOS, nowNanos);
      }
    }
    PacketProtection keys = protection;
    if (keys != null && keys.isExhausted()) {
      fail(CloseReason.KEY_LIMIT, nowNanos);
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
    if (state == State.ENDED) {
      return 0;
    }
    OpeningAttempt opening = attempt;
    if (keys == null || ids == null) {
      return opening == null || limit < WireLimits.MINIMUM_DATAGRAM_BYTES
          ? 0
          : opening.write(out, from, nowNanos);
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
            state == State.DRAINING,
            nowNanos);
    if (bytes == 0) {
      return 0;
    }
    System.arraycopy(prefix, 0, out, from, prefix.length);
    path.onSent(bytes + prefix.length);
    return counted(bytes + prefix.length, nowNanos);
  }

  private int counted(int bytes, long nowNanos) {
    if (bytes > 0) {
      packetsSent++;
      if (assembler.lastWasAckEliciting()) {
        idle.onAckElicitingSent(nowNanos);
      }
    }
    return bytes;
  }

  /** Whether the next datagram goes to another address than the path's. */
  public boolean hasOffPath() {
    return protection != null && path.offPath() != null;
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
      TransportParameters parameters,
      long nowNanos) {
    OpeningAttempt opening = attempt;
    if (opening == null || opening.isAnswered()) {
      throw new IllegalStateException("only an attempt without an answer can be given up");
    }
    opening.handshake().destroy();
    attempt = null;
    localConnectionId = connectionId;
    confirmed = true;
    idle.onReceived(nowNanos);
    open(remoteConnectionId, keys, parameters);
    acknowledgements.requestNow(nowNanos);
  }

  /** Where the datagram written last goes. */
  public InetSocketAddress destination() {
    return destination;
  }

  /** Whether the connection became usable since the last call; answers true once. */
  public boolean pollConnected() {
    if (!confirmed || connectedReported || end != null) {
      return false;
    }
    connectedReported = true;
    return true;
  }

  /** How it ended, once; null before. */
  public @Nullable End pollEnd() {
    if (endReported || (state != State.DRAINING && state != State.ENDED)) {
      return null;
    }
    endReported = true;
    return end;
  }

  /** Why it ends or ended; null while it does not. */
  public @Nullable CloseReason endReason() {
    End how = end;
    return how == null ? null : how.reason();
  }

  /** Where the peer was before its path changed; null if it did not since the last call. */
  public @Nullable InetSocketAddress pollChangedFrom() {
    return path.pollChangedFrom();
  }

  /** Whether a refused sender may try again. */
  public boolean pollWritable() {
    if (isOver() || writableDue) {
      boolean due = writableDue;
      writableDue = false;
      return due;
    }
    return ledger.pollWritable();
  }

  /** Takes the next settled receipt, or null. */
  public SendLedger.@Nullable Settled pollSettled() {
    return ledger.poll();
  }

  /** Takes the next receipt whose message was confirmed, or null. */
  public @Nullable Object pollProcessed() {
    return confirmations.pollProcessed();
  }

  /** Unreliable messages dropped since the application does not take them, since the last call. */
  public long pollDroppedDatagrams() {
    return datagrams.pollDropped();
  }

  /** Whether a message can be taken. */
  public boolean hasMessage() {
    return ordered.hasMessage() || unordered.hasMessage() || datagrams.hasMessage();
  }

  /** Takes the next message, or null. */
  public @Nullable ReceivedMessage pollMessage() {
    return inbox.poll();
  }

  /** Takes the next part of the streamed message on this channel, or null. */
  public @Nullable ReceivedMessage pollPart(int channel) {
    return inbox.pollPart(channel);
  }

  /** Gives up the memory of messages that were not taken. */
  public void release() {
    ordered.release();
  }

  // Questions.

  /** Its name within the socket. */
  public long handle() {
    return handle;
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
    TransportParameters parameters = peer;
    return parameters == null ? 0 : parameters.instanceId;
  }

  /** Whether messages may be given to {@link #send}. */
  public boolean isSendable() {
    return state == State.OPEN || state == State.OPENING;
  }

  /** Whether it has ended, but for late packets. */
  public boolean isOver() {
    return state == State.DRAINING || state == State.ENDED;
  }

  /** Whether nothing at all is left to do. */
  public boolean isEnded() {
    return state == State.ENDED;
  }

  /** Whether the peer's keys are confirmed. */
  public boolean isConfirmed() {
    return confirmed;
  }

  /** Reliable messages not acknowledged when it ended. */
  public long unacknowledgedMessages() {
    return unacknowledged < 0 ? ledger.openMessages() : unacknowledged;
  }

  /** Messages without a receipt that were not acknowledged when it ended. */
  public long lostUnreceipted() {
    return ledger.lostUnreceipted();
  }

  /** Reliable messages acknowledged. */
  public long acknowledgedMessages() {
    return ledger.acknowledgedMessages();
  }

  /** Packets declared lost, and of these found spurious. */
  public PacketRecovery recovery() {
    return recovery;
  }

  /** Message bytes sent more than once. */
  public long bytesRetransmitted() {
    return ledger.retransmittedBytes();
  }

  /** A row of the table of connections. */
  public ConnectionInfo info(long nowNanos) {
    return new ConnectionInfo(
        handle,
        localConnectionId,
        path.address(),
        switch (state) {
          case OPENING -> ConnectionInfo.State.OPENING;
          case OPEN -> confirmed ? ConnectionInfo.State.OPEN : ConnectionInfo.State.OPENING;
          case FLUSHING, CLOSING -> ConnectionInfo.State.CLOSING;
          case DRAINING, ENDED -> ConnectionInfo.State.DRAINING;
        },
        openedHere,
        Duration.ofNanos(recovery.rtt().hasSample() ? recovery.rtt().smoothedRttNanos() : 0),
        Duration.ofNanos(recovery.rtt().minRttNanos()),
        recovery.controller().windowBytes(),
        recovery.sent().bytesInFlight(),
        ledger.heldBytes(),
        packetsSent,
        packetsReceived,
        recovery.packetsLost(),
        recovery.packetsSpuriouslyLost(),
        ledger.retransmittedBytes(),
        Duration.ofNanos(nowNanos - openedNanos),
        limitedBy(nowNanos));
  }

  private ConnectionInfo.LimitedBy limitedBy(long nowNanos) {
    if (assembler.pacedUntilNanos() != NEVER) {
      return ConnectionInfo.LimitedBy.PACING;
    }
    if (assembler.isWindowLimited()) {
      return ConnectionInfo.LimitedBy.CONGESTION_WINDOW;
    }
    if (ordered.isBlocked() || unordered.isBlocked()) {
      return ConnectionInfo.LimitedBy.PEER_WINDOW;
    }
    if (!assembler.hasFrames(nowNanos) && ledger.isRefusing()) {
      return ConnectionInfo.LimitedBy.SEND_BUFFER;
    }
    return ConnectionInfo.LimitedBy.APPLICATION;
  }
}
