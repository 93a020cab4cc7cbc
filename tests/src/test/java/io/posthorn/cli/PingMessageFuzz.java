package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.posthorn.fuzz.FuzzInput;
import java.nio.ByteBuffer;
import java.util.List;

/** An answer is taken for that to a ping only if it is, byte for byte, what that ping sent. */
public final class PingMessageFuzz {
  private static final int RUN = 0x01020304;
  private static final int PINGS = 7;

  private PingMessageFuzz() {}

  /**
   * Takes the size of the pings beyond the least, 255 for that of the answer, and then the answer.
   */
  public static void fuzzerTestOneInput(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    int more = in.next();
    byte[] answer = in.rest();
    int size = more == 255 ? Math.max(PingMessage.MINIMUM_BYTES, answer.length) : 16 + more;
    PingMessage pings = new PingMessage(RUN, size);
    ByteBuffer inBuffer = ByteBuffer.allocate(answer.length + 3).position(3).put(answer);
    inBuffer.position(3);
    byte[][] sent = new byte[PINGS + 1][];
    for (int sequence = 1; sequence <= PINGS; sequence++) {
      sent[sequence] = pings.make(sequence, sequence - 2);
    }
    int sequence = pings.sequence(inBuffer);
    if (sequence != PingMessage.FOREIGN) {
      assertArrayEquals(sent[sequence], answer);
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    return List.of(
        seed(0, new PingMessage(RUN, 16).make(7, 5)),
        seed(255, new PingMessage(RUN, 64).make(7, 5)),
        seed(255, new PingMessage(RUN, 64).make(7, -1)),
        seed(9, new PingMessage(RUN, 25).make(8, 5)),
        seed(20, new PingMessage(RUN, 36).make(Integer.MAX_VALUE, Long.MAX_VALUE)),
        seed(255, new PingMessage(RUN, 20).make(0, 1)),
        seed(255, new PingMessage(RUN + 1, 20).make(1, 1)),
        seed(255, new byte[] {1, 2, 3}));
  }

  private static byte[] seed(int more, byte[] answer) {
    return ByteBuffer.allocate(1 + answer.length).put((byte) more).put(answer).array();
  }
}
