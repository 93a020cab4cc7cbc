package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Whatever stands in a packet: an answer, never an exception, never a byte from elsewhere. */
class MalformedInputProperties {
  @Property(tries = 5000)
  void randomBytesHaveAnAnswer(@ForAll long seed, @ForAll @IntRange(max = 200) int length) {
    Random random = new Random(seed);
    byte[] packet = new byte[length];
    random.nextBytes(packet);
    // Small numbers are frame types; without them nearly all would end at the first byte.
    for (int i = 0; i < length; i++) {
      if (random.nextBoolean()) {
        packet[i] = (byte) random.nextInt(0x22);
      }
    }
    readEverywhere(packet);
  }

  @Property(tries = 500)
  void everyTruncationHasAnAnswer(@ForAll long seed) {
    byte[] packet = validPacket(new Random(seed), 300);
    for (int length = 0; length < packet.length; length++) {
      readEverywhere(Arrays.copyOf(packet, length));
    }
  }

  @Property(tries = 5000)
  void everyMutationHasAnAnswer(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int mutations) {
    Random random = new Random(seed);
    byte[] packet = validPacket(random, 1200);
    for (int i = 0; i < mutations; i++) {
      packet[random.nextInt(packet.length)] = (byte) random.nextInt(256);
    }
    readEverywhere(packet);
  }

  @Property(tries = 500)
  void aTruncatedLastFrameIsNeverRead(@ForAll long seed) {
    // DATAGRAM of a known length: each shorter packet is a breach, not a shorter datagram.
    byte[] packet = new byte[100];
    FrameWriter writer = new FrameWriter();
    writer.reset(packet, 0, packet.length);
    byte[] data = new byte[1 + new Random(seed).nextInt(80)];
    assertTrue(writer.datagram(7, -1, data, 0, data.length));
    for (int length = 0; length < writer.written(); length++) {
      FrameRecorder recorder = new FrameRecorder();
      assertNotNull(new FrameReader().read(packet, 0, length, recorder));
      assertTrue(recorder.frames().isEmpty());
    }
  }

  @Property(tries = 5000)
  void randomDatagramsAreClassified(@ForAll long seed, @ForAll @IntRange(max = 1400) int length) {
    Random random = new Random(seed);
    byte[] datagram = new byte[length];
    random.nextBytes(datagram);
    if (length > 0 && random.nextInt(8) != 0) {
      datagram[0] = (byte) (4 + random.nextInt(12));
    }
    if (length > 1 && random.nextBoolean()) {
      datagram[1] = (byte) random.nextInt(6);
    }
    checkEverywhere(datagram);
  }

  @Property(tries = 1000)
  void mutatedHandshakesAreClassified(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] datagram = new byte[1400];
    byte[] body = new byte[32 + random.nextInt(200)];
    random.nextBytes(body);
    byte[] trigger = new byte[50];
    trigger[0] = 9;
    int length =
        switch (random.nextInt(5)) {
          case 0 -> {
            byte[] cookie = new byte[random.nextInt(65)];
            yield FirstMessagePacket.write(
                datagram, 0, 1, 5, cookie, cookie.length, body, body.length);
          }
          case 1 -> SecondMessagePacket.write(datagram, 0, 5, 6, body, body.length);
          case 2 -> ThirdMessagePacket.write(datagram, 0, 6, body, body.length);
          case 3 -> ControlPacket.writeRetry(datagram, 0, 5, body, 32);
          default -> ControlPacket.writeUnknownConnection(datagram, 0, trigger, 0, 50);
        };
    byte[] packet = Arrays.copyOf(datagram, length);
    assertEquals(DropReason.NONE, checkEverywhere(packet));
    for (int i = random.nextInt(3); i >= 0; i--) {
      packet[random.nextInt(Math.min(60, length))] = (byte) random.nextInt(256);
    }
    checkEverywhere(packet);
    checkEverywhere(Arrays.copyOf(packet, random.nextInt(length)));
  }

  static byte[] validPacket(Random random, int bytes) {
    byte[] packet = new byte[bytes];
    FrameWriter writer = new FrameWriter();
    RandomFrames frames = new RandomFrames(random);
    writer.reset(packet, 0, bytes);
    FrameRecorder ignored = new FrameRecorder();
    while (!frames.write(writer, ignored)) {
      // A frame that fits comes within a few draws.
    }
    for (int i = 0; i < 6; i++) {
      frames.write(writer, ignored);
    }
    return Arrays.copyOf(packet, writer.written());
  }

  /** Reads a packet amid zeros and amid ones; both must give the same. */
  static void readEverywhere(byte[] packet) {
    FrameRecorder alone = new FrameRecorder().within(0, packet.length);
    CloseReason reason = new FrameReader().read(packet, 0, packet.length, alone);
    assertTrue(alone.frames().size() <= packet.length);
    assertEquals(packet.length == 0, reason == CloseReason.PROTOCOL_VIOLATION);
    for (byte fill : new byte[] {0, -1}) {
      byte[] amid = surround(packet, fill);
      FrameRecorder again = new FrameRecorder().within(9, packet.length);
      CloseReason same = new FrameReader().read(amid, 9, packet.length, again);
      assertEquals(reason, same);
      assertEquals(alone.frames(), again.frames());
    }
  }

  static DropReason checkEverywhere(byte[] datagram) {
    String alone = describe(datagram, 0, datagram.length);
    for (byte fill : new byte[] {0, -1}) {
      assertEquals(alone, describe(surround(datagram, fill), 9, datagram.length));
    }
    return DropReason.valueOf(alone.split(" ", 2)[0]);
  }

  private static byte[] surround(byte[] bytes, byte fill) {
    byte[] amid = new byte[9 + bytes.length + 70];
    Arrays.fill(amid, fill);
    System.arraycopy(bytes, 0, amid, 9, bytes.length);
    return amid;
  }

  /** The reason, then what the getters say; indices counted from the packet's first byte. */
  private static String describe(byte[] in, int from, int length) {
    DropReason general = PacketHeader.check(in, from, length);
    if (general != DropReason.NONE) {
      return general.name();
    }
    int end = from + length;
    switch (PacketHeader.kind(in[from])) {
      case PacketHeader.FIRST_MESSAGE -> {
        FirstMessagePacket packet = new FirstMessagePacket();
        DropReason reason = packet.check(in, from, length);
        if (reason == DropReason.UNSUPPORTED_VERSION) {
          assertNotEquals(WireLimits.VERSION, packet.version());
          return reason + " " + packet.initiatorConnectionId();
        }
        if (reason != DropReason.NONE) {
          return reason.name();
        }
        within(from, end, packet.cookieFrom(), packet.cookieLength());
        within(from, end, packet.bodyFrom(), packet.bodyLength());
        return "NONE " + packet.suite() + " " + packet.initiatorConnectionId();
      }
      case PacketHeader.SECOND_MESSAGE -> {
        SecondMessagePacket packet = new SecondMessagePacket();
        DropReason reason = packet.check(in, from, length);
        if (reason != DropReason.NONE) {
          return reason.name();
        }
        within(from, end, packet.bodyFrom(), packet.bodyLength());
        return "NONE " + packet.destinationConnectionId() + " " + packet.responderConnectionId();
      }
      case PacketHeader.THIRD_MESSAGE -> {
        ThirdMessagePacket packet = new ThirdMessagePacket();
        DropReason reason = packet.check(in, from, length);
        if (reason != DropReason.NONE) {
          return reason.name();
        }
        within(from, end, packet.bodyFrom(), packet.bodyLength());
        within(from, end, packet.dataFrom(), packet.dataLength());
        return "NONE " + packet.destinationConnectionId();
      }
      case PacketHeader.CONTROL -> {
        ControlPacket packet = new ControlPacket();
        DropReason reason = packet.check(in, from, length);
        return reason == DropReason.NONE ? "NONE " + control(packet, from, end) : reason.name();
      }
      default -> {
        return "NONE " + PacketHeader.connectionId(in, from);
      }
    }
  }

  private static String control(ControlPacket packet, int from, int end) {
    StringBuilder text = new StringBuilder();
    text.append(packet.kind()).append(' ').append(packet.connectionId());
    switch (packet.kind()) {
      case ControlPacket.RETRY -> within(from, end, packet.cookieFrom(), packet.cookieLength());
      case ControlPacket.VERSIONS -> {
        for (int i = 0; i < packet.versionCount(); i++) {
          text.append(' ').append(packet.version(i));
        }
      }
      case ControlPacket.REFUSED -> {
        assertTrue(packet.code() >= 0);
        text.append(' ').append(packet.code());
      }
      default -> within(from, end, packet.echoFrom(), packet.echoLength());
    }
    return text.toString();
  }

  private static void within(int from, int end, int at, int length) {
    assertTrue(at >= from && length >= 0 && at + length <= end);
  }
}
