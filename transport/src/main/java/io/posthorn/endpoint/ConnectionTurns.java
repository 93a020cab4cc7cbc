package io.posthorn.endpoint;

import io.posthorn.EcnMark;
import io.posthorn.protocol.Inbox;
import io.posthorn.protocol.PacketSender;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Which connection's turn it is: to send, to hand over a message, to look at its timers. Each that
 * has something to send gets one batch, then it is the next one's turn.
 */
final class ConnectionTurns {
  private final ConnectionTable table;
  private final PeerAddresses addresses;
  private final EventQueue events;
  private final EndpointCounters counters;
  private final StatelessReset resets;
  private final DeadlineQueue deadlines = new DeadlineQueue();
  private final ArrayDeque<ConnectionSlot> transmitting = new ArrayDeque<>();
  private final ArrayDeque<ConnectionSlot> readable = new ArrayDeque<>();
  private boolean readInTurn;
  private int opening;
  private long endedLost;
  private long endedSpurious;
  private long endedMarked;
  private long endedRetransmitted;
  private long endedRepeated;

  ConnectionTurns(
      ConnectionTable table,
      PeerAddresses addresses,
      EventQueue events,
      EndpointCounters counters,
      StatelessReset resets) {
    this.table = table;
    this.addresses = addresses;
    this.events = events;
    this.counters = counters;
    this.resets = resets;
  }

  /** After each input to a connection: collects what it has to say, and queues it. */
  void settle(ConnectionSlot slot, long nowNanos) {
    if (!slot.queuedForTransmit && !slot.connection.isEnded()) {
      slot.queuedForTransmit = true;
      transmitting.add(slot);
    }
    finish(slot, nowNanos);
  }

  private void finish(ConnectionSlot slot, long nowNanos) {
    PeerConnection connection = slot.connection;
    InetSocketAddress before = connection.pollChangedFrom();
    if (before != null) {
      events.add(new EndpointEvent.PathChanged(connection.handle(), before, connection.address()));
      addresses.move(slot);
    }
    if (slot.proof == 0 && connection.isOpenedHere() && connection.isConfirmed()) {
      addresses.answer(slot);
    }
    connection.traceEnd(nowNanos);
    events.collect(connection);
    countOpening(slot);
    updateIds(slot);
    Inbox inbox = connection.inbox();
    if (!slot.queuedForReading && inbox.hasMessage()) {
      slot.queuedForReading = true;
      readable.add(slot);
    }
    deadlines.set(slot, connection.nextTimeoutNanos(nowNanos));
    if (connection.isOver()) {
      addresses.leave(slot);
    } else if (!connection.isSendable()) {
      addresses.close(slot);
    }
    if (connection.isEnded()) {
      if (!inbox.hasMessage() && !inbox.hasPart()) {
        forget(slot, nowNanos);
      } else if (slot.unreadSinceNanos == Endpoint.NEVER) {
        slot.unreadSinceNanos = nowNanos;
      }
    }
  }

  private void countOpening(ConnectionSlot slot) {
    boolean opens = slot.connection.isOpening();
    if (opens != slot.countedAsOpening) {
      slot.countedAsOpening = opens;
      opening += opens ? 1 : -1;
    }
  }

  /** Whether this side opens a connection. */
  boolean areOpening() {
    return opening > 0;
  }

  /** A connection that no table has is over: whoever watches is told, and the application. */
  void tellEnd(PeerConnection connection, long nowNanos) {
    connection.traceEnd(nowNanos);
    events.collect(connection);
  }

  /** The application took something of a connection: credit may be due. */
  void onTaken(ConnectionSlot slot, long nowNanos) {
    if (slot.unreadSinceNanos != Endpoint.NEVER) {
      slot.unreadSinceNanos = nowNanos;
    }
    settle(slot, nowNanos);
  }

  private void updateIds(ConnectionSlot slot) {
    for (Long id = slot.connection.pollAddedId(); id != null; id = slot.connection.pollAddedId()) {
      table.addId(slot, id);
    }
    for (Long id = slot.connection.pollForgottenId();
        id != null;
        id = slot.connection.pollForgottenId()) {
      table.removeId(slot, id);
    }
  }

  /** An ended connection goes, and what of it was not read. */
  void forget(ConnectionSlot slot, long nowNanos) {
    PeerConnection connection = slot.connection;
    if (table.byHandle(connection.handle()) != slot) {
      return;
    }
    endedLost += connection.recovery().packetsLost();
    endedSpurious += connection.recovery().packetsSpuriouslyLost();
    endedMarked += connection.recovery().ecn().packetsMarkedCe();
    SendLedger ledger = connection.deliveries().ledger();
    endedRetransmitted += ledger.retransmittedBytes();
    endedRepeated += ledger.repeatedBytes();
    connection.inbox().release();
    resets.onEnded(slot, nowNanos);
    table.remove(slot);
  }

  /** The earliest deadline of all connections. */
  long deadlineNanos() {
    return deadlines.earliestNanos();
  }

  void onTimeout(long nowNanos) {
    while (deadlines.earliestNanos() <= nowNanos) {
      ConnectionSlot slot = deadlines.earliest();
      // Taken out first, so that each is asked once even if its next deadline has passed already.
      deadlines.set(slot, Endpoint.NEVER);
      slot.connection.onTimeout(nowNanos);
      settle(slot, nowNanos);
      if (slot.deadlineNanos <= nowNanos) {
        deadlines.set(slot, nowNanos + 1);
      }
    }
  }

  /** Fills a batch for the connection whose turn it is; false if none has anything to send. */
  boolean pollTransmit(TransmitBatch out, long nowNanos) {
    while (true) {
      ConnectionSlot slot = transmitting.peek();
      if (slot == null) {
        return false;
      }
      if (fill(slot.connection.sender(), out, nowNanos)) {
        transmitting.add(transmitting.remove()); // the others' turn
        return true;
      }
      transmitting.remove();
      slot.queuedForTransmit = false;
      finish(slot, nowNanos);
    }
  }

  private boolean fill(PacketSender sender, TransmitBatch out, long nowNanos) {
    int limit = sender.datagramBytes();
    int bytes = sender.writeDatagram(out.bytes(), 0, WireLimits.MAX_DATAGRAM_BYTES, nowNanos);
    if (bytes == 0) {
      return false;
    }
    out.begin(sender.destination(), bytes);
    if (sender.wasMarked()) {
      out.mark(EcnMark.ECT_0);
    }
    while (bytes == limit
        && out.segments() < TransmitBatch.MOST_SEGMENTS
        && out.lengthBytes() + limit <= WireLimits.MAX_DATAGRAM_BYTES
        && !sender.isNextApart()) {
      bytes = sender.writeDatagram(out.bytes(), out.lengthBytes(), limit, nowNanos);
      if (bytes == 0) {
        break;
      }
      out.append(bytes);
    }
    return true;
  }

  /** Whether no connection has anything to send. */
  boolean isTransmitted() {
    return transmitting.isEmpty();
  }

  /** The next message of the connection whose turn it is, or null. */
  @Nullable ReceivedMessage pollMessage(long nowNanos) {
    readInTurn = true;
    while (true) {
      ConnectionSlot slot = readable.poll();
      if (slot == null) {
        return null;
      }
      Inbox inbox = slot.connection.inbox();
      ReceivedMessage message = inbox.poll();
      slot.queuedForReading = inbox.hasMessage();
      if (slot.queuedForReading) {
        readable.add(slot);
      }
      if (message != null) {
        counters.messagesReceived++;
        onTaken(slot, nowNanos);
        return message;
      }
      settle(slot, nowNanos); // what was passed over gives credit too, and may have been the last
    }
  }

  /** Whether the application takes messages of whichever connection has one, or did once. */
  boolean areReadInTurn() {
    return readInTurn;
  }

  /** Lends the ordered messages of the connection whose turn it is; false if it has none. */
  boolean lendRun(ReceivedRun run) {
    readInTurn = true;
    ConnectionSlot slot = readable.peek();
    return slot != null && slot.connection.inbox().lendRun(run);
  }

  /** The messages lent have been dealt with: it is the next one's turn. */
  void endRun(ReceivedRun run, ConnectionSlot slot, long nowNanos) {
    Inbox inbox = slot.connection.inbox();
    inbox.endRun(run);
    counters.messagesReceived += run.count();
    if (readable.peek() == slot) {
      readable.remove();
      slot.queuedForReading = inbox.hasMessage();
      if (slot.queuedForReading) {
        readable.add(slot);
      }
    }
    onTaken(slot, nowNanos);
  }

  /** Brings the counters that connections keep up to date. */
  void sumCounters() {
    counters.packetsLost = endedLost;
    counters.packetsSpuriouslyLost = endedSpurious;
    counters.packetsMarked = endedMarked;
    counters.bytesRetransmitted = endedRetransmitted;
    counters.bytesRepeated = endedRepeated;
    for (ConnectionSlot slot : table.all()) {
      PacketRecovery recovery = slot.connection.recovery();
      counters.packetsLost += recovery.packetsLost();
      counters.packetsSpuriouslyLost += recovery.packetsSpuriouslyLost();
      counters.packetsMarked += recovery.ecn().packetsMarkedCe();
      SendLedger ledger = slot.connection.deliveries().ledger();
      counters.bytesRetransmitted += ledger.retransmittedBytes();
      counters.bytesRepeated += ledger.repeatedBytes();
    }
  }
}
