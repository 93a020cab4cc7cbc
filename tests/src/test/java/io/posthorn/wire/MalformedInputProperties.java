package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Whatever frames stand in a packet: an answer, never an exception, never a byte from elsewhere.
 */
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

  private static byte[] surround(byte[] bytes, byte fill) {
    byte[] amid = new byte[9 + bytes.length + 70];
    Arrays.fill(amid, fill);
    System.arraycopy(bytes, 0, amid, 9, bytes.length);
    return amid;
  }
}
