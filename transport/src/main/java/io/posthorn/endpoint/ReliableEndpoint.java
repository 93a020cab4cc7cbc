package io.posthorn.endpoint;

import io.posthorn.ConnectionInfo;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.Announcement;
import io.posthorn.protocol.Deliveries;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.Scratch;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.channel.ReceiveMemory;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.protocol.recovery.ProbeRate;
import io.posthorn.wire.IcmpHint;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
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
   * Makes an endpoint without connections, the only one at a port of which nothing is known, with
   * the identity that the options' security has.
   *
   * @param options validated; mode RELIABLE
   * @param random the source of all keys and ids
   * @param isSelf whether an address is one of this socket's own
   */
  public ReliableEndpoint(
      SocketOptions options, RandomGenerator random, Predicate<InetSocketAddress> isSelf) {
    this(new EndpointSetup(options, random, isSelf));
  }

  /** Makes an endpoint without connections. */
  public ReliableEndpoint(EndpointSetup setup) {
    RandomGenerator random = setup.random();
    PortShare share = setup.share();
    StaticKey lasting = setup.lastingKey();
    StaticKey identity = lasting == null ? setup.passingKey() : lasting;
    SocketChoice choice = share == null ? SocketChoice.ONLY : share.choice();
    table = new ConnectionTable(choice.handleBase());
    ConnectionIdIssuer ids =
        new ConnectionIdIssuer(
            identity,
            setup.port().local(),
            random,
            id -> !choice.isOwn(id) || table.byId(id) != null);
    this.trace = setup.trace();
    this.shared =
        new EndpointResources(
            setup.options(),
            random,
            new ReceiveMemory(setup.options().socketReceiveBytes()),
            new Scratch(),
            ids,
            setup.port(),
            share == null ? random.nextLong() : share.instanceId(),
            new Announcement(),
            new ProbeRate(),
            setup.keyLimits(),
            trace);
    this.packetTrace = HandshakeTrace.of(trace, table);
    this.suite = new HandshakeSuite(shared, identity);
    this.resets = new StatelessReset(shared, addresses, outbox, lasting != null);
    this.turns = new ConnectionTurns(table, addresses, events, counters, resets);
    LeftStreams left = new LeftStreams(table, turns, setup.options());
    this.handshakes =
        new Handshakes(
            shared,
            setup.isSelf(),
            suite,
            table,
            addresses,
            turns,
            left,
            setup.cookieThreshold(),
            outbox);
    this.opener = new ConnectionOpener(shared, suite, table, addresses, turns, left);
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
    shared.scratch().ciphers().onTime(nowNanos);
    receiver.onDatagram(datagram, from, ecn, nowNanos);
  }

  @Override
  public void onIcmp(InetSocketAddress peer, IcmpHint hint) {
    ConnectionSlot slot = addresses.byName(peer);
    if (slot != null && slot.connection.onIcmp(hint)) {
      InetSocketAddress name = slot.connection.peer().alias();
      events.add(new EndpointEvent.IcmpHeard(slot.connection.handle(), name, hint));
    }
  }

  @Override
  public boolean isOpening() {
    return turns.areOpening();
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
    shared.scratch().ciphers().onTime(nowNanos);
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
  public boolean hasOutput() {
    return !outbox.isEmpty() || !turns.isTransmitted();
  }

  @Override
  public Security security() {
    return shared.options().security();
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
    if (slot == null || !slot.connection.inbox().hasMessage()) {
      return null;
    }
    ReceivedMessage message = slot.connection.inbox().poll();
    if (message != null) {
      counters.messagesReceived++;
      turns.onTaken(slot, nowNanos);
    } else {
      turns.settle(slot, nowNanos); // aborted ones were passed over
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
      slot.closedByApplication = true;
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
    if (!closing || hasOutput()) {
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
