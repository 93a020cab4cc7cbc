package io.posthorn.endpoint;

import io.posthorn.ConnectionInfo;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.identity.Identity;
import io.posthorn.protocol.Announcement;
import io.posthorn.protocol.ConnectionEnd;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.Scratch;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.recovery.ProbeRate;
import io.posthorn.trace.PacketKind;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * {@code Mode.RELIABLE}: finds the connection that a datagram belongs to, opens and ends
 * connections, and lets each of them send in turn.
 */
public final class ReliableEndpoint implements Endpoint {
  private final EndpointResources shared;
  private final StaticKey identity;
  private final ConnectionTable table = new ConnectionTable();
  private final Outbox outbox = new Outbox();
  private final EndpointCounters counters = new EndpointCounters();
  private final EventQueue events = new EventQueue(counters);
  private final PeerAddresses addresses = new PeerAddresses(events);
  private final ConnectionTurns turns;
  private final Handshakes handshakes;
  private final StatelessReset resets;
  private final MemoryRelief relief;
  private final byte[] copy = new byte[WireLimits.MAX_DATAGRAM_BYTES];
  private final @Nullable EndpointTrace trace;

  /** The same if it wants to hear of single packets; else null. */
  private final @Nullable EndpointTrace packetTrace;

  private final SocketChoice choice;

  private boolean closing;

  /**
   * Makes an endpoint without connections, with the identity that the options' security has.
   *
   * @param options validated; mode RELIABLE
   * @param random the source of all keys and ids: a SecureRandom, or a seeded generator in the
   *     simulator
   * @param isSelf whether an address is one of this socket's own
   */
  public ReliableEndpoint(
      SocketOptions options, RandomGenerator random, Predicate<InetSocketAddress> isSelf) {
    this(options, random, isSelf, null, PortLimits.UNKNOWN);
  }

  private static @Nullable StaticKey staticKey(Security security) {
    Identity identity = security.identity();
    if (identity == null) {
      return null;
    }
    byte[] privateKey = identity.privateKey();
    StaticKey key = StaticKey.of(privateKey);
    Arrays.fill(privateKey, (byte) 0);
    return key;
  }

  private static StaticKey passingKey(@Nullable PortShare share, RandomGenerator random) {
    return share == null ? StaticKey.generate(random) : share.key();
  }

  /**
   * Makes an endpoint without connections.
   *
   * @param known the identity of this host, the same after a restart, so that peers of before learn
   *     of it by a reset if the port is the same; null for that of the options' security, or, if it
   *     has none, for one that lives as long as this endpoint
   * @param port where it is bound, and what the host lets through
   */
  public ReliableEndpoint(
      SocketOptions options,
      RandomGenerator random,
      Predicate<InetSocketAddress> isSelf,
      @Nullable StaticKey known,
      PortLimits port) {
    this(options, random, isSelf, known, port, null);
  }

  /**
   * Makes an endpoint without connections, which somebody watches.
   *
   * @param trace told what happens; null for nobody
   */
  public ReliableEndpoint(
      SocketOptions options,
      RandomGenerator random,
      Predicate<InetSocketAddress> isSelf,
      @Nullable StaticKey known,
      PortLimits port,
      @Nullable EndpointTrace trace) {
    this(
        options,
        random,
        isSelf,
        known,
        port,
        Admission.COOKIE_THRESHOLD,
        KeyLimits.DEFAULT,
        trace,
        null);
  }

  /**
   * Makes an endpoint without connections, one of several at a port.
   *
   * @param share what it has in common with the others
   */
  public ReliableEndpoint(
      SocketOptions options,
      RandomGenerator random,
      Predicate<InetSocketAddress> isSelf,
      PortLimits port,
      @Nullable EndpointTrace trace,
      PortShare share) {
    this(
        options,
        random,
        isSelf,
        null,
        port,
        Admission.COOKIE_THRESHOLD,
        KeyLimits.DEFAULT,
        trace,
        share);
  }

  /**
   * As the other.
   *
   * @param cookieThreshold half-open handshakes from which on a stranger is asked for a cookie; 0
   *     for each one
   * @param keyLimits how long keys are used
   */
  ReliableEndpoint(
      SocketOptions options,
      RandomGenerator random,
      Predicate<InetSocketAddress> isSelf,
      @Nullable StaticKey known,
      PortLimits port,
      int cookieThreshold,
      KeyLimits keyLimits) {
    this(options, random, isSelf, known, port, cookieThreshold, keyLimits, null, null);
  }

  private ReliableEndpoint(
      SocketOptions options,
      RandomGenerator random,
      Predicate<InetSocketAddress> isSelf,
      @Nullable StaticKey known,
      PortLimits port,
      int cookieThreshold,
      KeyLimits keyLimits,
      @Nullable EndpointTrace trace,
      @Nullable PortShare share) {
    StaticKey lasting = known == null ? staticKey(options.security()) : known;
    StaticKey identity = lasting == null ? passingKey(share, random) : lasting;
    choice = share == null ? SocketChoice.ONLY : share.choice();
    ConnectionIdIssuer ids =
        new ConnectionIdIssuer(
            identity, port.local(), random, id -> !choice.isOwn(id) || table.byId(id) != null);
    EndpointResources shared =
        new EndpointResources(
            options,
            random,
            new ReceiveMemory(options.socketReceiveBytes()),
            new Scratch(),
            ids,
            port,
            share == null ? random.nextLong() : share.instanceId(),
            new Announcement(),
            new ProbeRate(),
            keyLimits,
            trace);
    this.trace = trace;
    this.packetTrace = trace != null && trace.wantsPackets() ? trace : null;
    this.shared = shared;
    this.identity = identity;
    this.resets = new StatelessReset(shared, addresses, outbox, lasting != null);
    this.turns = new ConnectionTurns(table, addresses, events, counters, resets);
    this.relief = new MemoryRelief(table, turns, shared.memory());
    this.handshakes =
        new Handshakes(
            shared,
            isSelf,
            identity,
            table,
            addresses,
            turns,
            counters,
            cookieThreshold,
            outbox,
            choice.handleBase());
  }

  // Inputs from the network.

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, EcnMark ecn, long nowNanos) {
    int length = datagram.remaining();
    counters.datagramsReceived++;
    counters.bytesReceived += length;
    if (ecn == EcnMark.CE) {
      counters.datagramsReceivedMarked++;
    }
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
            case PacketHeader.FIRST_MESSAGE ->
                handshakes.onFirst(bytes, at, length, from, nowNanos);
            case PacketHeader.SECOND_MESSAGE -> handshakes.onSecond(bytes, at, length, nowNanos);
            case PacketHeader.THIRD_MESSAGE -> onThird(bytes, at, length, from, ecn, nowNanos);
            case PacketHeader.CONTROL -> handshakes.onControl(bytes, at, length, from, nowNanos);
            default -> onData(bytes, at, length, length, from, ecn, nowNanos);
          };
    }
    if (reason != DropReason.NONE) {
      counters.drop(reason);
    }
    if (packetTrace != null) {
      traceReceived(packetTrace, bytes, at, length, reason, nowNanos);
    }
  }

  /** Tells of what was dropped, and of handshake packets; connections tell of data themselves. */
  private void traceReceived(
      EndpointTrace watcher, byte[] bytes, int at, int length, DropReason reason, long nowNanos) {
    PacketKind kind = length == 0 ? PacketKind.UNKNOWN : PacketKind.of(bytes[at]);
    if (reason != DropReason.NONE) {
      long id = idIn(kind, bytes, at, length);
      long known = table.byId(id) == null ? NO_CONNECTION : id;
      watcher.listener().packetDropped(nowNanos, known, kind, length, reason.name());
    } else if (kind != PacketKind.DATA && kind != PacketKind.THIRD_MESSAGE) {
      traceHandshake(watcher, kind, bytes, at, length, nowNanos);
    }
  }

  private void traceHandshake(
      EndpointTrace watcher, PacketKind kind, byte[] bytes, int at, int length, long nowNanos) {
    long id = idIn(kind, bytes, at, length);
    watcher.listener().packetReceived(nowNanos, id, kind, -1, -1, length, watcher.noFrames());
  }

  /** The id by which this end knows the connection that a packet came for; 0 if it names none. */
  private static long idIn(PacketKind kind, byte[] bytes, int at, int length) {
    int idAt = kind == PacketKind.CONTROL ? 2 : 1;
    boolean named = kind != PacketKind.FIRST_MESSAGE && kind != PacketKind.UNKNOWN;
    return named && length >= idAt + Long.BYTES ? BigEndian.getLong(bytes, at + idAt) : 0;
  }

  private DropReason onThird(
      byte[] bytes, int at, int length, InetSocketAddress from, EcnMark ecn, long nowNanos) {
    DropReason reason = handshakes.onThird(bytes, at, length, nowNanos);
    ThirdMessagePacket third = handshakes.third();
    if (packetTrace != null && reason == DropReason.NONE) {
      int bytesOfThird = length - third.dataLength();
      traceHandshake(packetTrace, PacketKind.THIRD_MESSAGE, bytes, at, bytesOfThird, nowNanos);
    }
    if (reason == DropReason.UNEXPECTED_HANDSHAKE && third.dataLength() > 0) {
      // Whoever opened asks for nothing but this connection from now on: told that there is none.
      answerUnknown(bytes, third.dataFrom(), third.dataLength(), from, nowNanos);
    }
    return reason != DropReason.NONE || third.dataLength() == 0
        ? reason
        : onData(bytes, third.dataFrom(), third.dataLength(), length, from, ecn, nowNanos);
  }

  private DropReason onData(
      byte[] bytes,
      int at,
      int length,
      int datagramBytes,
      InetSocketAddress from,
      EcnMark ecn,
      long nowNanos) {
    if (length < WireLimits.MINIMUM_CLEAR_PACKET_BYTES) {
      return DropReason.TOO_SHORT;
    }
    long id = PacketHeader.connectionId(bytes, at);
    ConnectionSlot slot = table.byId(id);
    if (slot == null) {
      return onUnknown(bytes, at, length, from, nowNanos);
    }
    DropReason reason =
        slot.connection.onData(bytes, at, length, datagramBytes, from, ecn, nowNanos);
    if (reason != DropReason.AUTHENTICATION_FAILED || !slot.connection.isSendable()) {
      turns.settle(slot, nowNanos); // too many forgeries end a connection
    }
    if (reason == DropReason.RECEIVE_BUFFER_FULL) {
      relief.onRefused(nowNanos);
    }
    return reason;
  }

  private DropReason onUnknown(
      byte[] bytes, int at, int length, InetSocketAddress from, long nowNanos) {
    ConnectionSlot ended = resets.match(bytes, at, length, from);
    if (ended != null) {
      endReset(ended, nowNanos);
      return DropReason.NONE;
    }
    if (choice.count() > 1) {
      resets.noteStray(bytes, at, length, from);
    }
    answerUnknown(bytes, at, length, from, nowNanos);
    return DropReason.UNKNOWN_CONNECTION;
  }

  private void answerUnknown(
      byte[] bytes, int at, int length, InetSocketAddress from, long nowNanos) {
    long id = PacketHeader.connectionId(bytes, at);
    if (choice.isOwn(id) && !handshakes.isHalfOpen(id)) {
      resets.answer(bytes, at, length, from, nowNanos);
    }
  }

  private void endReset(ConnectionSlot slot, long nowNanos) {
    slot.connection.finish(ConnectionEnd.local(CloseReason.PEER_RESTARTED));
    turns.settle(slot, nowNanos);
  }

  @Override
  public @Nullable StrayReset pollStray() {
    return resets.pollStray();
  }

  @Override
  public void onStray(StrayReset reset, long nowNanos) {
    ConnectionSlot slot = resets.match(reset);
    if (slot != null) {
      endReset(slot, nowNanos);
    }
  }

  @Override
  public void onTimeout(long nowNanos) {
    handshakes.onTimeout(nowNanos);
    turns.onTimeout(nowNanos);
  }

  @Override
  public long nextTimeoutNanos() {
    return Math.min(turns.deadlineNanos(), handshakes.deadlineNanos());
  }

  // Outputs.

  @Override
  public boolean pollTransmit(TransmitBatch out, long nowNanos) {
    out.clear();
    if (outbox.poll(out)) {
      if (packetTrace != null) {
        traceAnswer(packetTrace, out, nowNanos);
      }
    } else if (!turns.pollTransmit(out, nowNanos)) {
      return false;
    }
    counters.datagramsSent += out.segments();
    counters.bytesSent += out.lengthBytes();
    return true;
  }

  /** Tells of what is sent on behalf of no connection: M2, and what strangers get. */
  private static void traceAnswer(EndpointTrace watcher, TransmitBatch out, long nowNanos) {
    byte[] bytes = out.bytes();
    PacketKind kind = PacketKind.of(bytes[0]);
    // In M2 the own id stands second; it is the one that the connection will have.
    long id = kind == PacketKind.SECOND_MESSAGE ? BigEndian.getLong(bytes, 1 + Long.BYTES) : 0;
    watcher
        .listener()
        .packetSent(nowNanos, id, kind, -1, -1, out.lengthBytes(), watcher.noFrames());
  }

  @Override
  public @Nullable EndpointEvent pollEvent() {
    return events.poll();
  }

  @Override
  public @Nullable ReceivedMessage pollMessage(long nowNanos) {
    return turns.pollMessage(nowNanos);
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
      turns.settle(slot, nowNanos); // credit may be due
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
      turns.settle(slot, nowNanos);
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
      if (events.pollLost(message.peer())) {
        return SendOutcome.MESSAGES_LOST;
      }
      slot = find(message.peer(), true, nowNanos);
      if (slot == null) {
        return SendOutcome.CONNECTION_LIMIT;
      }
    }
    SendOutcome outcome = slot.connection.send(message, nowNanos);
    if (outcome == SendOutcome.ACCEPTED && !message.more()) {
      counters.messagesSent++;
    }
    turns.settle(slot, nowNanos);
    return outcome;
  }

  @Override
  public SendOutcome sendBody(
      long connection, InetSocketAddress peer, int channel, ByteBuffer body, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    if (slot == null || closing) {
      return SendOutcome.CLOSED;
    }
    SendOutcome outcome = slot.connection.sendBody(channel, body, nowNanos);
    if (outcome == SendOutcome.ACCEPTED) {
      counters.messagesSent++;
    }
    turns.settle(slot, nowNanos);
    return outcome;
  }

  @Override
  public void abortMessage(long connection, int channel, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    if (slot != null) {
      slot.connection.abortMessage(channel);
      turns.settle(slot, nowNanos);
    }
  }

  @Override
  public int sendRun(
      long connection,
      InetSocketAddress peer,
      int channel,
      byte[] encoded,
      int from,
      int to,
      boolean beyondLimit,
      long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    if (slot == null) {
      return -1;
    }
    long before = slot.connection.ledger().openMessages();
    int taken = slot.connection.sendRun(channel, encoded, from, to, beyondLimit, nowNanos);
    counters.messagesSent += slot.connection.ledger().openMessages() - before;
    turns.settle(slot, nowNanos);
    return taken;
  }

  @Override
  public void onUnsent(InetSocketAddress peer) {
    events.noteLost(peer);
  }

  @Override
  public boolean lendRun(ReceivedRun run) {
    return turns.lendRun(run);
  }

  @Override
  public void endRun(ReceivedRun run, long nowNanos) {
    ConnectionSlot slot = table.byHandle(run.connection());
    if (slot != null) {
      turns.endRun(run, slot, nowNanos);
    }
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
      events.add(EventQueue.connected(connection, peer));
    }
    turns.settle(slot, nowNanos);
    return connection.handle();
  }

  @Override
  public long connectionTo(InetSocketAddress peer) {
    ConnectionSlot known = addresses.byName(peer);
    return known != null && known.connection.isSendable()
        ? known.connection.handle()
        : NO_CONNECTION;
  }

  /**
   * The connection to a peer, opened if there is none that has the key which is due under this
   * name; null at the limit.
   */
  private @Nullable ConnectionSlot find(InetSocketAddress peer, boolean implicit, long nowNanos) {
    ConnectionSlot known = addresses.byName(peer);
    ConnectionSlot found =
        known != null && known.connection.isSendable()
            ? handshakes.askFor(known, peer, implicit, nowNanos)
            : null;
    return found != null ? found : handshakes.open(peer, implicit, nowNanos);
  }

  @Override
  public void close(
      long connection, long applicationCode, String text, long lingerNanos, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    if (slot != null) {
      slot.connection.close(applicationCode, text, lingerNanos, nowNanos);
      turns.settle(slot, nowNanos);
    }
  }

  @Override
  public void closeAll(long lingerNanos, long nowNanos) {
    closing = true;
    handshakes.close();
    for (ConnectionSlot slot : new ArrayList<>(table.all())) {
      slot.connection.close(0, "", lingerNanos, nowNanos);
      turns.settle(slot, nowNanos);
    }
  }

  @Override
  public void abandonAll(long nowNanos) {
    closing = true;
    handshakes.close();
    RuntimeException failure = null;
    for (ConnectionSlot slot : new ArrayList<>(table.all())) {
      if (slot.connection.isOver()) {
        continue;
      }
      try {
        slot.connection.abandon();
        turns.settle(slot, nowNanos);
      } catch (RuntimeException e) {
        failure = e; // the fault that ends the socket may be one connection's: the others end still
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public boolean isClosed() {
    if (!closing || !outbox.isEmpty() || !turns.isTransmitted()) {
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
    handshakes.destroy();
    for (ConnectionSlot slot : table.all()) {
      slot.connection.eraseKeys();
    }
    identity.destroy();
    if (trace != null) {
      trace.listener().socketClosed();
    }
  }

  @Override
  public void updateKeys(long connection, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    if (slot != null) {
      slot.connection.updateKeys(nowNanos);
      turns.settle(slot, nowNanos);
    }
  }

  @Override
  public void confirm(ReceivedMessage message, long nowNanos) {
    ConnectionSlot slot = table.byHandle(message.connection());
    if (slot != null && message.number() >= 0) {
      slot.connection.confirm(message);
      turns.settle(slot, nowNanos);
    }
  }

  @Override
  public boolean cancel(long connection, InetSocketAddress peer, Object receipt, long nowNanos) {
    ConnectionSlot slot =
        connection == NO_CONNECTION ? addresses.byName(peer) : table.byHandle(connection);
    if (slot == null || !slot.connection.cancel(receipt)) {
      return false;
    }
    turns.settle(slot, nowNanos);
    return true;
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
  public @Nullable ConnectionInfo info(long connection, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    return slot == null || slot.connection.isEnded() ? null : slot.connection.info(nowNanos);
  }

  @Override
  public EndpointCounters counters() {
    turns.sumCounters();
    return counters;
  }
}
