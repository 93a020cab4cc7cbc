package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

  /** Frames in a packet, as written, and where each begins and ends; padding is none of them. */
  private record Written(
      byte[] packet, List<String> frames, List<Integer> starts, List<Integer> ends) {
    static Written of(long seed, int roomBytes) {
      byte[] packet = new byte[roomBytes];
      FrameWriter writer = new FrameWriter();
      writer.reset(packet, 0, roomBytes);
      RandomFrames random = new RandomFrames(new Random(seed));
      FrameRecorder recorder = new FrameRecorder();
      List<Integer> starts = new ArrayList<>();
      List<Integer> ends = new ArrayList<>();
      while (ends.isEmpty()) {
        for (int i = 0; i < 7; i++) {
          int start = writer.written();
          random.write(writer, recorder);
          if (recorder.frames().size() > ends.size()) {
            while (packet[start] == FrameType.PADDING) {
              start++; // before a CHANNEL_DATA_LAST that has to end with its packet
            }
            starts.add(start);
            ends.add(writer.written());
          }
        }
      }
      return new Written(Arrays.copyOf(packet, writer.written()), recorder.frames(), starts, ends);
    }

    /** How many frames end at an index or before it. */
    int wholeBefore(int index) {
      return (int) ends.stream().filter(end -> end <= index).count();
    }

    /** The type of the frame that begins before an index and goes on behind it; else PADDING. */
    int typeAt(int index) {
      int frame = wholeBefore(index);
      boolean within = frame < starts.size() && starts.get(frame) <= index;
      return within ? packet[starts.get(frame)] : FrameType.PADDING;
    }
  }

  /** PROTOCOL.md §5.1: a field that passes the end is FRAME_ENCODING, an empty packet another. */
  @Property(tries = 500)
  void aCutPacketHoldsTheFramesBeforeTheCut(@ForAll long seed) {
    Written written = Written.of(seed, 300);
    for (int length = 0; length < written.packet.length; length++) {
      FrameRecorder read = new FrameRecorder().within(0, length);
      CloseReason reason = new FrameReader().read(written.packet, 0, length, read);
      int whole = written.wholeBefore(length);
      if (reason == null && read.frames().size() == whole + 1) {
        assertEquals(FrameType.CHANNEL_DATA_LAST, written.typeAt(length), "ends with its packet");
        assertTrue(written.frames.get(whole).startsWith(read.frames().get(whole)));
        read.frames().remove(whole);
      } else if (length == 0) {
        assertEquals(CloseReason.PROTOCOL_VIOLATION, reason);
      } else {
        boolean within = whole < written.starts.size() && written.starts.get(whole) < length;
        assertEquals(within ? CloseReason.FRAME_ENCODING : null, reason, "at " + length);
      }
      assertEquals(written.frames.subList(0, whole), read.frames());
    }
  }

  @Property(tries = 3000)
  void aChangedByteLeavesTheFramesBeforeItAsTheyWere(
      @ForAll long seed,
      @ForAll @IntRange(max = 299) int where,
      @ForAll @IntRange(min = 1, max = 255) int xor) {
    Written written = Written.of(seed, 300);
    int index = where % written.packet.length;
    byte[] changed = written.packet.clone();
    changed[index] ^= (byte) xor;
    FrameRecorder read = new FrameRecorder().within(0, changed.length);
    CloseReason reason = new FrameReader().read(changed, 0, changed.length, read);
    int whole = written.wholeBefore(index);
    assertEquals(written.frames.subList(0, whole), read.frames().subList(0, whole));
    boolean shown = written.typeAt(index) != FrameType.CLOSE; // whose text may be no UTF-8 before
    if (reason == null && shown) {
      assertNotEquals(written.frames, read.frames(), "byte " + index + " says nothing");
    }
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
