package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** RFC 9000 §17.1, A.2 and A.3. */
class PacketNumbersTest {
  private static final long MAX = WireLimits.MAX_PACKET_NUMBER;

  @Test
  void theExamplesOfTheRfcHold() {
    assertEquals(2, PacketNumbers.lengthFor(0xac5c02L, 0xabe8b3L));
    assertEquals(3, PacketNumbers.lengthFor(0xace8feL, 0xabe8b3L));
    assertEquals(0xa82f9b32L, PacketNumbers.expand(0xa82f30eaL, 0x9b32, 2));
  }

  @Test
  void theLengthGrowsAtTheEdges() {
    assertEquals(1, PacketNumbers.lengthFor(0, -1));
    assertEquals(1, PacketNumbers.lengthFor(127, -1));
    assertEquals(2, PacketNumbers.lengthFor(128, -1));
    assertEquals(2, PacketNumbers.lengthFor((1 << 15) - 1, -1));
    assertEquals(3, PacketNumbers.lengthFor(1 << 15, -1));
    assertEquals(3, PacketNumbers.lengthFor((1 << 23) - 1, -1));
    assertEquals(4, PacketNumbers.lengthFor(1 << 23, -1));
    assertEquals(4, PacketNumbers.lengthFor((1L << 31) - 1, -1));
    assertThrows(IllegalArgumentException.class, () -> PacketNumbers.lengthFor(1L << 31, -1));
    assertThrows(IllegalArgumentException.class, () -> PacketNumbers.lengthFor(7, 7));
  }

  @Test
  void expansionStaysInsideTheRangeAtBothEnds() {
    assertEquals(0, PacketNumbers.expand(-1, 0, 1));
    assertEquals(255, PacketNumbers.expand(-1, 255, 1));
    assertEquals(255, PacketNumbers.expand(10, 255, 1));
    assertEquals(256, PacketNumbers.expand(200, 0, 1));
    assertEquals(MAX, PacketNumbers.expand(MAX - 1, 0xff, 1));
    assertEquals(MAX, PacketNumbers.expand(MAX, 0xff, 1));
    assertEquals(MAX - 255, PacketNumbers.expand(MAX, 0, 1));
    assertEquals(MAX - 0xffff_ffffL, PacketNumbers.expand(MAX, 0, 4));
  }

  @Property(tries = 5000)
  void theReceiverFindsTheNumberWhateverItHasOpened(
      @ForAll @LongRange(min = -1, max = MAX - 1) long acknowledged,
      @ForAll @LongRange(min = 1, max = 1L << 31) long ahead,
      @ForAll @LongRange(min = 0, max = 1L << 31) long openedAhead) {
    long number = Math.min(MAX, acknowledged + ahead);
    long opened = Math.min(number - 1, acknowledged + openedAhead);
    int length = PacketNumbers.lengthFor(number, acknowledged);
    long truncated = number & ((1L << (8 * length)) - 1);
    assertEquals(number, PacketNumbers.expand(opened, truncated, length));
  }

  @Property(tries = 5000)
  void expansionOfAnythingIsAPacketNumber(
      @ForAll @LongRange(min = -1, max = MAX) long opened,
      @ForAll long bits,
      @ForAll @IntRange(min = 1, max = 4) int length) {
    long truncated = bits & ((1L << (8 * length)) - 1);
    long number = PacketNumbers.expand(opened, truncated, length);
    assertTrue(number >= 0 && number <= MAX);
    assertEquals(truncated, number & ((1L << (8 * length)) - 1));
  }
}
