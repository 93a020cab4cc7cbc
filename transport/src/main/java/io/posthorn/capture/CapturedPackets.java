package io.posthorn.capture;

import io.posthorn.trace.TracedFrames;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Tells what the datagrams of a capture, given in its order, are: handshake and control packets,
 * and the frames of data packets that stand in clear, as they were sent or as {@link
 * CaptureDecryptor} made them. Not thread-safe.
 */
public final class CapturedPackets {
  /** Ids of handshakes that are remembered, so that a capture of any length can be read. */
  private static final int REMEMBERED_IDS = 1 << 16;

  private static final int UNKNOWN_SUITE = -1;
  private static final int RANDOM_BYTES = 32;
  private static final int ID_AT = PacketHeader.CONNECTION_ID_AT;

  /** The suite of the handshakes under way, by the ids that it uses. */
  private final Map<Long, Integer> suites =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Integer> eldest) {
          return size() > REMEMBERED_IDS;
        }
      };

  private final FirstMessagePacket first = new FirstMessagePacket();
  private final SecondMessagePacket second = new SecondMessagePacket();
  private final ThirdMessagePacket third = new ThirdMessagePacket();
  private final ControlPacket control = new ControlPacket();
  private final TracedFrames frames = new TracedFrames();

  /** Knows of no handshake yet. */
  public CapturedPackets() {}

  /** Tells of the packets of the next datagram. */
  public void read(CapturedDatagram datagram, PacketVisitor to) {
    byte[] payload = datagram.payload();
    int kind = payload.length == 0 ? PacketHeader.UNKNOWN : PacketHeader.kind(payload[0]);
    boolean read =
        switch (kind) {
          case PacketHeader.FIRST_MESSAGE -> first(payload, to);
          case PacketHeader.SECOND_MESSAGE -> second(payload, to);
          case PacketHeader.THIRD_MESSAGE -> third(payload, to);
          case PacketHeader.CONTROL -> control(payload, to);
          case PacketHeader.DATA -> data(payload, to);
          default -> false;
        };
    if (!read) {
      to.other(payload.length);
    }
  }

  private boolean first(byte[] payload, PacketVisitor to) {
    DropReason reason = first.check(payload, 0, payload.length);
    if (reason != DropReason.NONE && reason != DropReason.UNSUPPORTED_VERSION) {
      return false;
    }
    boolean known = reason == DropReason.NONE;
    long id = first.initiatorConnectionId();
    if (known) {
      suites.put(id, first.suite());
    }
    to.firstMessage(
        payload.length,
        first.version(),
        known ? first.suite() : UNKNOWN_SUITE,
        id,
        known ? first.cookieLength() : 0);
    return true;
  }

  private boolean isClear(long id) {
    return suites.getOrDefault(id, UNKNOWN_SUITE) == WireLimits.SUITE_CLEAR;
  }

  private boolean second(byte[] payload, PacketVisitor to) {
    if (second.check(payload, 0, payload.length) != DropReason.NONE) {
      return false;
    }
    long initiator = second.destinationConnectionId();
    long responder = second.responderConnectionId();
    suites.put(responder, suites.getOrDefault(initiator, UNKNOWN_SUITE));
    int from = second.bodyFrom() + RANDOM_BYTES;
    int end = second.bodyFrom() + second.bodyLength() - WireLimits.CHECKSUM_BYTES;
    Map<String, Object> parameters =
        isClear(initiator) ? ParameterNames.read(payload, from, end) : Map.of();
    to.secondMessage(payload.length, initiator, responder, parameters);
    return true;
  }

  private boolean third(byte[] payload, PacketVisitor to) {
    if (third.check(payload, 0, payload.length) != DropReason.NONE) {
      return false;
    }
    boolean alone = third.dataLength() == 0 || isWhole(payload, third);
    int piece = alone ? 0 : pieceLength(payload);
    if (piece == 0
        || third.check(payload, 0, piece) != DropReason.NONE
        || !isWhole(payload, third)) {
      piece = payload.length;
    }
    for (int from = 0; from < payload.length; from += piece) {
      thirdPiece(payload, from, Math.min(piece, payload.length - from), to);
    }
    return true;
  }

  /** M3 and the data packet behind it, which is never cut again. */
  private void thirdPiece(byte[] payload, int at, int length, PacketVisitor to) {
    if (third.check(payload, at, length) != DropReason.NONE) {
      to.other(length);
      return;
    }
    long id = third.destinationConnectionId();
    int from = third.bodyFrom();
    int end = third.dataFrom();
    Map<String, Object> parameters =
        isClear(id)
            ? ParameterNames.read(payload, from, end - WireLimits.CHECKSUM_BYTES)
            : Map.of();
    to.thirdMessage(end - at, id, parameters);
    if (third.dataLength() > 0) {
      packet(payload, end, third.dataLength(), to);
    }
  }

  private boolean control(byte[] payload, PacketVisitor to) {
    if (control.check(payload, 0, payload.length) != DropReason.NONE) {
      return false;
    }
    String kind =
        switch (control.kind()) {
          case ControlPacket.RETRY -> "retry";
          case ControlPacket.VERSIONS -> "versions";
          case ControlPacket.REFUSED -> "refused";
          default -> "unknown connection";
        };
    to.control(payload.length, kind, control.connectionId(), controlWords());
    return true;
  }

  private String controlWords() {
    switch (control.kind()) {
      case ControlPacket.RETRY -> {
        return "cookie of " + control.cookieLength() + " bytes";
      }
      case ControlPacket.VERSIONS -> {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < control.versionCount(); i++) {
          words.append(i == 0 ? "0x" : ", 0x").append(Integer.toHexString(control.version(i)));
        }
        return words.toString();
      }
      case ControlPacket.REFUSED -> {
        return CloseReason.ofCode(control.code()).name();
      }
      default -> {
        return "";
      }
    }
  }

  private boolean data(byte[] payload, PacketVisitor to) {
    if (payload.length < ID_AT + WireLimits.CONNECTION_ID_BYTES) {
      return false;
    }
    int piece = isWhole(payload, 0, payload.length) ? 0 : pieceLength(payload);
    if (piece == 0 || !isWhole(payload, 0, piece)) {
      packet(payload, 0, payload.length, to);
      return true;
    }
    for (int from = 0; from < payload.length; from += piece) {
      packet(payload, from, Math.min(piece, payload.length - from), to);
    }
    return true;
  }

  private void packet(byte[] payload, int from, int length, PacketVisitor to) {
    if (length < ID_AT + WireLimits.CONNECTION_ID_BYTES) {
      to.other(length);
      return;
    }
    long id = PacketHeader.connectionId(payload, from);
    if (!isWhole(payload, from, length)) {
      to.sealed(length, id);
      return;
    }
    int numberBytes = PacketHeader.packetNumberLength(payload[from]);
    int header = PacketHeader.PACKET_NUMBER_AT + numberBytes;
    frames.set(payload, from + header, length - header - WireLimits.CHECKSUM_BYTES);
    to.data(
        length,
        id,
        PacketHeader.keyPhase(payload[from]),
        PacketHeader.truncatedPacketNumber(payload, from, numberBytes),
        frames);
  }

  /** Whether behind this M3 there is a data packet that stands in clear. */
  private static boolean isWhole(byte[] payload, ThirdMessagePacket of) {
    return isWhole(payload, of.dataFrom(), of.dataLength());
  }

  /** Whether a data packet stands in clear and ends here: its checksum says so (§4.6). */
  private static boolean isWhole(byte[] payload, int from, int length) {
    if (length < WireLimits.MINIMUM_CLEAR_PACKET_BYTES) {
      return false;
    }
    int covered = length - WireLimits.CHECKSUM_BYTES;
    CRC32C crc = new CRC32C();
    crc.update(payload, from, covered);
    return (int) crc.getValue() == ByteBuffer.wrap(payload).getInt(from + covered);
  }

  /**
   * Where the system cuts what it sends into datagrams only later, a capture has several in one.
   * They are of one size and begin alike: so the first ends where its beginning comes again.
   *
   * @return how long each is but the last, or 0 if the beginning does not come again
   */
  static int pieceLength(byte[] payload) {
    boolean isThird = PacketHeader.kind(payload[0]) == PacketHeader.THIRD_MESSAGE;
    // The first byte of a data packet is masked: it differs.
    int markAt = isThird ? 0 : ID_AT;
    int markEnd = ID_AT + WireLimits.CONNECTION_ID_BYTES;
    for (int at = markEnd; at + markEnd - markAt <= payload.length; at++) {
      if (Arrays.equals(payload, at, at + markEnd - markAt, payload, markAt, markEnd)) {
        return at - markAt;
      }
    }
    return 0;
  }
}
