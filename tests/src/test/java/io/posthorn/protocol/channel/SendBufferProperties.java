package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The send buffer against the whole stream in one array. */
class SendBufferProperties {
  @Property(tries = 150)
  void keepsWhatIsNotAcknowledged(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 300) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    SendBuffer buffer = new SendBuffer(new RingPool());
    byte[] stream = new byte[1 << 20];
    BitSet acknowledged = new BitSet();
    int largestAppend = 1 << random.nextInt(12);
    int end = 0;
    for (int i = 0; i < steps; i++) {
      int base = acknowledged.nextClearBit(0);
      switch (random.nextInt(4)) {
        case 0 -> {
          byte[] bytes = new byte[3 + largestAppend];
          random.nextBytes(bytes);
          int length = 1 + random.nextInt(largestAppend);
          System.arraycopy(bytes, 3, stream, end, length);
          buffer.append(bytes, 3, length);
          end += length;
        }
        case 1 -> {
          stream[end] = (byte) i;
          buffer.append((byte) i);
          end++;
        }
        default -> {
          // Ranges as packets carried them, oldest first more often, some of them repeated.
          int from = Math.max(0, base - 50) + random.nextInt(1 + Math.min(4000, end - base + 50));
          int length = Math.min(end - from, random.nextInt(largestAppend * 2));
          if (length > 0) {
            int before = acknowledged.cardinality();
            long fresh = buffer.acknowledge(from, length);
            acknowledged.set(from, from + length);
            assertEquals(acknowledged.cardinality() - before, fresh);
          }
        }
      }
      base = acknowledged.nextClearBit(0);
      assertEquals(base, buffer.base());
      assertEquals(end, buffer.end());
      assertTrue(buffer.memoryBytes() <= 1024 || base < end || buffer.memoryBytes() <= 16 * 1024);
      if (base < end) {
        int from = base + random.nextInt(end - base);
        int length = random.nextInt(end - from + 1);
        byte[] copy = new byte[length + 2];
        buffer.copy(from, length, copy, 1);
        assertArrayEquals(
            Arrays.copyOfRange(stream, from, from + length),
            Arrays.copyOfRange(copy, 1, 1 + length));
      }
    }
  }

  @Example
  void givesALargeBufferBackWhenAllIsAcknowledged() {
    SendBuffer buffer = new SendBuffer(new RingPool());
    buffer.append(new byte[100_000], 0, 100_000);
    assertEquals(1 << 17, buffer.memoryBytes());
    assertEquals(60_000, buffer.acknowledge(40_000, 60_000));
    assertEquals(1 << 17, buffer.memoryBytes());
    assertEquals(40_000, buffer.acknowledge(0, 100_000));
    assertEquals(0, buffer.memoryBytes());
    assertTrue(buffer.acknowledged().isEmpty());
    buffer.append((byte) 7);
    byte[] out = new byte[1];
    buffer.copy(100_000, 1, out, 0);
    assertEquals(7, out[0]);
  }

  @Example
  void anEmptyBufferHoldsNothingAndBeginsWithTheSizeThatItNeededLast() {
    SendBuffer buffer = new SendBuffer(new RingPool());
    buffer.append(new byte[5000], 0, 5000);
    assertEquals(8192, buffer.memoryBytes());
    buffer.acknowledge(0, 5000);
    assertEquals(0, buffer.memoryBytes());
    buffer.append(new byte[10], 0, 10);
    assertEquals(8192, buffer.memoryBytes());
    buffer.acknowledge(5000, 10);
    buffer.append(new byte[10], 0, 10);
    assertEquals(1024, buffer.memoryBytes(), "less was needed the last time");
  }

  @Example
  void whatNoArrayHoldsIsRefusedAndLeavesAllAsItWas() {
    SendBuffer buffer = new SendBuffer(new RingPool());
    buffer.append(new byte[10], 0, 10);
    assertThrows(IllegalStateException.class, () -> buffer.append(new byte[0], 0, 1 << 30));
    assertEquals(10, buffer.end());
    buffer.acknowledge(0, 10);
    assertEquals(0, buffer.memoryBytes());
  }

  @Example
  void onlySoMuchIsSentBeforeTheFirstOfItIsAcknowledged() {
    SendBuffer buffer = new SendBuffer(new RingPool());
    long most = 1 << 29;
    assertEquals(most - 1, buffer.reach(most - 1));
    assertEquals(most, buffer.reach(Long.MAX_VALUE));
    buffer.append(new byte[10], 0, 10);
    assertEquals(most, buffer.reach(Long.MAX_VALUE));
    buffer.acknowledge(0, 10);
    assertEquals(most + 10, buffer.reach(Long.MAX_VALUE));
  }
}
