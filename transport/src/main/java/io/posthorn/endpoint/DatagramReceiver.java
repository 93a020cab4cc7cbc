package io.posthorn.endpoint;

import io.posthorn.EcnMark;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a datagram that came: handshake packets go to {@link Handshakes}, data to the
 * connection whose id it names, and what names none is a reset or is answered as {@link
 * StatelessReset} says. Each one that is dropped counts with its reason.
 */
final class DatagramReceiver {
  private final ConnectionTable table;
  private final ConnectionTurns turns;
  private final Handshakes handshakes;
  private final StatelessReset resets;
  private final MemoryRelief relief;
  private final SocketChoice choice;
  private final EndpointCounters counters;
  private final @Nullable HandshakeTrace trace;
  private final byte[] copy = new byte[WireLimits.MAX_DATAGRAM_BYTES];

  /**
   * Makes one.
   *
   * @param choice which packets are this endpoint's
   * @param trace told of single packets; null for nobody
   */
  DatagramReceiver(
      ConnectionTable table,
      ConnectionTurns turns,
      Handshakes handshakes,
      StatelessReset resets,
      MemoryRelief relief,
      SocketChoice choice,
      EndpointCounters counters,
      @Nullable HandshakeTrace trace) {
    this.table = table;
    this.turns = turns;
    this.handshakes = handshakes;
    this.resets = resets;
    this.relief = relief;
    this.choice = choice;
    this.counters = counters;
    this.trace = trace;
  }

  /** A datagram came; see {@link Endpoint#onDatagram}. */
  void onDatagram(ByteBuffer datagram, InetSocketAddress from, EcnMark ecn, long nowNanos) {
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
    if (trace != null) {
      trace.received(bytes, at, length, reason, nowNanos);
    }
  }

  private DropReason onThird(
      byte[] bytes, int at, int length, InetSocketAddress from, EcnMark ecn, long nowNanos) {
    DropReason reason = handshakes.onThird(bytes, at, length, nowNanos);
    ThirdMessagePacket third = handshakes.third();
    if (trace != null && reason == DropReason.NONE) {
      trace.receivedThird(bytes, at, length - third.dataLength(), nowNanos);
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

  /** A packet that another endpoint at the port got may reset a connection here. */
  void onStray(StrayReset reset, long nowNanos) {
    ConnectionSlot slot = resets.match(reset);
    if (slot != null) {
      endReset(slot, nowNanos);
    }
  }

  private void endReset(ConnectionSlot slot, long nowNanos) {
    slot.connection.onPeerRestarted();
    turns.settle(slot, nowNanos);
  }
}
