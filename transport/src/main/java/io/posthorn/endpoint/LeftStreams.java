package io.posthorn.endpoint;

import io.posthorn.SocketOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * What is done with an ended connection of which the application has read a streamed message in
 * part, and nothing since for as long as a silent peer is waited for: it may have dropped the
 * stream without a word. The connection is forgotten once its place, or its memory, is wanted by
 * others; not before, for a reader may be slow.
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
      if (slot.unreadSinceNanos <= nowNanos - patienceNanos
          && !slot.connection.inbox().hasMessage()) {
        left.add(slot);
      }
    }
    for (ConnectionSlot slot : left) {
      turns.forget(slot, nowNanos);
    }
  }
}
