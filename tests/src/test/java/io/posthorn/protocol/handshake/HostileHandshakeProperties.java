package io.posthorn.protocol.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Any bytes may come instead of a handshake message, and all they get is a refusal. */
class HostileHandshakeProperties {
  private final byte[] payload = new byte[600];

  @Property(tries = 200)
  void arbitraryBytesAreRefusedAtEveryStep(
      @ForAll @IntRange(max = 2) int suite,
      @ForAll long seed,
      @ForAll @Size(max = 300) byte[] hostile) {
    Handshakes ends = Handshakes.ofSuite(suite, seed);
    byte[] first = ends.first();
    if (suite != 1) { // in suite 1 any 32 bytes but a few are a key
      assertFalse(ends.responder.readFirst(hostile, 0, hostile.length));
    }
    assertEquals(Handshake.FAILED, ends.initiator.readSecond(hostile, 0, hostile.length, payload));
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    assertEquals(Handshake.FAILED, ends.responder.readThird(hostile, 0, hostile.length, payload));
    assertTrue(ends.initiator.readSecond(second, 0, second.length, payload) > 0);
    byte[] third = ends.third();
    assertTrue(ends.responder.readThird(third, 0, third.length, payload) > 0);
  }

  @Property(tries = 200)
  void mutatedMessagesAreRefusedAndTheTrueOnesStillPass(
      @ForAll @IntRange(max = 2) int suite, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Handshakes ends = Handshakes.ofSuite(suite, seed);
    byte[] first = ends.first();
    if (suite != 1) {
      byte[] mutated = mutate(first, random);
      assertFalse(ends.responder.readFirst(mutated, 0, mutated.length));
    }
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    byte[] mutated = mutate(second, random);
    assertEquals(Handshake.FAILED, ends.initiator.readSecond(mutated, 0, mutated.length, payload));
    assertEquals(
        Handshakes.SECOND_PAYLOAD.length,
        ends.initiator.readSecond(second, 0, second.length, payload));
    byte[] third = ends.third();
    mutated = mutate(third, random);
    assertEquals(Handshake.FAILED, ends.responder.readThird(mutated, 0, mutated.length, payload));
    assertEquals(
        Handshakes.THIRD_PAYLOAD.length, ends.responder.readThird(third, 0, third.length, payload));
    assertTrue(Handshakes.passes(ends.initiator.split(), ends.responder.split(), 0));
  }

  /** One to three bits flipped within 4 bytes (which a CRC always finds), or cut, or lengthened. */
  private static byte[] mutate(byte[] message, SplittableRandom random) {
    int kind = random.nextInt(4);
    if (kind == 0) {
      return Arrays.copyOf(message, random.nextInt(message.length));
    }
    if (kind == 1) {
      byte[] longer = new byte[message.length + 1 + random.nextInt(40)];
      random.nextBytes(longer);
      System.arraycopy(message, 0, longer, 0, message.length);
      return longer;
    }
    byte[] flipped = message.clone();
    int firstBit = random.nextInt(8 * message.length - 16);
    for (int i = 0; i <= random.nextInt(3); i++) {
      int bit = firstBit + 8 * i; // another byte, so that no flip undoes another
      flipped[bit >>> 3] ^= (byte) (1 << (bit & 7));
    }
    return flipped;
  }
}
