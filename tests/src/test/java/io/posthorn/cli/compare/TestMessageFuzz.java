package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.fuzz.FuzzInput;
import java.util.Arrays;
import java.util.List;

/** Bytes from the network are a whole message, wherever they lie in their array, or corrupted. */
public final class TestMessageFuzz {
  private TestMessageFuzz() {}

  /**
   * Takes the size of messages, a byte of which the lowest bit asks for a true message upon which
   * the rest is XORed, and the rest.
   */
  public static void fuzzerTestOneInput(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    TestMessage messages = new TestMessage(TestMessage.MINIMUM_BYTES + (in.nextShort() & 0xfff));
    int how = in.next();
    byte[] bytes = in.rest();
    if ((how & 1) != 0) {
      byte[] message = new byte[messages.messageBytes()];
      messages.write(message, 0, how >> 1, bytes.length);
      assertEquals(how >> 1, messages.index(message, 0, message.length));
      for (int i = 0; i < Math.min(bytes.length, message.length); i++) {
        message[i] ^= bytes[i];
      }
      int end = Math.min(bytes.length, message.length);
      if (isBurst(bytes, end)) {
        assertEquals(TestMessage.CORRUPTED, messages.index(message, 0, message.length));
      }
      bytes = message;
    }
    int index = messages.index(bytes, 0, bytes.length);
    assertTrue(index >= 0 || index == TestMessage.CORRUPTED, index + "");
    assertTrue(index < 0 || bytes.length == messages.messageBytes());
    byte[] shifted = new byte[bytes.length + 5];
    System.arraycopy(bytes, 0, shifted, 5, bytes.length);
    assertEquals(index, messages.index(shifted, 5, bytes.length));
    if (bytes.length > 0) {
      byte[] cut = Arrays.copyOf(bytes, bytes.length - 1);
      assertEquals(TestMessage.CORRUPTED, messages.index(cut, 0, bytes.length), "not all there");
    }
  }

  /** Whether no checksum of 32 bits, itself the bytes from 4 to 8, misses that this was changed. */
  private static boolean isBurst(byte[] change, int count) {
    int first = 0;
    while (first < count && change[first] == 0) {
      first++;
    }
    int end = count;
    while (end > first && change[end - 1] == 0) {
      end--;
    }
    boolean within = end <= 4 || first >= 8 || (first >= 4 && end <= 8);
    return end > first && end - first <= Integer.BYTES && within;
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    return List.of(
        new byte[] {0, 0, 1},
        new byte[] {0, 50, 9, 0},
        new byte[] {0, 50, 9, 1},
        new byte[] {0, 3, 9, 0, 0, 0, 0, (byte) 0x80},
        new byte[] {0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  }
}
