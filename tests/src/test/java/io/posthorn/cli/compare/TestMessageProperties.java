package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class TestMessageProperties {
  @Property(tries = 300)
  void everyMessageIsReadBack(
      @ForAll @IntRange(min = 16, max = 300) int bytes,
      @ForAll @IntRange(min = 0) int index,
      @ForAll long due,
      @ForAll @IntRange(max = 9) int offset) {
    TestMessage format = new TestMessage(bytes);
    byte[] room = new byte[offset + bytes + 3];
    format.write(room, offset, index, due);
    assertEquals(index, new TestMessage(bytes).index(room, offset, bytes));
  }

  @Property(tries = 300)
  void everyFlippedBitIsSeen(
      @ForAll @IntRange(min = 16, max = 200) int bytes,
      @ForAll @IntRange(min = 0) int index,
      @ForAll @IntRange(max = 1_599) int bit) {
    TestMessage format = new TestMessage(bytes);
    byte[] message = new byte[bytes];
    format.write(message, 0, index, 7);
    int flipped = bit % (bytes * 8);
    message[flipped / 8] ^= (byte) (1 << flipped % 8);
    assertEquals(TestMessage.CORRUPTED, format.index(message, 0, bytes));
  }

  @Property(tries = 200)
  void otherLengthsAreCorrupted(
      @ForAll @IntRange(min = 16, max = 200) int bytes, @ForAll @IntRange(max = 220) int length) {
    byte[] message = new byte[220];
    TestMessage format = new TestMessage(bytes);
    format.write(message, 0, 1, 1);
    assertEquals(length == bytes ? 1 : TestMessage.CORRUPTED, format.index(message, 0, length));
  }

  @Example
  void fillerDiffersFromMessageToMessage() {
    TestMessage format = new TestMessage(64);
    byte[] first = new byte[64];
    byte[] second = new byte[64];
    byte[] again = new byte[64];
    format.write(first, 0, 1, 0);
    format.write(second, 0, 2, 0);
    format.write(again, 0, 1, 0);
    assertArrayEquals(first, again);
    assertFalse(
        Arrays.equals(Arrays.copyOfRange(first, 16, 64), Arrays.copyOfRange(second, 16, 64)));
  }

  @Example
  void tooSmallSizesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new TestMessage(15));
  }
}
