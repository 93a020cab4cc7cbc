package io.posthorn.endpoint;

import io.posthorn.ConnectionInfo;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.identity.Fingerprint;
import io.posthorn.identity.Identity;
import io.posthorn.protocol.Announcement;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.Scratch;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.NoiseXX;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * {@code Mode.RELIABLE}: finds the connection that a datagram belongs to, opens and ends
 * connections, and lets each of them send in turn.
 */
public final class ReliableEndpoint implements Endpoint {
  private static final int MAX_SEGMENTS = 32;
  private static final int LOST_PEERS_LIMIT = 4096;

  private final EndpointResources shared;
  private final SocketOptions options;
  private final Predicate<InetSocketAddress> isSelf;
  private final StaticKey identity;
  private final byte @Nullable [] preSharedKey;
  private final int suite;
  private final ConnectionTable table = new ConnectionTable();
  private final DeadlineQueue deadlines = new DeadlineQueue();
  private final Outbox outbox = new Outbox();
  private final Admission admission;
  private final EndpointCounters counters = new EndpointCounters();
  private final ArrayDeque<ConnectionSlot> transmitting = new ArrayDeque<>();
  private final ArrayDeque<ConnectionSlot> readable = new ArrayDeque<>();
  private final ArrayDeque<EndpointEvent> events = new ArrayDeque<>();
  private final Set<InetSocketAddress> lostAt = new LinkedHashSet<>();
  private final SecondMessagePacket second = new SecondMessagePacket();
  private final ThirdMessagePacket third = new ThirdMessagePacket();
  private final ControlPacket control = new ControlPacket();
  private final byte[] copy = new byte[WireLimits.MAX_DATAGRAM_BYTES];
  private long nextHandle = NO_CONNECTION + 1;
  private boolean closing;
  private long endedLost;
  private long endedSpurious;
  private long endedRetransmitted;

  /**
   * Makes an endpoint without connections.
   *
   * @param options validated; mode RELIABLE
   * @param random the source of all keys and ids: a SecureRandom, or a seeded generator in the
   *     simulator
   * @param isSelf whether an address is one of this socket's own
   */
  public ReliableEndpoint(
      SocketOptions options, RandomGenerator random, Predicate<InetSocketAddress> isSelf) {
    this.options = options;
    this.isSelf = isSelf;
    this.shared =
        new EndpointResources(
            options,
            random,
            new ReceiveMemory(options.socketReceiveBytes()),
            new Scratch(),
            random.nextLong(),
            new Announcement());
    Security security = options.security();
    this.identity = staticKey(security.identity(), random);
    this.preSharedKey = security.preSharedKey();
    this.suite =
        !security.isEncrypted()
            ? WireLimits.SUITE_CLEAR
            : preSharedKey == null ? WireLimits.SUITE_NOISE_XX : WireLimits.SUITE_NOISE_XX_PSK3;
    this.admission = new Admission(shared, suite, identity, preSharedKey, outbox);
  }

  private static StaticKey staticKey(@Nullable Identity given, RandomGenerator random) {
    if (given == null) {
      return StaticKey.generate(random);
    }
    byte[] privateKey = given.privateKey();
    StaticKey key = StaticKey.of(privateKey);
    Arrays.fill(privateKey, (byte) 0);
    return key;
  }

  // Inputs from the network.

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, EcnMark ecn, long nowNanos) {
    int length = datagram.remaining();
    counters.datagramsReceived++;
    counters.bytesReceived += length;
    byte[] bytes;
    int at;
    if (datagram.hasArray()) {
      bytes = datagram.array();
      at = datagram.arrayOffset() + datagram.position();
    } else {
      if (length > copy.length) {
        counters.drop(DropReason.TOO_LONG);
        return;
      }
      bytes = copy;
      at = 0;
      datagram.get(copy, 0, length);
    }
    DropReason reason = PacketHeader.check(bytes, at, length);
    if (reason == DropReason.NONE) {
      reason =
          switch (PacketHeader.kind(bytes[at])) {
            case PacketHeader.FIRST_MESSAGE -> onFirst(bytes, at, length, from, nowNanos);
            case PacketHeader.SECOND_MESSAGE -> onSecond(bytes, at, length, nowNanos);
            case PacketHeader.THIRD_MESSAGE -> onThird(bytes, at, length, from, nowNanos);
            case PacketHeader.CONTROL -> onControl(bytes, at, length, from, nowNanos);
            default -> onData(bytes, at, length, length, from, nowNanos);
          };
    }
    if (reason != DropReason.NONE) {
      counters.drop(reason);
    }
  }

  private DropReason onFirst(
      byte[] bytes, int at, int length, InetSocketAddress from, long nowNanos) {
    DropReason reason = admission.check(bytes, at, length, from);
    if (reason != DropReason.NONE) {
      return reason;
    }
    FirstMessagePacket first = admission.first();
    ConnectionSlot own = table.byId(first.initiatorConnectionId());
    boolean toSelf = own != null && own.connection.isOpenedHere();
    if (toSelf && !isSelf.test(from)) {
      return DropReason.REFLECTED;
    }
    if (!toSelf && winsAgainst(bytes, first, from)) {
      return DropReason.SIMULTANEOUS_OPEN;
    }
    if (closing || table.size() >= options.maxConnections()) {
      admission.refuse(from, CloseReason.REFUSED);
      return DropReason.CONNECTION_LIMIT;
    }
    return admission.onFirst(bytes, from, nowNanos);
  }

  /** Whether both sides open at once and the own attempt goes on: the lower key wins. */
  private boolean winsAgainst(byte[] bytes, FirstMessagePacket first, InetSocketAddress from) {
    ConnectionSlot slot = table.byAddress(from);
    if (slot == null || !slot.connection.isUnanswered()) {
      return false;
    }
    var attempt = slot.connection.attempt();
    if (attempt == null || slot.connection.isOver()) {
      return false;
    }
    byte[] ours = attempt.handshake().localEphemeral();
    return first.bodyLength() >= ours.length
        && Arrays.compareUnsigned(
                ours, 0, ours.length, bytes, first.bodyFrom(), first.bodyFrom() + ours.length)
            < 0;
  }

  private DropReason onSecond(byte[] bytes, int at, int length, long nowNanos) {
    DropReason reason = second.check(bytes, at, length);
    if (reason != DropReason.NONE) {
      return reason;
    }
    ConnectionSlot slot = table.byId(second.destinationConnectionId());
    if (slot == null) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    reason = slot.connection.onSecondMessage(second, bytes, nowNanos);
    settle(slot, nowNanos);
    return reason;
  }

  private DropReason onThird(
      byte[] bytes, int at, int length, InetSocketAddress from, long nowNanos) {
    DropReason reason = third.check(bytes, at, length);
    if (reason != DropReason.NONE) {
      return reason;
    }
    long id = third.destinationConnectionId();
    HalfOpen halfOpen = admission.find(id);
    if (halfOpen != null) {
      reason = complete(halfOpen, bytes, nowNanos);
      if (reason != DropReason.NONE) {
        return reason;
      }
    } else if (table.byId(id) == null) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    return third.dataLength() == 0
        ? DropReason.NONE
        : onData(bytes, third.dataFrom(), third.dataLength(), length, from, nowNanos);
  }

  private DropReason complete(HalfOpen halfOpen, byte[] bytes, long nowNanos) {
    byte[] payload = shared.scratch().plain();
    int length = halfOpen.handshake.readThird(bytes, third.bodyFrom(), third.bodyLength(), payload);
    if (length < 0) {
      return DropReason.HANDSHAKE_FORGED;
    }
    admission.remove(halfOpen);
    TransportParameters peer = TransportParameters.decode(payload, 0, length);
    if (peer == null || !PeerConnection.areAcceptable(peer, halfOpen.key.initiatorConnectionId())) {
      halfOpen.handshake.destroy();
      return DropReason.MALFORMED_HANDSHAKE;
    }
    if (closing || table.size() >= options.maxConnections()) {
      halfOpen.handshake.destroy();
      return DropReason.CONNECTION_LIMIT;
    }
    return establish(halfOpen, peer, nowNanos);
  }

  private DropReason establish(HalfOpen halfOpen, TransportParameters peer, long nowNanos) {
    InetSocketAddress address = halfOpen.key.address();
    long remoteId = halfOpen.key.initiatorConnectionId();
    ConnectionSlot existing = table.byAddress(address);
    boolean self = peer.instanceId == shared.instanceId();
    byte[] key = halfOpen.handshake.remoteStatic();
    if (existing != null
        && !self
        && existing.connection.isUnanswered()
        && existing.connection.isSendable()) {
      if (isRefused(existing.connection.alias(), key)) {
        halfOpen.handshake.destroy(); // the own attempt goes on, and may yet find the right peer
        return DropReason.IDENTITY_REFUSED;
      }
      counters.connectionsOpened++;
      existing.connection.adopt(
          halfOpen.responderConnectionId,
          remoteId,
          halfOpen.handshake.split(),
          key,
          peer,
          nowNanos);
      table.rekey(existing);
      settle(existing, nowNanos);
      return DropReason.NONE;
    }
    counters.connectionsOpened++;
    ConnectionSlot slot =
        new ConnectionSlot(
            PeerConnection.accepted(
                shared,
                nextHandle++,
                address,
                halfOpen.responderConnectionId,
                remoteId,
                halfOpen.handshake.split(),
                key,
                peer,
                nowNanos));
    table.add(slot);
    String refusal = self ? null : options.security().refusal(address, key, false);
    if (refusal != null) {
      slot.connection.refuse(refusal, nowNanos);
      settle(slot, nowNanos);
      return DropReason.IDENTITY_REFUSED;
    }
    if (existing != null
        && !existing.connection.isOver()
        && !existing.connection.isUnanswered()
        && existing.connection.peerInstanceId() != peer.instanceId
        && mayReplace(existing.connection, key)) {
      existing.connection.finish(new PeerConnection.End(CloseReason.PEER_RESTARTED, false, 0, ""));
      settle(existing, nowNanos);
      existing = null;
    }
    if (existing == null || existing.connection.isOver()) {
      table.alias(address, slot);
    }
    settle(slot, nowNanos);
    return DropReason.NONE;
  }

  /** Whether a peer that came by itself may not stand for the one that this side asked for. */
  private boolean isRefused(InetSocketAddress peer, byte[] key) {
    Security security = options.security();
    return security.refusal(peer, key, true) != null || security.refusal(peer, key, false) != null;
  }

  /** Whether a peer with this key may be what the other end of a connection has become. */
  private boolean mayReplace(PeerConnection existing, byte[] key) {
    return !existing.isOpenedHere()
        || options.security().refusal(existing.alias(), key, true) == null;
  }

  private DropReason onControl(
      byte[] bytes, int at, int length, InetSocketAddress from, long nowNanos) {
    DropReason reason = control.check(bytes, at, length);
    if (reason != DropReason.NONE) {
      return reason;
    }
    ConnectionSlot slot = table.byId(control.connectionId());
    if (slot == null
        || !slot.connection.isUnanswered()
        || slot.connection.isOver()
        || !from.equals(slot.connection.address())) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    switch (control.kind()) {
      case ControlPacket.RETRY ->
          slot.connection.onRetry(bytes, control.cookieFrom(), control.cookieLength(), nowNanos);
      case ControlPacket.REFUSED -> slot.connection.onRefused(CloseReason.ofCode(control.code()));
      case ControlPacket.VERSIONS -> {
        if (listsOwnVersion()) {
          return DropReason.UNEXPECTED_HANDSHAKE;
        }
        slot.connection.onRefused(CloseReason.SECURITY);
      }
      default -> {
        return DropReason.UNEXPECTED_HANDSHAKE;
      }
    }
    settle(slot, nowNanos);
    return DropReason.NONE;
  }

  private boolean listsOwnVersion() {
    for (int i = 0; i < control.versionCount(); i++) {
      if (control.version(i) == WireLimits.VERSION) {
        return true;
      }
    }
    return false;
  }

  private DropReason onData(
      byte[] bytes, int at, int length, int datagramBytes, InetSocketAddress from, long nowNanos) {
    if (length < WireLimits.MINIMUM_CLEAR_PACKET_BYTES) {
      return DropReason.TOO_SHORT;
    }
    ConnectionSlot slot = table.byId(PacketHeader.connectionId(bytes, at));
    if (slot == null) {
      return DropReason.UNKNOWN_CONNECTION;
    }
    DropReason reason = slot.connection.onData(bytes, at, length, datagramBytes, from, nowNanos);
    if (reason != DropReason.AUTHENTICATION_FAILED) {
      settle(slot, nowNanos);
    }
    return reason;
  }

  @Override
  public void onTimeout(long nowNanos) {
    admission.onTimeout(nowNanos);
    while (deadlines.earliestNanos() <= nowNanos) {
      ConnectionSlot slot = deadlines.earliest();
      // Taken out first, so that each is asked once even if its next deadline has passed already.
      deadlines.set(slot, NEVER);
      slot.connection.onTimeout(nowNanos);
      settle(slot, nowNanos);
      if (slot.deadlineNanos <= nowNanos) {
        deadlines.set(slot, nowNanos + 1);
      }
    }
  }

  @Override
  public long nextTimeoutNanos() {
    return Math.min(deadlines.earliestNanos(), admission.deadlineNanos());
  }

  // Outputs.

  @Override
  public boolean pollTransmit(TransmitBatch out, long nowNanos) {
    out.clear();
    if (outbox.poll(out)) {
      count(out);
      return true;
    }
    while (true) {
      ConnectionSlot slot = transmitting.peek();
      if (slot == null) {
        return false;
      }
      if (fill(slot.connection, out, nowNanos)) {
        transmitting.add(transmitting.remove()); // the others' turn
        count(out);
        return true;
      }
      transmitting.remove();
      slot.queuedForTransmit = false;
      finishTurn(slot, nowNanos);
    }
  }

  private boolean fill(PeerConnection connection, TransmitBatch out, long nowNanos) {
    int limit = options.maxDatagramBytes();
    int bytes = connection.writeDatagram(out.bytes(), 0, limit, nowNanos);
    if (bytes == 0) {
      return false;
    }
    out.begin(connection.destination(), bytes);
    while (bytes == limit
        && out.segments() < MAX_SEGMENTS
        && out.lengthBytes() + limit <= WireLimits.MAX_DATAGRAM_BYTES
        && !connection.hasOffPath()) {
      bytes = connection.writeDatagram(out.bytes(), out.lengthBytes(), limit, nowNanos);
      if (bytes == 0) {
        break;
      }
      out.append(bytes);
    }
    return true;
  }

  private void count(TransmitBatch out) {
    counters.datagramsSent += out.segments();
    counters.bytesSent += out.lengthBytes();
  }

  @Override
  public @Nullable EndpointEvent pollEvent() {
    return events.poll();
  }

  @Override
  public @Nullable ReceivedMessage pollMessage(long nowNanos) {
    while (true) {
      ConnectionSlot slot = readable.poll();
      if (slot == null) {
        return null;
      }
      ReceivedMessage message = slot.connection.pollMessage();
      slot.queuedForReading = slot.connection.hasMessage();
      if (slot.queuedForReading) {
        readable.add(slot);
      }
      if (message != null) {
        counters.messagesReceived++;
        settle(slot, nowNanos); // credit may be due
        return message;
      }
    }
  }

  @Override
  public boolean hasMessage(long connection) {
    ConnectionSlot slot = table.byHandle(connection);
    return slot != null && slot.connection.hasMessage();
  }

  @Override
  public @Nullable ReceivedMessage pollMessage(long connection, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    ReceivedMessage message = slot == null ? null : slot.connection.pollMessage();
    if (slot != null && message != null) {
      counters.messagesReceived++;
      settle(slot, nowNanos); // credit may be due
    }
    return message;
  }

  @Override
  public @Nullable ReceivedMessage pollPart(long connection, int channel, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    if (slot == null) {
      return null;
    }
    ReceivedMessage part = slot.connection.pollPart(channel);
    if (part != null) {
      settle(slot, nowNanos);
    }
    return part;
  }

  // Inputs from the application.

  @Override
  public SendOutcome send(OutgoingMessage message, long nowNanos) {
    if (closing) {
      return SendOutcome.CLOSED;
    }
    ConnectionSlot slot;
    if (message.connection() != NO_CONNECTION) {
      slot = table.byHandle(message.connection());
      if (slot == null || !slot.connection.isSendable()) {
        return SendOutcome.CLOSED;
      }
    } else {
      if (lostAt.remove(message.peer())) {
        return SendOutcome.MESSAGES_LOST;
      }
      slot = find(message.peer(), true, nowNanos);
      if (slot == null) {
        return SendOutcome.CONNECTION_LIMIT;
      }
    }
    SendOutcome outcome = slot.connection.send(message, nowNanos);
    if (outcome == SendOutcome.ACCEPTED) {
      counters.messagesSent++;
    }
    settle(slot, nowNanos);
    return outcome;
  }

  @Override
  public long connect(InetSocketAddress peer, long nowNanos) {
    if (closing) {
      return NO_CONNECTION;
    }
    ConnectionSlot slot = find(peer, false, nowNanos);
    if (slot == null) {
      return NO_CONNECTION;
    }
    PeerConnection connection = slot.connection;
    if (connection.isConfirmed()) {
      events.add(connected(connection, peer));
    }
    settle(slot, nowNanos);
    return connection.handle();
  }

  /** The connection to a peer, opened if there is none; null at the limit. */
  private @Nullable ConnectionSlot find(InetSocketAddress peer, boolean implicit, long nowNanos) {
    ConnectionSlot known = table.byAddress(peer);
    if (known != null && known.connection.isSendable()) {
      return known;
    }
    if (table.size() >= options.maxConnections()) {
      return null;
    }
    long id = shared.random().nextLong();
    Handshake handshake =
        suite == WireLimits.SUITE_CLEAR
            ? ClearHandshake.initiator(id, shared.random())
            : NoiseXX.initiator(identity, id, preSharedKey, shared.random());
    ConnectionSlot slot =
        new ConnectionSlot(
            PeerConnection.opening(
                shared, nextHandle++, peer, id, handshake, suite, implicit, nowNanos));
    counters.connectionsOpened++;
    table.add(slot);
    table.alias(peer, slot);
    return slot;
  }

  @Override
  public void close(
      long connection, long applicationCode, String text, long lingerNanos, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    if (slot != null) {
      slot.connection.close(applicationCode, text, lingerNanos, nowNanos);
      settle(slot, nowNanos);
    }
  }

  @Override
  public void closeAll(long lingerNanos, long nowNanos) {
    closing = true;
    admission.clear();
    for (ConnectionSlot slot : new ArrayList<>(table.all())) {
      slot.connection.close(0, "", lingerNanos, nowNanos);
      settle(slot, nowNanos);
    }
  }

  @Override
  public boolean isClosed() {
    if (!closing || !outbox.isEmpty() || !transmitting.isEmpty()) {
      return false;
    }
    for (ConnectionSlot slot : table.all()) {
      if (!slot.connection.isOver()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void announceRegistrations(byte[] fingerprint) {
    shared.announcement().registrations(fingerprint);
  }

  @Override
  public void destroy() {
    admission.clear();
    for (ConnectionSlot slot : table.all()) {
      slot.connection.eraseKeys();
    }
    identity.destroy();
    byte[] key = preSharedKey;
    if (key != null) {
      Arrays.fill(key, (byte) 0);
    }
  }

  @Override
  public void confirm(ReceivedMessage message, long nowNanos) {
    ConnectionSlot slot = table.byHandle(message.connection());
    if (slot != null && message.number() >= 0) {
      slot.connection.confirm(message);
      settle(slot, nowNanos);
    }
  }

  // Questions.

  @Override
  public List<ConnectionInfo> connections(long nowNanos) {
    List<ConnectionInfo> rows = new ArrayList<>(table.size());
    for (ConnectionSlot slot : table.all()) {
      if (!slot.connection.isEnded()) {
        rows.add(slot.connection.info(nowNanos));
      }
    }
    return rows;
  }

  @Override
  public EndpointCounters counters() {
    counters.packetsLost = endedLost;
    counters.packetsSpuriouslyLost = endedSpurious;
    counters.bytesRetransmitted = endedRetransmitted;
    for (ConnectionSlot slot : table.all()) {
      counters.packetsLost += slot.connection.recovery().packetsLost();
      counters.packetsSpuriouslyLost += slot.connection.recovery().packetsSpuriouslyLost();
      counters.bytesRetransmitted += slot.connection.ledger().retransmittedBytes();
    }
    return counters;
  }

  // After each input to a connection.

  /** Collects what a connection has to say and gives it its place in the queues. */
  private void settle(ConnectionSlot slot, long nowNanos) {
    if (!slot.queuedForTransmit && !slot.connection.isEnded()) {
      slot.queuedForTransmit = true;
      transmitting.add(slot);
    }
    finishTurn(slot, nowNanos);
  }

  private void finishTurn(ConnectionSlot slot, long nowNanos) {
    PeerConnection connection = slot.connection;
    collectEvents(connection);
    if (!slot.queuedForReading && connection.hasMessage()) {
      slot.queuedForReading = true;
      readable.add(slot);
    }
    deadlines.set(slot, connection.nextTimeoutNanos(nowNanos));
    if (connection.isOver()) {
      table.unalias(connection.address(), slot);
      table.unalias(connection.alias(), slot);
    }
    if (connection.isEnded() && !connection.hasMessage() && !connection.hasPart()) {
      forget(slot);
    }
  }

  private void forget(ConnectionSlot slot) {
    if (table.byHandle(slot.connection.handle()) != slot) {
      return;
    }
    endedLost += slot.connection.recovery().packetsLost();
    endedSpurious += slot.connection.recovery().packetsSpuriouslyLost();
    endedRetransmitted += slot.connection.ledger().retransmittedBytes();
    slot.connection.release();
    table.remove(slot);
  }

  private void collectEvents(PeerConnection connection) {
    long handle = connection.handle();
    if (connection.pollConnected()) {
      events.add(connected(connection, connection.alias()));
    }
    InetSocketAddress before = connection.pollChangedFrom();
    if (before != null) {
      events.add(new EndpointEvent.PathChanged(handle, before, connection.address()));
    }
    PeerConnection.End end = connection.pollEnd();
    CloseReason reason = connection.endReason();
    for (SendLedger.Settled settled = connection.pollSettled();
        settled != null;
        settled = connection.pollSettled()) {
      events.add(
          new EndpointEvent.ReceiptSettled(
              settled.receipt(), settled.outcome(), reason, settled.mayHaveArrived()));
    }
    for (Object receipt = connection.pollProcessed();
        receipt != null;
        receipt = connection.pollProcessed()) {
      events.add(new EndpointEvent.ReceiptProcessed(receipt));
    }
    for (long dropped = connection.pollDroppedDatagrams(); dropped > 0; dropped--) {
      counters.drop(DropReason.QUEUE_FULL);
    }
    if (end != null) {
      report(connection, end);
    }
    if (connection.pollWritable()) {
      events.add(new EndpointEvent.Writable(handle, connection.alias()));
    }
  }

  private static EndpointEvent connected(PeerConnection connection, InetSocketAddress peer) {
    byte[] key = connection.peerKey();
    return new EndpointEvent.Connected(
        connection.handle(),
        peer,
        connection.isOpenedHere(),
        key.length == 0 ? null : Fingerprint.of(key).toString(),
        connection.peerRegistrations(),
        connection.peerApplication());
  }

  private void report(PeerConnection connection, PeerConnection.End end) {
    if (connection.ledger().lostUnreceipted() > 0
        && end.reason() != CloseReason.APPLICATION
        && lostAt.size() < LOST_PEERS_LIMIT) {
      lostAt.add(connection.alias());
    }
    events.add(
        new EndpointEvent.Closed(
            connection.handle(),
            connection.alias(),
            end.reason(),
            end.byPeer(),
            end.applicationCode(),
            end.text(),
            connection.unacknowledgedMessages(),
            connection.ledger().acknowledgedMessages()));
  }
}
