package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The encodings, byte for byte, as the files in {@code vectors} give them. */
class GoldenVectorsTest {
  private static final byte[] BLANK = new byte[0];

  static List<GoldenVectors.Vector> frames() {
    return GoldenVectors.of("frames.txt");
  }

  static Stream<GoldenVectors.Vector> canonicalFrames() {
    return frames().stream().filter(vector -> vector.mark() == '=');
  }

  static List<GoldenVectors.Vector> packets() {
    return GoldenVectors.of("packets.txt");
  }

  @ParameterizedTest
  @MethodSource("frames")
  void framesReadAsTheirVectorSays(GoldenVectors.Vector vector) {
    FrameRecorder recorder = new FrameRecorder();
    byte[] bytes = vector.bytes();
    CloseReason reason = new FrameReader().read(bytes, 0, bytes.length, recorder);
    if (vector.mark() == '!') {
      assertEquals(CloseReason.valueOf(vector.reading()), reason);
    } else {
      assertNull(reason);
      assertEquals(vector.reading(), recorder.text());
    }
  }

  @ParameterizedTest
  @MethodSource("canonicalFrames")
  void framesAreWrittenAsTheirVectorSays(GoldenVectors.Vector vector) {
    byte[] bytes = vector.bytes();
    byte[] written = new byte[bytes.length];
    FrameWriter writer = new FrameWriter();
    writer.reset(written, 0, written.length);
    assertNull(new FrameReader().read(bytes, 0, bytes.length, new FrameRewriter(writer)));
    assertEquals(bytes.length, writer.written());
    assertArrayEquals(bytes, written);
  }

  @Test
  void everyFrameTypeHasAVectorOfEachKind() {
    BitSet written = new BitSet();
    BitSet refused = new BitSet();
    for (GoldenVectors.Vector vector : frames()) {
      if (vector.bytes().length > 0) {
        (vector.mark() == '!' ? refused : written).set(vector.bytes()[0] & 0xff);
      }
    }
    for (int type = 0; type < 0x40; type++) {
      boolean known = !FrameType.nameOf(type).equals("UNKNOWN");
      assertEquals(known, written.get(type), FrameType.nameOf(type));
      // PADDING and PING are one byte: nothing can be wrong with them.
      assertTrue(!known || type < FrameType.ACK || refused.get(type), FrameType.nameOf(type));
    }
  }

  @Test
  void onlyAckPaddingAndCloseAreNotAcknowledged() {
    for (GoldenVectors.Vector vector : frames()) {
      if (vector.mark() == '=') {
        FrameReader reader = new FrameReader();
        assertNull(reader.read(vector.bytes(), 0, vector.bytes().length, new FrameRecorder()));
        boolean silent = vector.reading().startsWith("ACK ");
        silent |= vector.reading().startsWith("ACK_ECN") || vector.reading().startsWith("CLOSE");
        assertEquals(!silent, reader.sawAckEliciting(), vector.line());
      }
    }
    FrameReader reader = new FrameReader();
    assertNull(reader.read(new byte[] {FrameType.PING}, 0, 1, new FrameRecorder()));
    assertTrue(reader.sawAckEliciting());
    assertNull(reader.read(new byte[] {FrameType.PADDING}, 0, 1, new FrameRecorder()));
    assertEquals(false, reader.sawAckEliciting());
  }

  @Test
  void theHandlersAnswerEndsTheReading() {
    FrameRecorder recorder = new FrameRecorder();
    FrameWriter full = new FrameWriter();
    full.reset(new byte[1], 0, 1);
    byte[] packet = {FrameType.PING, FrameType.PING, FrameType.PING};
    FrameReader reader = new FrameReader();
    assertEquals(
        CloseReason.INTERNAL, reader.read(packet, 0, packet.length, new FrameRewriter(full)));
    assertNull(reader.read(packet, 0, packet.length, recorder));
    assertEquals("PING; PING; PING", recorder.text());
  }

  @ParameterizedTest
  @MethodSource("packets")
  void packetsReadAndAreWrittenAsTheirVectorSays(GoldenVectors.Vector vector) {
    byte[] bytes = vector.bytes();
    byte[] written = new byte[2000];
    Arrays.fill(written, (byte) 0x5a);
    int[] length = new int[1];
    String reading = read(bytes, written, length);
    assertEquals(vector.reading().replace(" ", ""), reading.replace(" ", ""));
    if (vector.mark() == '=') {
      assertArrayEquals(bytes, Arrays.copyOf(written, length[0]));
      assertEquals(0x5a, written[length[0]]);
    }
  }

  /** What a datagram is; writes it anew. */
  private static String read(byte[] in, byte[] out, int[] written) {
    // The vectors of §3.5 hold the header alone, without frames and tag.
    boolean header = in.length > 9 && in.length <= 13 && !(in.length == 13 && in[0] == 8);
    if (header && PacketHeader.kind(in[0]) == PacketHeader.DATA) {
      return data(in, out, written);
    }
    DropReason reason = PacketHeader.check(in, 0, in.length);
    if (reason != DropReason.NONE) {
      return reason.name();
    }
    return switch (PacketHeader.kind(in[0])) {
      case PacketHeader.FIRST_MESSAGE -> first(in, out, written);
      case PacketHeader.SECOND_MESSAGE -> second(in, out, written);
      case PacketHeader.THIRD_MESSAGE -> third(in, out, written);
      case PacketHeader.CONTROL -> control(in, out, written);
      default -> throw new AssertionError("a whole data packet has no vector");
    };
  }

  private static String first(byte[] in, byte[] out, int[] written) {
    FirstMessagePacket packet = new FirstMessagePacket();
    DropReason reason = packet.check(in, 0, in.length);
    if (reason != DropReason.NONE) {
      return reason.name();
    }
    byte[] cookie = cut(in, packet.cookieFrom(), packet.cookieLength());
    byte[] body = cut(in, packet.bodyFrom(), packet.bodyLength());
    written[0] =
        FirstMessagePacket.write(
            out,
            0,
            packet.suite(),
            packet.initiatorConnectionId(),
            cookie,
            cookie.length,
            body,
            body.length);
    return "M1 suite %d id %016x cookie %s body %s"
        .formatted(packet.suite(), packet.initiatorConnectionId(), hex(cookie), hex(body));
  }

  private static String second(byte[] in, byte[] out, int[] written) {
    SecondMessagePacket packet = new SecondMessagePacket();
    DropReason reason = packet.check(in, 0, in.length);
    if (reason != DropReason.NONE) {
      return reason.name();
    }
    long initiator = packet.destinationConnectionId();
    long responder = packet.responderConnectionId();
    byte[] body = cut(in, packet.bodyFrom(), packet.bodyLength());
    written[0] = SecondMessagePacket.write(out, 0, initiator, responder, body, body.length);
    return "M2 id %016x responder %016x body %s".formatted(initiator, responder, hex(body));
  }

  private static String third(byte[] in, byte[] out, int[] written) {
    ThirdMessagePacket packet = new ThirdMessagePacket();
    DropReason reason = packet.check(in, 0, in.length);
    if (reason != DropReason.NONE) {
      return reason.name();
    }
    long id = packet.destinationConnectionId();
    byte[] body = cut(in, packet.bodyFrom(), packet.bodyLength());
    byte[] data = cut(in, packet.dataFrom(), packet.dataLength());
    written[0] = ThirdMessagePacket.write(out, 0, id, body, body.length);
    System.arraycopy(data, 0, out, written[0], data.length);
    written[0] += data.length;
    return "M3 id %016x body %s data %s".formatted(id, hex(body), hex(data));
  }

  private static String control(byte[] in, byte[] out, int[] written) {
    ControlPacket packet = new ControlPacket();
    DropReason reason = packet.check(in, 0, in.length);
    if (reason != DropReason.NONE) {
      return reason.name();
    }
    long id = packet.connectionId();
    switch (packet.kind()) {
      case ControlPacket.RETRY -> {
        byte[] cookie = cut(in, packet.cookieFrom(), packet.cookieLength());
        written[0] = ControlPacket.writeRetry(out, 0, id, cookie, cookie.length);
        return "retry id %016x cookie %s".formatted(id, hex(cookie));
      }
      case ControlPacket.VERSIONS -> {
        written[0] = ControlPacket.writeVersions(out, 0, id);
        StringBuilder text = new StringBuilder("versions id %016x".formatted(id));
        for (int i = 0; i < packet.versionCount(); i++) {
          text.append(" %08x".formatted(packet.version(i)));
        }
        return text.toString();
      }
      case ControlPacket.REFUSED -> {
        written[0] = ControlPacket.writeRefused(out, 0, id, CloseReason.ofCode(packet.code()));
        return "refused id %016x code %d".formatted(id, packet.code());
      }
      default -> {
        byte[] echo = cut(in, packet.echoFrom(), packet.echoLength());
        byte[] trigger = Arrays.copyOf(echo, echo.length == 24 ? 1200 : echo.length + 11);
        written[0] = ControlPacket.writeUnknownConnection(out, 0, trigger, 0, trigger.length);
        return "unknown id %016x echo %s".formatted(id, hex(echo));
      }
    }
  }

  private static String data(byte[] in, byte[] out, int[] written) {
    long id = PacketHeader.connectionId(in, 0);
    int length = PacketHeader.packetNumberLength(in[0]);
    int phase = PacketHeader.keyPhase(in[0]);
    long number = PacketHeader.truncatedPacketNumber(in, 0, length);
    // High bytes that truncation has to cut off.
    long full = 0x0777_7777_0000_0000L | number;
    written[0] = PacketHeader.writeData(out, 0, id, phase, full, length);
    String digits = "%0" + 2 * length + "x";
    return ("data id %016x phase %d number " + digits).formatted(id, phase, number);
  }

  private static byte[] cut(byte[] in, int from, int length) {
    return length == 0 ? BLANK : Arrays.copyOfRange(in, from, from + length);
  }

  private static String hex(byte[] bytes) {
    return bytes.length == 0 ? "empty" : HexFormat.of().formatHex(bytes);
  }

  @Test
  void aHintIsShorterThanItsTriggerOrNone() {
    byte[] trigger = new byte[1200];
    trigger[0] = PacketHeader.DATA;
    byte[] out = new byte[100];
    for (int length = WireLimits.MINIMUM_CLEAR_PACKET_BYTES; length <= 1200; length++) {
      int hint = ControlPacket.writeUnknownConnection(out, 0, trigger, 0, length);
      assertTrue(hint < length);
      assertEquals(length < 20, hint == 0);
      if (hint > 0) {
        assertEquals(DropReason.NONE, new ControlPacket().check(out, 0, hint));
      }
    }
  }
}
