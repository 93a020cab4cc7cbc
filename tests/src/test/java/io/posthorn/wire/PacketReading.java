package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a packet is read as: the reason for which it is dropped, or its fields by name.
 *
 * @param reason as PROTOCOL.md §13.2 names it, NONE if the layout is right
 * @param fields numbers in hexadecimal, and bytes
 */
record PacketReading(DropReason reason, Map<String, String> fields) {
  private static PacketReading dropped(DropReason reason) {
    return new PacketReading(reason, Map.of());
  }

  private static PacketReading taken(Map<String, String> fields) {
    return new PacketReading(DropReason.NONE, fields);
  }

  static String hex(long number) {
    return Long.toHexString(number);
  }

  static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  /** Reads a packet, alone, amid zeros and amid ones, which must all be as the text says. */
  static PacketReading read(byte[] packet) {
    PacketReading reading = byTheText(packet);
    assertEquals(reading, byTheCode(packet, 0, packet.length));
    for (byte fill : new byte[] {0, -1}) {
      byte[] amid = new byte[9 + packet.length + 70];
      Arrays.fill(amid, fill);
      System.arraycopy(packet, 0, amid, 9, packet.length);
      assertEquals(reading, byTheCode(amid, 9, packet.length));
    }
    return reading;
  }

  /** As the classes of {@code io.posthorn.wire} read it, which must stay within the packet. */
  static PacketReading byTheCode(byte[] in, int from, int length) {
    DropReason general = PacketHeader.check(in, from, length);
    if (general != DropReason.NONE) {
      return dropped(general);
    }
    return switch (PacketHeader.kind(in[from])) {
      case PacketHeader.FIRST_MESSAGE -> firstByTheCode(in, from, length);
      case PacketHeader.SECOND_MESSAGE -> secondByTheCode(in, from, length);
      case PacketHeader.THIRD_MESSAGE -> thirdByTheCode(in, from, length);
      case PacketHeader.CONTROL -> controlByTheCode(in, from, length);
      default -> dataByTheCode(in, from, length);
    };
  }

  private static PacketReading firstByTheCode(byte[] in, int from, int length) {
    FirstMessagePacket packet = new FirstMessagePacket();
    DropReason reason = packet.check(in, from, length);
    Map<String, String> fields = new LinkedHashMap<>();
    if (reason == DropReason.NONE || reason == DropReason.UNSUPPORTED_VERSION) {
      fields.put("version", hex(packet.version()));
      fields.put("id", hex(packet.initiatorConnectionId()));
    }
    if (reason == DropReason.NONE) {
      Cut cut = new Cut(in, from, length);
      fields.put("suite", hex(packet.suite()));
      fields.put("cookie", cut.hex(packet.cookieFrom(), packet.cookieLength()));
      fields.put("body", cut.hex(packet.bodyFrom(), packet.bodyLength()));
    }
    return new PacketReading(reason, fields);
  }

  private static PacketReading secondByTheCode(byte[] in, int from, int length) {
    SecondMessagePacket packet = new SecondMessagePacket();
    DropReason reason = packet.check(in, from, length);
    if (reason != DropReason.NONE) {
      return dropped(reason);
    }
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("id", hex(packet.destinationConnectionId()));
    fields.put("responder", hex(packet.responderConnectionId()));
    fields.put("body", new Cut(in, from, length).hex(packet.bodyFrom(), packet.bodyLength()));
    return taken(fields);
  }

  private static PacketReading thirdByTheCode(byte[] in, int from, int length) {
    ThirdMessagePacket packet = new ThirdMessagePacket();
    DropReason reason = packet.check(in, from, length);
    if (reason != DropReason.NONE) {
      return dropped(reason);
    }
    Cut cut = new Cut(in, from, length);
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("id", hex(packet.destinationConnectionId()));
    fields.put("body", cut.hex(packet.bodyFrom(), packet.bodyLength()));
    fields.put("data", cut.hex(packet.dataFrom(), packet.dataLength()));
    return taken(fields);
  }

  private static PacketReading controlByTheCode(byte[] in, int from, int length) {
    ControlPacket packet = new ControlPacket();
    DropReason reason = packet.check(in, from, length);
    if (reason != DropReason.NONE) {
      return dropped(reason);
    }
    Cut cut = new Cut(in, from, length);
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("kind", hex(packet.kind()));
    fields.put("id", hex(packet.connectionId()));
    switch (packet.kind()) {
      case ControlPacket.RETRY ->
          fields.put("cookie", cut.hex(packet.cookieFrom(), packet.cookieLength()));
      case ControlPacket.VERSIONS -> {
        for (int i = 0; i < packet.versionCount(); i++) {
          fields.put("version " + i, hex(packet.version(i)));
        }
      }
      case ControlPacket.REFUSED -> fields.put("code", hex(packet.code()));
      default -> fields.put("echo", cut.hex(packet.echoFrom(), packet.echoLength()));
    }
    return taken(fields);
  }

  private static PacketReading dataByTheCode(byte[] in, int from, int length) {
    int numberLength = PacketHeader.packetNumberLength(in[from]);
    int header = PacketHeader.PACKET_NUMBER_AT + numberLength;
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("phase", hex(PacketHeader.keyPhase(in[from])));
    fields.put("number length", hex(numberLength));
    fields.put("id", hex(PacketHeader.connectionId(in, from)));
    fields.put("number", hex(PacketHeader.truncatedPacketNumber(in, from, numberLength)));
    fields.put("frames", new Cut(in, from, length).hex(from + header, length - header));
    return taken(fields);
  }

  /** A packet within an array: what is taken out of it must lie in it. */
  private record Cut(byte[] in, int from, int length) {
    String hex(int at, int bytes) {
      assertTrue(at >= from && bytes >= 0 && at + bytes <= from + length, "beyond the packet");
      return PacketReading.hex(Arrays.copyOfRange(in, at, at + bytes));
    }
  }

  /** As PROTOCOL.md §3 and §13.2 say, in the plainest code. */
  static PacketReading byTheText(byte[] packet) {
    if (packet.length == 0) {
      return dropped(DropReason.EMPTY);
    }
    if (packet.length > 65_507) {
      return dropped(DropReason.TOO_LONG);
    }
    ByteBuffer in = ByteBuffer.wrap(packet);
    int type = in.get() & 0xff;
    if (type < 4 || type > 15) {
      return dropped(DropReason.UNKNOWN_TYPE);
    }
    if (packet.length < smallest(type)) {
      return dropped(DropReason.TOO_SHORT);
    }
    return switch (type) {
      case 4 -> firstByTheText(in);
      case 5 -> secondByTheText(in);
      case 6 -> thirdByTheText(in);
      case 7 -> controlByTheText(in);
      default -> dataByTheText(type, in);
    };
  }

  /** Bytes of the smallest packet of a type. */
  static int smallest(int type) {
    return switch (type) {
      case 4 -> 17;
      case 5 -> 51;
      case 6 -> 35;
      case 7 -> 11;
      default -> 14;
    };
  }

  private static PacketReading firstByTheText(ByteBuffer in) {
    if (in.capacity() < 1_200) {
      return dropped(DropReason.UNDERSIZED_FIRST_MESSAGE);
    }
    Map<String, String> fields = new LinkedHashMap<>();
    int version = in.getInt();
    int suite = in.get() & 0xff;
    fields.put("version", hex(version));
    fields.put("id", hex(in.getLong()));
    if (version != 0x50480001) {
      return new PacketReading(DropReason.UNSUPPORTED_VERSION, fields);
    }
    if (suite > 2) {
      return dropped(DropReason.SECURITY_MISMATCH);
    }
    int cookieLength = in.get() & 0xff;
    if (cookieLength > 64) {
      return dropped(DropReason.MALFORMED_HANDSHAKE);
    }
    fields.put("suite", hex(suite));
    fields.put("cookie", take(in, cookieLength));
    int bodyLength = in.getShort() & 0xffff;
    if (bodyLength < 32 || bodyLength > 608) {
      return dropped(DropReason.MALFORMED_HANDSHAKE);
    }
    fields.put("body", take(in, bodyLength));
    return taken(fields);
  }

  private static PacketReading secondByTheText(ByteBuffer in) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("id", hex(in.getLong()));
    fields.put("responder", hex(in.getLong()));
    int bodyLength = in.getShort() & 0xffff;
    if (bodyLength < 32 || bodyLength > 608 || bodyLength != in.remaining()) {
      return dropped(DropReason.MALFORMED_HANDSHAKE);
    }
    fields.put("body", take(in, bodyLength));
    return taken(fields);
  }

  private static PacketReading thirdByTheText(ByteBuffer in) {
    Map<String, String> fields = new LinkedHashMap<>();
    long id = in.getLong();
    fields.put("id", hex(id));
    int bodyLength = in.getShort() & 0xffff;
    if (bodyLength < 24 || bodyLength > 608 || bodyLength > in.remaining()) {
      return dropped(DropReason.MALFORMED_HANDSHAKE);
    }
    fields.put("body", take(in, bodyLength));
    if (in.hasRemaining() && (in.remaining() < 14 || !startsData(in, id))) {
      return dropped(DropReason.MALFORMED_HANDSHAKE);
    }
    fields.put("data", take(in, in.remaining()));
    return taken(fields);
  }

  private static boolean startsData(ByteBuffer in, long id) {
    int type = in.get(in.position());
    return type >= 8 && type <= 15 && in.getLong(in.position() + 1) == id;
  }

  private static PacketReading controlByTheText(ByteBuffer in) {
    Map<String, String> fields = new LinkedHashMap<>();
    int kind = in.get() & 0xff;
    fields.put("kind", hex(kind));
    long id = in.getLong();
    fields.put("id", hex(id));
    boolean fits =
        switch (kind) {
          case 1 -> {
            int length = in.get() & 0xff;
            yield length >= 1
                && length <= 64
                && length == in.remaining()
                && put(fields, "cookie", take(in, length));
          }
          case 2 -> {
            int count = in.get() & 0xff;
            boolean filled = count >= 1 && count <= 16 && 4 * count == in.remaining();
            for (int i = 0; filled && i < count; i++) {
              fields.put("version " + i, hex(in.getInt()));
            }
            yield filled;
          }
          case 3 -> {
            int length = 1 << ((in.get(in.position()) & 0xff) >>> 6);
            yield length == in.remaining() && put(fields, "code", hex(varint(in, length)));
          }
          case 4 ->
              in.remaining() >= 9
                  && in.remaining() <= 24
                  && startsData(in, id)
                  && put(fields, "echo", take(in, in.remaining()));
          default -> false;
        };
    return fits ? taken(fields) : dropped(DropReason.MALFORMED_HANDSHAKE);
  }

  private static boolean put(Map<String, String> fields, String name, String value) {
    fields.put(name, value);
    return true;
  }

  private static long varint(ByteBuffer in, int length) {
    long value = in.get() & 0x3f;
    for (int i = 1; i < length; i++) {
      value = value << 8 | (in.get() & 0xff);
    }
    return value;
  }

  private static PacketReading dataByTheText(int type, ByteBuffer in) {
    int numberLength = (type & 3) + 1;
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("phase", hex(type >> 2 & 1));
    fields.put("number length", hex(numberLength));
    fields.put("id", hex(in.getLong()));
    long number = 0;
    for (int i = 0; i < numberLength; i++) {
      number = number << 8 | (in.get() & 0xff);
    }
    fields.put("number", hex(number));
    fields.put("frames", take(in, in.remaining()));
    return taken(fields);
  }

  private static String take(ByteBuffer in, int length) {
    byte[] bytes = new byte[length];
    in.get(bytes);
    return hex(bytes);
  }
}
