package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What the writer writes, the reader reads. */
class FrameRoundTripProperties {
  private static final byte CANARY = 0x5a;
  private static final int MARGIN = 16;

  @Property(tries = 2000)
  void everyPacketReadsBackAsWritten(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 3000) int packetBytes) {
    byte[] packet = new byte[packetBytes];
    FrameWriter writer = new FrameWriter();
    writer.reset(packet, 0, packetBytes);
    RandomFrames frames = new RandomFrames(new Random(seed));
    FrameRecorder expected = new FrameRecorder();
    for (int i = 0; i < 12; i++) {
      frames.write(writer, expected);
    }
    FrameRecorder actual = new FrameRecorder().within(0, writer.written());
    if (writer.written() > 0) {
      assertNull(new FrameReader().read(packet, 0, writer.written(), actual));
    }
    assertEquals(expected.frames(), actual.frames());
  }

  @Property(tries = 2000)
  void aFrameThatDoesNotFitIsNotBegun(
      @ForAll long seed, @ForAll @IntRange(max = 60) int packetBytes) {
    byte[] packet = new byte[MARGIN + packetBytes + MARGIN];
    Arrays.fill(packet, CANARY);
    FrameWriter writer = new FrameWriter();
    writer.reset(packet, MARGIN, MARGIN + packetBytes);
    RandomFrames frames = new RandomFrames(new Random(seed));
    for (int i = 0; i < 8; i++) {
      int before = writer.position();
      byte[] behind = Arrays.copyOfRange(packet, before, packet.length);
      if (!frames.write(writer, new FrameRecorder())) {
        assertEquals(before, writer.position());
        assertTrue(Arrays.equals(behind, Arrays.copyOfRange(packet, before, packet.length)));
      }
    }
    for (int i = 0; i < MARGIN; i++) {
      assertEquals(CANARY, packet[i]);
      assertEquals(CANARY, packet[MARGIN + packetBytes + i]);
    }
  }

  @Property(tries = 2000)
  void channelDataFillsThePacketOrIsTakenWhole(
      @ForAll @IntRange(max = 20_000) int packetBytes,
      @ForAll @IntRange(min = 1, max = 20_000) int dataBytes) {
    byte[] packet = new byte[packetBytes];
    FrameWriter writer = new FrameWriter();
    writer.reset(packet, 0, packetBytes);
    int taken = writer.channelData(3, 77_777, new byte[dataBytes], 0, dataBytes);
    int header = FrameWriter.channelDataOverhead(3, 77_777, dataBytes);
    assertTrue(taken == dataBytes || writer.remaining() == 0 || packetBytes < 7);
    assertTrue(taken < dataBytes || writer.written() <= header + dataBytes);
    assertEquals(taken == 0, writer.written() == 0);
  }

  @Property(tries = 2000)
  void aPartTakesTheMostThatFits(
      @ForAll @IntRange(min = 20, max = 20_000) int packetBytes,
      @ForAll @IntRange(min = 1, max = 20_000) int dataBytes) {
    takesTheMostThatFits(packetBytes, dataBytes);
  }

  @Example
  void aPartTakesTheMostThatFitsWhereItsLengthGrows() {
    for (int edge : new int[] {64, 16_384}) {
      for (int packetBytes = edge - 20; packetBytes < edge + 40; packetBytes++) {
        for (int dataBytes = edge - 20; dataBytes < edge + 40; dataBytes++) {
          takesTheMostThatFits(packetBytes, dataBytes);
        }
      }
    }
  }

  private static void takesTheMostThatFits(int packetBytes, int dataBytes) {
    byte[] packet = new byte[packetBytes];
    FrameWriter writer = new FrameWriter();
    writer.reset(packet, 0, packetBytes);
    int taken = writer.beginMessage(5, 3, -1, 100_000, 20_000, dataBytes);
    int header = 1 + 1 + 1 + 4 + 4;
    assertTrue(taken >= 1);
    assertTrue(header + VarInt.length(taken) + taken <= packetBytes);
    int more = taken + 1;
    assertTrue(taken == dataBytes || header + VarInt.length(more) + more > packetBytes);
  }

  @Property(tries = 500)
  void anAckTakesTheNewestRangesThatFit(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 100) int count) {
    Random random = new Random(seed);
    long[] first = new long[count];
    long[] last = new long[count];
    long next = random.nextInt(100);
    for (int i = 0; i < count; i++) {
      first[i] = next;
      last[i] = next + random.nextInt(300);
      next = last[i] + 2 + random.nextInt(300);
    }
    int packetBytes = random.nextInt(300);
    byte[] packet = new byte[packetBytes];
    FrameWriter writer = new FrameWriter();
    writer.reset(packet, 0, packetBytes);
    int ranges = writer.ack(25, first, last, count, 0, 0, -1);
    byte[] large = new byte[2000];
    FrameWriter unbounded = new FrameWriter();
    unbounded.reset(large, 0, large.length);
    int more = unbounded.ack(25, first, last, count, 0, 0, -1);
    assertEquals(Math.min(count, WireLimits.MAX_ACK_RANGES), more);
    // One range costs at most 4 bytes here, so what is left is less, or all were written.
    assertTrue(ranges == more || packetBytes - writer.written() < (ranges == 0 ? 9 : 4));
  }
}
