package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What counts as the answer to a ping. */
class PingMessageTest {
  private static final long SENT = 123_456_789_012L;

  private final PingMessage pings = new PingMessage(77, 20);

  private int sequence(byte[] answer) {
    return pings.sequence(ByteBuffer.wrap(answer));
  }

  @Test
  void anAnswerIsTheSameToTheBit() {
    for (int before = 1; before < 5; before++) {
      pings.make(before, SENT - before);
    }
    byte[] sent = pings.make(5, SENT);
    assertEquals(5, sequence(sent));
    for (int bit = 0; bit < 8 * sent.length; bit++) {
      byte[] damaged = sent.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      assertEquals(PingMessage.FOREIGN, sequence(damaged), "bit " + bit);
    }
  }

  @Test
  void whatWasNeverSentIsNoAnswer() {
    pings.make(1, SENT);
    byte[] another = new PingMessage(77, 20).make(6, SENT);
    assertEquals(PingMessage.FOREIGN, sequence(another));
    assertEquals(PingMessage.FOREIGN, sequence(new PingMessage(77, 20).make(3, 0)));
  }
}
