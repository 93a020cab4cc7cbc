package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The receive buffer against an array in which the first byte to arrive stays. */
class ReassemblyBufferProperties {
  private static final int SPACE = 40_000;

  @Property(tries = 200)
  void theFirstByteToArriveStays(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 400) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    ReceiveMemory memory = new ReceiveMemory(Long.MAX_VALUE);
    ReassemblyBuffer buffer = new ReassemblyBuffer(memory);
    byte[] model = new byte[SPACE];
    boolean[] arrived = new boolean[SPACE + 1];
    int longest = 1 << random.nextInt(1, 12);
    int reach = 1 << random.nextInt(4, 15);
    int base = 0;
    int highest = 0;
    int widest = 0;
    for (int i = 0; i < steps; i++) {
      int contiguous = contiguousFrom(arrived, base);
      if (random.nextInt(4) == 0) {
        base += random.nextInt(contiguous - base + 1);
        buffer.consumeTo(base);
      } else {
        int from = Math.max(0, Math.min(SPACE - 1, contiguous - 20 + random.nextInt(reach)));
        int length = 1 + random.nextInt(Math.min(longest, SPACE - from));
        byte[] bytes = new byte[5 + length];
        random.nextBytes(bytes); // contradicts what came before
        assertTrue(buffer.insert(from, bytes, 5, length));
        for (int at = from; at < from + length; at++) {
          if (!arrived[at]) {
            arrived[at] = true;
            model[at] = bytes[5 + at - from];
            highest = Math.max(highest, at + 1);
          }
        }
      }
      contiguous = contiguousFrom(arrived, base);
      assertEquals(base, buffer.base());
      assertEquals(contiguous, buffer.contiguousEnd());
      assertEquals(highest, buffer.highestEnd());
      assertEquals(highest > contiguous, buffer.hasGaps());
      assertEquals(buffer.memoryBytes(), memory.usedBytes());
      widest = Math.max(widest, highest - base);
      int most = Math.max(1024, 2 * widest) + 2 * 16 * steps; // and twice the gaps, at most
      assertTrue(buffer.memoryBytes() <= most, "grows with what arrives");
      assertTrue(base < highest || buffer.memoryBytes() <= 4096, "returns what is large and empty");
      assertArrayEquals(
          Arrays.copyOfRange(model, base, contiguous), copy(buffer, base, contiguous - base));
      if (contiguous > base) {
        int at = base + random.nextInt(contiguous - base);
        assertEquals(model[at], buffer.at(at));
      }
    }
    buffer.release();
    assertEquals(0, memory.usedBytes());
  }

  private static int contiguousFrom(boolean[] arrived, int from) {
    int at = from;
    while (arrived[at]) {
      at++;
    }
    return at;
  }

  private static byte[] copy(ReassemblyBuffer buffer, long from, int length) {
    byte[] out = new byte[length + 2];
    buffer.copy(from, length, out, 1);
    return Arrays.copyOfRange(out, 1, 1 + length);
  }

  @Example
  void fault51_oneGapMoreThanAllowedIsRefusedAndStoresNothing() {
    ReceiveMemory memory = new ReceiveMemory(1 << 20);
    ReassemblyBuffer buffer = new ReassemblyBuffer(memory);
    byte[] one = {1};
    for (int i = 0; i < ReassemblyBuffer.MAX_GAPS; i++) {
      assertTrue(buffer.insert(1 + 2L * i, one, 0, 1), "gap " + i);
    }
    long held = memory.usedBytes();
    long highest = buffer.highestEnd();
    assertFalse(buffer.insert(highest + 1, one, 0, 1));
    assertEquals(highest, buffer.highestEnd());
    assertEquals(held, memory.usedBytes());
    assertTrue(held >= highest + 16L * ReassemblyBuffer.MAX_GAPS, held + " bytes, gaps included");
    assertTrue(buffer.insert(2, one, 0, 1), "what closes a gap is taken");
    assertTrue(buffer.insert(highest + 1, one, 0, 1), "now there is room for one");
    assertTrue(buffer.insert(0, one, 0, 1), "what is next in order is always taken");
    assertEquals(4, buffer.contiguousEnd());
    assertTrue(buffer.insert(0, new byte[5000], 0, 5000));
    assertEquals(8192, memory.usedBytes(), "without gaps");
  }

  /** FAULTS 51: what a piece costs does not grow with the gaps that its sender left before it. */
  @Example
  void fault51_aTinyPieceLooksAtItsNeighboursAlone() {
    ReassemblyBuffer buffer = new ReassemblyBuffer(new ReceiveMemory(1 << 20));
    byte[] one = {1};
    int pieces = ReassemblyBuffer.MAX_GAPS;
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < pieces; i++) {
        assertTrue(buffer.insert(1 + 2L * i, one, 0, 1));
      }
    }
    assertTrue(
        buffer.rangesLookedAt() <= 2L * pieces, buffer.rangesLookedAt() + " ranges looked at");
  }

  @Example
  void whatWasTakenAlreadyChangesNothing() {
    ReassemblyBuffer buffer = new ReassemblyBuffer(new ReceiveMemory(1 << 20));
    buffer.insert(0, new byte[100], 0, 100);
    buffer.consumeTo(60);
    byte[] late = new byte[100];
    Arrays.fill(late, (byte) 9);
    assertTrue(buffer.insert(0, late, 0, 100));
    assertEquals(100, buffer.highestEnd());
    assertArrayEquals(new byte[40], copy(buffer, 60, 40));
  }

  @Example
  void theSocketsMemoryIsFullAtItsLimit() {
    ReceiveMemory memory = new ReceiveMemory(2048);
    ReassemblyBuffer one = new ReassemblyBuffer(memory);
    ReassemblyBuffer two = new ReassemblyBuffer(memory);
    one.insert(0, new byte[10], 0, 10);
    assertFalse(memory.isFull());
    two.insert(0, new byte[10], 0, 10);
    assertTrue(memory.isFull());
    one.release();
    assertFalse(memory.isFull());
    assertEquals(1024, memory.usedBytes());
  }
}
