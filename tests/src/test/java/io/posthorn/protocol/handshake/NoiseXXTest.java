package io.posthorn.protocol.handshake;

import static io.posthorn.protocol.handshake.Handshakes.CONNECTION_ID;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NoiseXXTest {
  private final byte[] payload = new byte[1200];

  @Test
  void bothEndsKnowEachOtherAndShareKeys() {
    SplittableRandom random = new SplittableRandom(3);
    StaticKey client = StaticKey.generate(random);
    StaticKey server = StaticKey.generate(random);
    Handshakes ends =
        new Handshakes(
                NoiseXX.initiator(client, CONNECTION_ID, null, random),
                NoiseXX.responder(server, CONNECTION_ID, null, random))
            .complete();
    assertArrayEquals(server.publicKey(), ends.initiator.remoteStatic());
    assertArrayEquals(client.publicKey(), ends.responder.remoteStatic());
    assertArrayEquals(ends.initiator.localEphemeral(), ends.responder.remoteEphemeral());
    assertArrayEquals(ends.responder.localEphemeral(), ends.initiator.remoteEphemeral());

    PacketProtection left = ends.initiator.split();
    PacketProtection right = ends.responder.split();
    assertTrue(Handshakes.passes(left, right, 0));
    assertTrue(Handshakes.passes(right, left, 0));
    assertFalse(Handshakes.passes(left, left, 1), "a packet that comes back does not open");
  }

  @Test
  void payloadsArriveAndAreNotReadableOnTheWay() {
    Handshakes ends = Handshakes.noise(4, null);
    byte[] first = ends.first();
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    int length = ends.initiator.readSecond(second, 0, second.length, payload);
    assertArrayEquals(Handshakes.SECOND_PAYLOAD, Arrays.copyOf(payload, length));
    assertFalse(new String(second, UTF_8).contains("parameters"));
    byte[] third = ends.third();
    length = ends.responder.readThird(third, 0, third.length, payload);
    assertArrayEquals(Handshakes.THIRD_PAYLOAD, Arrays.copyOf(payload, length));
    assertFalse(new String(third, UTF_8).contains("parameters"));
  }

  @Test
  void theSameSeedGivesTheSameBytes() {
    for (long seed : new long[] {0, 1, -1}) {
      Handshakes one = Handshakes.noise(seed, null);
      Handshakes other = Handshakes.noise(seed, null);
      byte[] first = one.first();
      assertArrayEquals(first, other.first());
      one.responder.readFirst(first, 0, first.length);
      other.responder.readFirst(first, 0, first.length);
      assertArrayEquals(one.second(), other.second());
    }
    assertFalse(
        Arrays.equals(Handshakes.noise(1, null).first(), Handshakes.noise(2, null).first()));
  }

  @Test
  void eachFlippedBitOfTheSecondMessageIsRefusedAndTheTrueOneStillPasses() {
    Handshakes ends = Handshakes.noise(5, null);
    byte[] first = ends.first();
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    for (int bit = 0; bit < 8 * second.length; bit++) {
      // The most significant bit of an X25519 key means nothing (RFC 7748 §5), but it is in the
      // transcript, so even that one is noticed.
      byte[] forged = flipped(second, bit);
      assertEquals(Handshake.FAILED, ends.initiator.readSecond(forged, 0, forged.length, payload));
    }
    assertTrue(ends.initiator.readSecond(second, 0, second.length, payload) > 0);
    byte[] third = ends.third();
    assertTrue(ends.responder.readThird(third, 0, third.length, payload) > 0);
    assertTrue(Handshakes.passes(ends.initiator.split(), ends.responder.split(), 0));
  }

  @Test
  void eachFlippedBitOfTheThirdMessageIsRefusedAndTheTrueOneStillPasses() {
    Handshakes ends = Handshakes.noise(6, new byte[32]);
    byte[] first = ends.first();
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    assertTrue(ends.initiator.readSecond(second, 0, second.length, payload) > 0);
    byte[] third = ends.third();
    for (int bit = 0; bit < 8 * third.length; bit++) {
      byte[] forged = flipped(third, bit);
      assertEquals(Handshake.FAILED, ends.responder.readThird(forged, 0, forged.length, payload));
      assertEquals(0, ends.responder.remoteStatic().length, "nobody is known yet");
    }
    assertTrue(ends.responder.readThird(third, 0, third.length, payload) > 0);
    assertTrue(Handshakes.passes(ends.responder.split(), ends.initiator.split(), 0));
  }

  @Test
  void everyTruncationIsRefused() {
    Handshakes ends = Handshakes.noise(7, null);
    byte[] first = ends.first();
    for (int length = 0; length < first.length; length++) {
      assertFalse(ends.responder.readFirst(first, 0, length));
    }
    assertFalse(ends.responder.readFirst(Arrays.copyOf(first, 33), 0, 33), "and an addition");
    assertFalse(ends.responder.readFirst(first, 1, first.length), "and a length beyond the end");
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    for (int length = 0; length < second.length; length++) {
      assertEquals(Handshake.FAILED, ends.initiator.readSecond(second, 0, length, payload));
    }
    assertTrue(ends.initiator.readSecond(second, 0, second.length, payload) > 0);
    byte[] third = ends.third();
    for (int length = 0; length < third.length; length++) {
      assertEquals(Handshake.FAILED, ends.responder.readThird(third, 0, length, payload));
    }
  }

  @Test
  void aPayloadLargerThanItsBufferIsRefused() {
    Handshakes ends = Handshakes.noise(8, null);
    byte[] first = ends.first();
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    byte[] small = new byte[Handshakes.SECOND_PAYLOAD.length - 1];
    assertEquals(Handshake.FAILED, ends.initiator.readSecond(second, 0, second.length, small));
    assertTrue(ends.initiator.readSecond(second, 0, second.length, payload) > 0);
  }

  /** What an end wrote itself never completes its own handshake. */
  @Test
  void fault60_anEndDoesNotCompleteWithItsOwnMessages() {
    SplittableRandom random = new SplittableRandom(9);
    StaticKey key = StaticKey.generate(random);
    NoiseXX initiator = NoiseXX.initiator(key, CONNECTION_ID, null, random);
    byte[] first = new byte[32];
    initiator.writeFirst(first, 0);
    byte[] reflected = Arrays.copyOf(first, 200);
    assertEquals(Handshake.FAILED, initiator.readSecond(reflected, 0, 200, payload));
    assertEquals(Handshake.FAILED, initiator.readSecond(reflected, 0, 32, payload));
  }

  /** An M2 over another prologue does not open: nobody on the path chooses version or suite. */
  @Test
  void eachByteOfThePrologueIsBound() {
    SplittableRandom random = new SplittableRandom(14);
    StaticKey key = StaticKey.generate(random);
    byte[] prologue = Prologue.of(1, CONNECTION_ID);
    for (int at = 0; at < prologue.length; at++) {
      byte[] other = prologue.clone();
      other[at] ^= 1;
      assertSecondFails(
          NoiseXX.initiator(key, CONNECTION_ID, null, random), responder(key, other, random));
    }
    Handshakes ends =
        new Handshakes(
            NoiseXX.initiator(key, CONNECTION_ID, null, random), responder(key, prologue, random));
    ends.complete();
  }

  /** What the prologue says, as another implementation would write it. */
  @Test
  void thePrologueTellsVersionSuiteAndConnectionId() {
    byte[] one = Prologue.of(1, CONNECTION_ID);
    byte[] expected = new byte[21];
    System.arraycopy("posthorn".getBytes(UTF_8), 0, expected, 0, 8);
    BigEndian.putInt(expected, 8, WireLimits.VERSION);
    expected[12] = 1;
    BigEndian.putLong(expected, 13, CONNECTION_ID);
    assertArrayEquals(expected, one);
    expected[12] = 2;
    assertArrayEquals(expected, Prologue.of(2, CONNECTION_ID));
  }

  private static NoiseXX responder(StaticKey key, byte[] prologue, SplittableRandom random) {
    byte[] ephemeral = new byte[32];
    random.nextBytes(ephemeral);
    return new NoiseXX(false, key, ephemeral, prologue, null);
  }

  @Test
  void connectionIdAndSecretAreBound() {
    SplittableRandom random = new SplittableRandom(10);
    StaticKey key = StaticKey.generate(random);
    byte[] secret = new byte[32];
    secret[3] = 1;
    assertSecondFails(
        NoiseXX.initiator(key, 1, null, random), NoiseXX.responder(key, 2, null, random));
    // Another secret shows only in the third message: psk3 is mixed in there.
    Handshakes ends =
        new Handshakes(
            NoiseXX.initiator(key, 1, new byte[32], random),
            NoiseXX.responder(key, 1, secret, random));
    byte[] first = ends.first();
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    assertTrue(ends.initiator.readSecond(second, 0, second.length, payload) > 0);
    byte[] third = ends.third();
    assertEquals(Handshake.FAILED, ends.responder.readThird(third, 0, third.length, payload));
    // With a secret on one side alone, not even the first message fits.
    byte[] bare = Handshakes.noise(1, null).first();
    assertFalse(
        NoiseXX.responder(key, CONNECTION_ID, secret, random).readFirst(bare, 0, bare.length));
  }

  private void assertSecondFails(NoiseXX initiator, NoiseXX responder) {
    Handshakes ends = new Handshakes(initiator, responder);
    byte[] first = ends.first();
    assertTrue(responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    assertEquals(Handshake.FAILED, initiator.readSecond(second, 0, second.length, payload));
  }

  /** Everything fits in this message, but its secret is zero whoever computes it. */
  @Test
  void fault59_anIdentityOfSmallOrderIsRefused() {
    SplittableRandom random = new SplittableRandom(11);
    NoiseXX initiator = NoiseXX.initiator(StaticKey.generate(random), CONNECTION_ID, null, random);
    byte[] first = new byte[32];
    initiator.writeFirst(first, 0);
    byte[] ephemeralPrivate = new byte[32];
    random.nextBytes(ephemeralPrivate);

    byte[] second = new byte[32 + 48 + 16];
    System.arraycopy(X25519.publicKey(ephemeralPrivate), 0, second, 0, 32);
    NoiseSymmetricState state = new NoiseSymmetricState("Noise_XX_25519_AESGCM_SHA256");
    byte[] prologue = Prologue.of(1, CONNECTION_ID);
    state.mixHash(prologue, 0, prologue.length);
    state.mixHash(first, 0, 32);
    state.mixHash(first, 0, 0);
    state.mixHash(second, 0, 32);
    byte[] secret = new byte[32];
    assertTrue(X25519.agree(ephemeralPrivate, first, secret));
    state.mixKey(secret);
    state.encryptAndHash(new byte[32], 0, 32, second, 32);
    NoiseSymmetricState withZero = state.copy();
    withZero.mixKey(new byte[32]);
    withZero.encryptAndHash(new byte[0], 0, 0, second, 80);
    assertEquals(Handshake.FAILED, initiator.readSecond(second, 0, second.length, payload));

    // The same message with a sound identity passes: nothing else was wrong with it.
    byte[] sound = second.clone();
    NoiseSymmetricState again = new NoiseSymmetricState("Noise_XX_25519_AESGCM_SHA256");
    again.mixHash(prologue, 0, prologue.length);
    again.mixHash(first, 0, 32);
    again.mixHash(first, 0, 0);
    again.mixHash(second, 0, 32);
    again.mixKey(secret);
    byte[] identity = new byte[32];
    random.nextBytes(identity);
    again.encryptAndHash(X25519.publicKey(identity), 0, 32, sound, 32);
    assertTrue(X25519.agree(identity, first, secret));
    again.mixKey(secret);
    again.encryptAndHash(new byte[0], 0, 0, sound, 80);
    assertEquals(0, initiator.readSecond(sound, 0, sound.length, payload));
  }

  @Test
  void callsOutOfOrderAreFaultsOfTheCaller() {
    Handshakes ends = Handshakes.noise(12, null);
    assertThrows(IllegalStateException.class, () -> ends.responder.writeFirst(payload, 0));
    assertThrows(IllegalStateException.class, () -> ends.initiator.readFirst(payload, 0, 32));
    assertThrows(IllegalStateException.class, ends.initiator::split);
    assertThrows(
        IllegalStateException.class, () -> ends.responder.writeSecond(payload, 0, payload, 0));
    ends.complete();
    ends.initiator.split();
    assertThrows(IllegalStateException.class, ends.initiator::split);
    ends.responder.destroy();
    assertThrows(IllegalStateException.class, ends.responder::split);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            NoiseXX.initiator(
                StaticKey.generate(new SplittableRandom(1)),
                1,
                new byte[31],
                new SplittableRandom(1)));
  }

  /** FAULTS 56: what a restart repeats is the identity, never a key. */
  @Test
  void everyConnectionHasItsOwnKeys() {
    SplittableRandom random = new SplittableRandom(13);
    StaticKey client = StaticKey.generate(random);
    StaticKey server = StaticKey.generate(random);
    byte[][] secrets = new byte[2][];
    for (int i = 0; i < 2; i++) {
      NoiseXX initiator = NoiseXX.initiator(client, CONNECTION_ID, null, random);
      NoiseXX responder = NoiseXX.responder(server, CONNECTION_ID, null, random);
      new Handshakes(initiator, responder).complete();
      byte[][] split = initiator.splitSecrets();
      assertFalse(Arrays.equals(split[0], split[1]));
      secrets[i] = split[0];
    }
    assertFalse(Arrays.equals(secrets[0], secrets[1]));
  }

  @Test
  void textShowsNoSecret() {
    byte[] privateKey = new byte[32];
    Arrays.fill(privateKey, (byte) 0x41);
    StaticKey key = StaticKey.of(privateKey);
    assertEquals(key.fingerprint().toString(), key.toString());
    assertTrue(key.toString().matches("SHA256:[A-Za-z0-9+/]{43}"));
    assertTrue(key.fingerprint().isOf(key.publicKey()));
    assertFalse(key.fingerprint().isOf(key.privateKey()));
    assertArrayEquals(privateKey, key.privateKey());
    assertEquals(
        "NoiseXX[initiator, WRITE_FIRST]",
        NoiseXX.initiator(key, 1, null, new SplittableRandom(1)).toString());
    assertThrows(IllegalArgumentException.class, () -> StaticKey.of(new byte[33]));
  }

  private static byte[] flipped(byte[] message, int bit) {
    byte[] forged = message.clone();
    forged[bit >>> 3] ^= (byte) (1 << (bit & 7));
    return forged;
  }
}
