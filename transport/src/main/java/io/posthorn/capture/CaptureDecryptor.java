package io.posthorn.capture;

import io.posthorn.protocol.protection.AesGcmProtection;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.trace.FrameVisitor;
import io.posthorn.trace.TracedFrames;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Turns sealed packets of a capture, given in its order, into clear ones as {@code Security.none()}
 * would send them, handshakes into those of suite 0, with packet numbers of four bytes: what shows
 * clear packets shows these. Follows key updates and connection ids that are issued later. What it
 * has no key for stays as it is. Not thread-safe.
 */
public final class CaptureDecryptor {
  /** Old keys are kept for three of this: a capture may have its packets in disorder. */
  private static final long DISORDER_NANOS = 10_000_000_000L;

  private static final int ID_AT = PacketHeader.CONNECTION_ID_AT;

  /** Packets that one end of a connection sends to the other. */
  private final class Direction {
    private final byte[] secret;
    private @Nullable AesGcmProtection keys;
    long largest = -1;
    @Nullable Direction back;

    Direction(byte[] secret) {
      this.secret = secret;
    }

    /** Made for the first packet: a key log may be of far more connections than the capture. */
    AesGcmProtection keys() {
      AesGcmProtection made = keys;
      if (made == null) {
        // A listener between the two only opens; what it would seal with does not matter.
        made = new AesGcmProtection(secret, secret, KeyLimits.DEFAULT);
        made.onProbeTimeout(DISORDER_NANOS);
        keys = made;
        keysMade++;
      }
      return made;
    }
  }

  private final Map<Long, Direction> byId = new HashMap<>();
  private final HandshakeDecryptor handshakes = new HandshakeDecryptor();
  private final TracedFrames frames = new TracedFrames();
  private final ThirdMessagePacket third = new ThirdMessagePacket();
  private final CRC32C crc = new CRC32C();
  private final byte[] plain = new byte[WireLimits.MAX_DATAGRAM_BYTES];
  private long firstNanos = -1;
  private long newestNanos;
  private long decrypted;
  private long left;
  private int keysMade;

  /** Knows these connections. */
  public CaptureDecryptor(List<ConnectionSecrets> secrets) {
    for (ConnectionSecrets each : secrets) {
      Direction there = new Direction(each.initiatorSecret());
      Direction back = new Direction(each.responderSecret());
      there.back = back;
      back.back = there;
      byId.put(each.responderId(), there);
      byId.put(each.initiatorId(), back);
      HandshakeKeys handshake = each.handshake();
      if (handshake != null) {
        handshakes.add(each.initiatorId(), each.responderId(), handshake);
      }
    }
  }

  /** Data packets made readable so far. */
  public long decrypted() {
    return decrypted;
  }

  /** Directions for which keys were made of the secrets. */
  int keysMade() {
    return keysMade;
  }

  /** Data packets of known connections that could not be opened: damaged, repeated, or too late. */
  public long leftSealed() {
    return left;
  }

  /**
   * Opens what can be opened in the next datagram.
   *
   * @return what it holds, each packet as a datagram of its own: one, or several where the capture
   *     was taken before the system cut a large one into pieces
   */
  public List<CapturedDatagram> decrypt(CapturedDatagram datagram) {
    if (firstNanos < 0) {
      firstNanos = datagram.nanos();
    }
    newestNanos = Math.max(newestNanos, datagram.nanos() - firstNanos);
    byte[] payload = datagram.payload();
    if (payload.length == 0) {
      return List.of(datagram);
    }
    int kind = PacketHeader.kind(payload[0]);
    return switch (kind) {
      case PacketHeader.FIRST_MESSAGE -> List.of(handshakes.first(datagram));
      case PacketHeader.SECOND_MESSAGE -> List.of(handshakes.second(datagram));
      case PacketHeader.THIRD_MESSAGE -> third(datagram, payload);
      case PacketHeader.DATA -> data(datagram, payload);
      default -> List.of(datagram);
    };
  }

  private List<CapturedDatagram> third(CapturedDatagram datagram, byte[] payload) {
    if (third.check(payload, 0, payload.length) != DropReason.NONE
        || !byId.containsKey(third.destinationConnectionId())) {
      return List.of(datagram);
    }
    int dataFrom = third.dataFrom();
    byte[] data = new byte[0];
    if (third.dataLength() > 0) {
      byte[] clear = open(payload, dataFrom, third.dataLength());
      if (clear == null) {
        // Several equal pieces may lie in one here too; each begins with the same M3.
        int piece = CapturedPackets.pieceLength(payload);
        return piece == 0 ? sealed(datagram) : pieces(datagram, payload, piece);
      }
      data = clear;
    }
    byte[] opened = handshakes.third(payload);
    byte[] head = opened == null ? Arrays.copyOf(payload, dataFrom) : opened;
    byte[] both = Arrays.copyOf(head, head.length + data.length);
    System.arraycopy(data, 0, both, head.length, data.length);
    return List.of(
        opened == null ? datagram.with(both) : datagram.with(both, handshakes.thirdComment()));
  }

  private List<CapturedDatagram> data(CapturedDatagram datagram, byte[] payload) {
    if (payload.length < ID_AT + WireLimits.CONNECTION_ID_BYTES
        || !byId.containsKey(PacketHeader.connectionId(payload, 0))) {
      return List.of(datagram);
    }
    byte[] clear = open(payload, 0, payload.length);
    if (clear != null) {
      return List.of(datagram.with(clear));
    }
    int piece = CapturedPackets.pieceLength(payload);
    return piece == 0 ? sealed(datagram) : pieces(datagram, payload, piece);
  }

  private List<CapturedDatagram> sealed(CapturedDatagram datagram) {
    left++;
    return List.of(datagram);
  }

  private List<CapturedDatagram> pieces(CapturedDatagram datagram, byte[] payload, int piece) {
    List<CapturedDatagram> all = new ArrayList<>();
    for (int at = 0; at < payload.length; at += piece) {
      int to = Math.min(payload.length, at + piece);
      all.addAll(decrypt(datagram.with(Arrays.copyOfRange(payload, at, to))));
    }
    return all;
  }

  /** The packet in clear; null if it cannot be opened. */
  private byte @Nullable [] open(byte[] payload, int from, int length) {
    Direction direction = byId.get(PacketHeader.connectionId(payload, from));
    if (direction == null) {
      return null;
    }
    AesGcmProtection keys = direction.keys();
    int framesLength = keys.open(payload, from, length, direction.largest, newestNanos, plain, 0);
    if (framesLength < 0) {
      return null;
    }
    decrypted++;
    direction.largest = Math.max(direction.largest, keys.openedPacketNumber());
    frames.set(plain, 0, framesLength);
    frames.visit(new IdCollector(direction.back));
    byte[] clear =
        new byte[PacketHeader.PACKET_NUMBER_AT + 4 + framesLength + WireLimits.CHECKSUM_BYTES];
    int at =
        PacketHeader.writeData(
            clear,
            0,
            PacketHeader.connectionId(payload, from),
            0,
            keys.openedPacketNumber(),
            WireLimits.MAX_PACKET_NUMBER_BYTES);
    System.arraycopy(plain, 0, clear, at, framesLength);
    at += framesLength;
    crc.reset();
    crc.update(clear, 0, at);
    int checksum = (int) crc.getValue();
    for (int i = 0; i < WireLimits.CHECKSUM_BYTES; i++) {
      clear[at + i] = (byte) (checksum >>> (8 * (WireLimits.CHECKSUM_BYTES - 1 - i)));
    }
    return clear;
  }

  /** Learns the ids that packets of the other direction may carry from now on. */
  private final class IdCollector implements FrameVisitor {
    private final @Nullable Direction back;

    IdCollector(@Nullable Direction back) {
      this.back = back;
    }

    @Override
    public void newConnectionId(long sequence, long retirePriorTo, long connectionId) {
      if (back != null) {
        byId.putIfAbsent(connectionId, back);
      }
    }
  }
}
