package io.posthorn.endpoint;

import io.posthorn.SocketOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * What is done with an ended connection of which the application has read nothing for as long as a
 * silent peer is waited for, though there is something: the rest of a streamed message, which it
 * may have dropped without a word, or messages, where it has closed the connection and reads each
 * by itself. The connection is forgotten once its place, or its memory, is wanted by others; not
 * before, for a reader may be slow. Who reads whatever comes, of any connection, will come to those
 * messages, however late.
 */
final class LeftStreams {
  private static final long EVERY_NANOS = 1_000_000_000L;

  private final ConnectionTable table;
  private final ConnectionTurns turns;
  private final int maxConnections;
  private final long patienceNanos;
  private long nextNanos = Long.MIN_VALUE;

  LeftStreams(ConnectionTable table, ConnectionTurns turns, SocketOptions options) {
    this.table = table;
    this.turns = turns;
    this.maxConnections = options.maxConnections();
    this.patienceNanos = options.idleTimeout().toNanos();
  }

  /** Whether there may be one more connection. */
  boolean hasRoom(long nowNanos) {
    if (table.size() >= maxConnections) {
      giveUp(nowNanos);
    }
    return table.size() < maxConnections;
  }

  /** Forgets them; looks for them once a second at most. */
  void giveUp(long nowNanos) {
    if (nowNanos < nextNanos) {
      return;
    }
    nextNanos = nowNanos + EVERY_NANOS;
    List<ConnectionSlot> left = new ArrayList<>();
    for (ConnectionSlot slot : table.all()) {
      if (slot.unreadSinceNanos <= nowNanos - patienceNanos && isLeft(slot)) {
        left.add(slot);
      }
    }
    for (ConnectionSlot slot : left) {
      turns.forget(slot, nowNanos);
    }
  }

  private boolean isLeft(ConnectionSlot slot) {
    return !slot.connection.inbox().hasMessage()
        || (slot.closedByApplication && !turns.areReadInTurn());
  }
}
