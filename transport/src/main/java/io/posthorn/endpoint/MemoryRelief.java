package io.posthorn.endpoint;

import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.channel.ReceiveMemory;
import org.jspecify.annotations.Nullable;

/**
 * What is done when the socket's receive memory is used up by beginnings of messages alone, so that
 * the application can take nothing that makes room: of the connections whose peers have brought
 * nothing for a while, the one that holds most is ended. Else a few peers that begin messages and
 * leave it at that would stop all others for as long as they like.
 */
final class MemoryRelief {
  private static final long EVERY_NANOS = 1_000_000_000L;
  private static final long STALLED_NANOS = 10_000_000_000L;

  private final ConnectionTable table;
  private final ConnectionTurns turns;
  private final LeftStreams left;
  private final ReceiveMemory memory;
  private long nextNanos = Long.MIN_VALUE;

  MemoryRelief(
      ConnectionTable table, ConnectionTurns turns, LeftStreams left, ReceiveMemory memory) {
    this.table = table;
    this.turns = turns;
    this.left = left;
    this.memory = memory;
  }

  /** A packet was refused for want of memory. */
  void onRefused(long nowNanos) {
    if (!memory.isExhausted() || nowNanos < nextNanos) {
      return;
    }
    nextNanos = nowNanos + EVERY_NANOS;
    left.giveUp(nowNanos);
    ConnectionSlot heaviest = heaviestStalled(nowNanos - STALLED_NANOS);
    if (heaviest != null) {
      heaviest.connection.evict(nowNanos);
      turns.settle(heaviest, nowNanos);
    }
  }

  /** Null if there is none, or if it is the application that does not take what is there. */
  private @Nullable ConnectionSlot heaviestStalled(long sinceNanos) {
    ConnectionSlot heaviest = null;
    long most = 0;
    for (ConnectionSlot slot : table.all()) {
      PeerConnection connection = slot.connection;
      if (connection.inbox().hasMessage() || connection.inbox().hasPart()) {
        return null;
      }
      long bytes = connection.stalledBytes(sinceNanos);
      if (bytes > most) {
        heaviest = slot;
        most = bytes;
      }
    }
    return heaviest;
  }
}
