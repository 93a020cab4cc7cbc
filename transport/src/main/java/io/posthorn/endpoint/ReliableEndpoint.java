package io.posthorn.endpoint;

import io.posthorn.ConnectionInfo;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.identity.Identity;
import io.posthorn.protocol.Announcement;
import io.posthorn.protocol.Deliveries;
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
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * {@code Mode.RELIABLE}: composes the rooms of this package, finds the connection that a call of
 * the application is for, and lets each of them send in turn.
 */
public final class ReliableEndpoint implements Endpoint {
  private final EndpointResources shared;
  private final HandshakeSuite suite;
  private final ConnectionTable table;
  private final Outbox outbox = new Outbox();
  private final EndpointCounters counters = new EndpointCounters();
  private final EventQueue events = new EventQueue(counters);
  private final PeerAddresses addresses = new PeerAddresses(events);
  private final ConnectionTurns turns;
  private final Handshakes handshakes;
  private final ConnectionOpener opener;
  private final StatelessReset resets;
  private final DatagramReceiver receiver;
  private final @Nullable EndpointTrace trace;

  /** Told of single packets; null for nobody. */
  private final @Nullable HandshakeTrace packetTrace;

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
    SocketChoice choice = share == null ? SocketChoice.ONLY : share.choice();
    table = new ConnectionTable(choice.handleBase());
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
    this.packetTrace = HandshakeTrace.of(trace, table);
    this.shared = shared;
    this.suite = new HandshakeSuite(shared, identity);
    this.resets = new StatelessReset(shared, addresses, outbox, lasting != null);
    this.turns = new ConnectionTurns(table, addresses, events, counters, resets);
    LeftStreams left = new LeftStreams(table, turns, options);
    this.handshakes =
        new Handshakes(
            shared,
            isSelf,
            suite,
            table,
            addresses,
            turns,
            left,
            counters,
            cookieThreshold,
            outbox);
    this.opener = new ConnectionOpener(shared, suite, table, addresses, turns, left, counters);
    this.receiver =
        new DatagramReceiver(
            table,
            turns,
            handshakes,
            resets,
            new MemoryRelief(table, turns, left, shared.memory()),
            choice,
            counters,
            packetTrace);
  }

  // Inputs from the network.

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, EcnMark ecn, long nowNanos) {
    receiver.onDatagram(datagram, from, ecn, nowNanos);
  }

  @Override
  public @Nullable StrayReset pollStray() {
    return resets.pollStray();
  }

  @Override
  public void onStray(StrayReset reset, long nowNanos) {
    receiver.onStray(reset, nowNanos);
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
        packetTrace.sent(out, nowNanos);
      }
    } else if (!turns.pollTransmit(out, nowNanos)) {
      return false;
    }
    counters.datagramsSent += out.segments();
    counters.bytesSent += out.lengthBytes();
    return true;
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
    return slot != null && slot.connection.inbox().hasMessage();
  }

  @Override
  public @Nullable ReceivedMessage pollMessage(long connection, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    ReceivedMessage message = slot == null ? null : slot.connection.inbox().poll();
    if (slot != null && message != null) {
      counters.messagesReceived++;
      turns.onTaken(slot, nowNanos);
    }
    return message;
  }

  @Override
  public @Nullable ReceivedMessage pollPart(long connection, int channel, long nowNanos) {
    ConnectionSlot slot = table.byHandle(connection);
    if (slot == null) {
      return null;
    }
    ReceivedMessage part = slot.connection.inbox().pollPart(channel);
    if (part != null) {
      turns.onTaken(slot, nowNanos);
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
      slot = opener.find(message.peer(), true, nowNanos);
      if (slot == null) {
        return SendOutcome.CONNECTION_LIMIT;
      }
    }
    SendOutcome outcome = slot.connection.deliveries().send(message, nowNanos);
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
    SendOutcome outcome = slot.connection.deliveries().sendBody(channel, body, nowNanos);
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
      slot.connection.deliveries().abortMessage(channel);
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
    Deliveries deliveries = slot.connection.deliveries();
    long before = deliveries.ledger().openMessages();
    int taken = deliveries.sendRun(channel, encoded, from, to, beyondLimit, nowNanos);
    counters.messagesSent += deliveries.ledger().openMessages() - before;
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
    ConnectionSlot slot = opener.find(peer, false, nowNanos);
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
    handshakes.close();
    for (ConnectionSlot slot : table.all()) {
      slot.connection.eraseKeys();
    }
    suite.destroy();
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
      slot.connection.deliveries().confirm(message);
      turns.settle(slot, nowNanos);
    }
  }

  @Override
  public boolean cancel(long connection, InetSocketAddress peer, Object receipt, long nowNanos) {
    ConnectionSlot slot =
        connection == NO_CONNECTION ? addresses.byName(peer) : table.byHandle(connection);
    if (slot == null || !slot.connection.deliveries().cancel(receipt)) {
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
