package io.posthorn.endpoint;

import io.posthorn.protocol.EndpointTrace;
import io.posthorn.trace.PacketKind;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.DropReason;
import org.jspecify.annotations.Nullable;

/**
 * Tells whoever watches single packets of those that no connection tells of itself: handshake
 * packets, what strangers get, and what was dropped.
 */
final class HandshakeTrace {
  private final EndpointTrace watcher;
  private final ConnectionTable table;

  private HandshakeTrace(EndpointTrace watcher, ConnectionTable table) {
    this.watcher = watcher;
    this.table = table;
  }

  /** One for whoever watches; null if nobody does, or nobody wants to hear of single packets. */
  static @Nullable HandshakeTrace of(@Nullable EndpointTrace trace, ConnectionTable table) {
    return trace != null && trace.wantsPackets() ? new HandshakeTrace(trace, table) : null;
  }

  /** A datagram came and was dealt with. */
  void received(byte[] bytes, int at, int length, DropReason reason, long nowNanos) {
    PacketKind kind = length == 0 ? PacketKind.UNKNOWN : PacketKind.of(bytes[at]);
    if (reason != DropReason.NONE) {
      ConnectionSlot slot = table.byId(idIn(kind, bytes, at, length));
      long known = slot == null ? Endpoint.NO_CONNECTION : slot.connection.localConnectionId();
      watcher.listener().packetDropped(nowNanos, known, kind, length, reason.name());
    } else if (kind != PacketKind.DATA && kind != PacketKind.THIRD_MESSAGE) {
      received(kind, bytes, at, length, nowNanos);
    }
  }

  /**
   * M3 came and was taken.
   *
   * @param length without the data packet behind it
   */
  void receivedThird(byte[] bytes, int at, int length, long nowNanos) {
    received(PacketKind.THIRD_MESSAGE, bytes, at, length, nowNanos);
  }

  private void received(PacketKind kind, byte[] bytes, int at, int length, long nowNanos) {
    long id = idIn(kind, bytes, at, length);
    watcher.listener().packetReceived(nowNanos, id, kind, -1, -1, length, watcher.noFrames());
  }

  /** The id by which this end knows the connection that a packet came for; 0 if it names none. */
  private static long idIn(PacketKind kind, byte[] bytes, int at, int length) {
    int idAt = kind == PacketKind.CONTROL ? 2 : 1;
    boolean named = kind != PacketKind.FIRST_MESSAGE && kind != PacketKind.UNKNOWN;
    return named && length >= idAt + Long.BYTES ? BigEndian.getLong(bytes, at + idAt) : 0;
  }

  /** What is sent on behalf of no connection leaves: M2, and what strangers get. */
  void sent(TransmitBatch out, long nowNanos) {
    byte[] bytes = out.bytes();
    PacketKind kind = PacketKind.of(bytes[0]);
    // In M2 the own id stands second; it is the one that the connection will have.
    long id = kind == PacketKind.SECOND_MESSAGE ? BigEndian.getLong(bytes, 1 + Long.BYTES) : 0;
    watcher
        .listener()
        .packetSent(nowNanos, id, kind, -1, -1, out.lengthBytes(), watcher.noFrames());
  }
}
