package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Ranges of offsets against a set of bits. */
class OffsetRangesProperties {
  private static final int SPACE = 300;

  @Property(tries = 400)
  void agreesWithASetOfBits(@ForAll long seed, @ForAll @IntRange(min = 1, max = 200) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    OffsetRanges ranges = new OffsetRanges();
    BitSet bits = new BitSet();
    int longest = 1 + random.nextInt(SPACE / 3);
    for (int i = 0; i < steps; i++) {
      int from = random.nextInt(SPACE);
      int to = Math.min(SPACE, from + random.nextInt(longest + 1));
      switch (random.nextInt(8)) {
        case 0, 1 -> {
          ranges.remove(from, to);
          bits.clear(from, to);
        }
        case 2 -> {
          if (random.nextInt(20) == 0) {
            ranges.clear();
            bits.clear();
          }
        }
        default -> {
          int before = bits.cardinality();
          boolean splits = wouldSplit(bits, from, to);
          if (from < to) {
            assertEquals(splits, ranges.wouldSplit(from, to));
          }
          long fresh = ranges.add(from, to);
          bits.set(from, to);
          assertEquals(bits.cardinality() - before, fresh);
        }
      }
      assertSame(bits, ranges);
      int probe = random.nextInt(SPACE);
      int end = probe + 1 + random.nextInt(longest);
      assertEquals(
          bits.nextClearBit(probe) >= end, ranges.contains(probe, end), probe + " to " + end);
    }
  }

  @Property(tries = 400)
  void whatIsMissingElsewhereIsAdded(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    OffsetRanges ranges = new OffsetRanges();
    OffsetRanges other = new OffsetRanges();
    BitSet bits = new BitSet();
    BitSet otherBits = new BitSet();
    for (int i = random.nextInt(30); i > 0; i--) {
      int from = random.nextInt(SPACE);
      int to = from + random.nextInt(10);
      (random.nextBoolean() ? ranges : other).add(from, to);
    }
    set(bits, ranges);
    set(otherBits, other);
    int from = random.nextInt(SPACE);
    int to = from + random.nextInt(SPACE / 3);
    int overlapping = 0;
    for (int i = 0; i < other.count(); i++) {
      overlapping += other.start(i) < to && other.end(i) > from ? 1 : 0;
    }
    assertEquals(overlapping, ranges.addMissing(from, to, other));
    BitSet missing = new BitSet();
    missing.set(from, to);
    missing.andNot(otherBits);
    bits.or(missing);
    assertSame(bits, ranges);
    assertSame(otherBits, other);
  }

  private static void set(BitSet bits, OffsetRanges ranges) {
    for (int i = 0; i < ranges.count(); i++) {
      bits.set((int) ranges.start(i), (int) ranges.end(i));
    }
  }

  /** A range that touches none of those there adds one to their number. */
  private static boolean wouldSplit(BitSet bits, int from, int to) {
    int next = bits.nextSetBit(Math.max(0, from - 1));
    return next < 0 || next > to;
  }

  private static void assertSame(BitSet bits, OffsetRanges ranges) {
    int index = 0;
    for (int from = bits.nextSetBit(0); from >= 0; index++) {
      int to = bits.nextClearBit(from);
      assertTrue(index < ranges.count(), () -> bits + " has more ranges");
      assertEquals(from, ranges.start(index));
      assertEquals(to, ranges.end(index));
      from = bits.nextSetBit(to);
    }
    assertEquals(index, ranges.count());
    assertEquals(bits.isEmpty(), ranges.isEmpty());
  }

  @Example
  void holdsAtTheEndOfTheOffsets() {
    OffsetRanges ranges = new OffsetRanges();
    long end = (1L << 56) - 1;
    assertEquals(10, ranges.add(end - 10, end));
    assertEquals(0, ranges.add(end - 10, end));
    assertEquals(end - 10, ranges.add(0, end));
    assertEquals(1, ranges.count());
    assertTrue(ranges.contains(0, end));
    assertFalse(ranges.contains(0, end + 1));
    ranges.remove(5, end - 5);
    assertEquals(2, ranges.count());
    assertEquals(end - 5, ranges.start(1));
  }

  @Example
  void anEmptyRangeChangesNothing() {
    OffsetRanges ranges = new OffsetRanges();
    assertEquals(0, ranges.add(5, 5));
    assertTrue(ranges.isEmpty());
    ranges.add(1, 9);
    ranges.remove(4, 4);
    assertEquals(1, ranges.count());
  }
}
