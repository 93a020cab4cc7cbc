package io.posthorn.protocol.handshake;

import static io.posthorn.protocol.handshake.Handshakes.CONNECTION_ID;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ClearHandshakeTest {
  private final byte[] payload = new byte[1200];

  @Test
  void bothEndsFinishAndExchangePackets() {
    Handshakes ends = Handshakes.clear(1).complete();
    assertArrayEquals(ends.initiator.localEphemeral(), ends.responder.remoteEphemeral());
    assertArrayEquals(ends.responder.localEphemeral(), ends.initiator.remoteEphemeral());
    assertEquals(0, ends.initiator.remoteStatic().length);
    assertTrue(Handshakes.passes(ends.initiator.split(), ends.responder.split(), 0));
    assertThrows(IllegalStateException.class, ends.initiator::split);
  }

  @Test
  void parametersAreReadableOnTheWay() {
    Handshakes ends = Handshakes.clear(2);
    byte[] first = ends.first();
    assertEquals(ClearHandshake.FIRST_BYTES, first.length);
    assertArrayEquals(ends.initiator.localEphemeral(), Arrays.copyOf(first, 32));
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    assertEquals(
        new String(Handshakes.SECOND_PAYLOAD, UTF_8),
        new String(second, 32, Handshakes.SECOND_PAYLOAD.length, UTF_8));
  }

  @Test
  void eachFlippedBitIsRefusedAndTheTrueMessageStillPasses() {
    Handshakes ends = Handshakes.clear(3);
    byte[] first = ends.first();
    for (int bit = 0; bit < 8 * first.length; bit++) {
      assertFalse(ends.responder.readFirst(flipped(first, bit), 0, first.length));
    }
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    for (int bit = 0; bit < 8 * second.length; bit++) {
      byte[] damaged = flipped(second, bit);
      assertEquals(
          Handshake.FAILED, ends.initiator.readSecond(damaged, 0, damaged.length, payload));
    }
    assertTrue(ends.initiator.readSecond(second, 0, second.length, payload) > 0);
    byte[] third = ends.third();
    for (int bit = 0; bit < 8 * third.length; bit++) {
      byte[] damaged = flipped(third, bit);
      assertEquals(Handshake.FAILED, ends.responder.readThird(damaged, 0, damaged.length, payload));
    }
    assertTrue(ends.responder.readThird(third, 0, third.length, payload) > 0);
  }

  @Test
  void theTranscriptBindsTheConnectionIdAndTheRandomBytes() {
    SplittableRandom random = new SplittableRandom(4);
    byte[] first = new byte[40];
    ClearHandshake.initiator(1, random).writeFirst(first, 0);
    assertFalse(
        ClearHandshake.responder(2, random).readFirst(first, 0, ClearHandshake.FIRST_BYTES));

    // The third message of one attempt is none of another.
    Handshakes one = Handshakes.clear(5);
    byte[] message = one.first();
    one.responder.readFirst(message, 0, message.length);
    message = one.second();
    one.initiator.readSecond(message, 0, message.length, payload);
    byte[] third = one.third();
    Handshakes other =
        new Handshakes(
            ClearHandshake.initiator(CONNECTION_ID, random),
            ClearHandshake.responder(CONNECTION_ID, random));
    message = other.first();
    assertTrue(other.responder.readFirst(message, 0, message.length));
    other.second();
    assertEquals(Handshake.FAILED, other.responder.readThird(third, 0, third.length, payload));
  }

  /** DESIGN §6: no packet can switch a peer from one kind of security into the other. */
  @Test
  void noiseAndClearRefuseEachOther() {
    byte[] clear = Handshakes.clear(6).first();
    byte[] noise = Handshakes.noise(6, null).first();
    assertFalse(Handshakes.noise(7, null).responder.readFirst(clear, 0, clear.length));
    assertFalse(Handshakes.clear(7).responder.readFirst(noise, 0, noise.length));
  }

  private static byte[] flipped(byte[] message, int bit) {
    byte[] damaged = message.clone();
    damaged[bit >>> 3] ^= (byte) (1 << (bit & 7));
    return damaged;
  }
}
