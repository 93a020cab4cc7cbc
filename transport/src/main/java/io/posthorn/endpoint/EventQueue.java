package io.posthorn.endpoint;

import io.posthorn.protocol.ConnectionEnd;
import io.posthorn.protocol.Deliveries;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.PeerIdentity;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the application is to be told, in the order in which it happened. */
final class EventQueue {
  private static final int LOST_PEERS_LIMIT = 4096;

  private final EndpointCounters counters;
  private final ArrayDeque<EndpointEvent> events = new ArrayDeque<>();
  private final Set<ZonedAddress> lostAt = new LinkedHashSet<>();
  private final ZonedAddress asked = new ZonedAddress();

  EventQueue(EndpointCounters counters) {
    this.counters = counters;
  }

  @Nullable EndpointEvent poll() {
    return events.poll();
  }

  void add(EndpointEvent event) {
    events.add(event);
  }

  /** Whether messages without a receipt were lost with a connection to this peer; asks once. */
  boolean pollLost(InetSocketAddress peer) {
    return lostAt.remove(asked.set(peer));
  }

  /**
   * Messages without a receipt were lost. Many peers come from a port that nobody ever sends to
   * again: beyond the limit, the oldest loss is forgotten.
   */
  void noteLost(InetSocketAddress peer) {
    if (lostAt.add(new ZonedAddress(peer)) && lostAt.size() > LOST_PEERS_LIMIT) {
      Iterator<ZonedAddress> oldest = lostAt.iterator();
      oldest.next();
      oldest.remove();
    }
  }

  static EndpointEvent connected(PeerConnection connection, InetSocketAddress peer) {
    PeerIdentity identity = connection.peer();
    return new EndpointEvent.Connected(
        connection.handle(),
        peer,
        connection.isOpenedHere(),
        identity.key(),
        identity.registrations(),
        identity.application());
  }

  /** Takes what a connection has to say. */
  void collect(PeerConnection connection) {
    long handle = connection.handle();
    if (connection.pollConnected()) {
      counters.connectionsOpened++;
      events.add(connected(connection, connection.peer().alias()));
    }
    Deliveries deliveries = connection.deliveries();
    ConnectionEnd end = connection.pollEnd();
    CloseReason reason = connection.endReason();
    for (SendLedger.Settled settled = deliveries.pollSettled();
        settled != null;
        settled = deliveries.pollSettled()) {
      events.add(
          new EndpointEvent.ReceiptSettled(
              settled.receipt(), settled.outcome(), reason, settled.mayHaveArrived()));
    }
    for (Object receipt = deliveries.pollProcessed();
        receipt != null;
        receipt = deliveries.pollProcessed()) {
      events.add(new EndpointEvent.ReceiptProcessed(receipt));
    }
    for (long dropped = connection.inbox().pollDropped(); dropped > 0; dropped--) {
      counters.drop(DropReason.QUEUE_FULL);
    }
    if (end != null) {
      report(connection, end);
    }
    if (deliveries.pollWritable()) {
      events.add(new EndpointEvent.Writable(handle, connection.peer().alias()));
    }
  }

  private void report(PeerConnection connection, ConnectionEnd end) {
    SendLedger ledger = connection.deliveries().ledger();
    boolean closedHere = end.reason() == CloseReason.APPLICATION && !end.byPeer();
    if (ledger.lostUnreceipted() > 0 && !closedHere) {
      noteLost(connection.peer().alias());
    }
    events.add(
        new EndpointEvent.Closed(
            connection.handle(),
            connection.peer().alias(),
            end.reason(),
            end.byPeer(),
            end.applicationCode(),
            end.text(),
            connection.deliveries().unacknowledgedMessages(),
            ledger.acknowledgedMessages(),
            connection.idleNanos(),
            connection.icmpHint()));
  }
}
