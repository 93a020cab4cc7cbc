package io.posthorn.protocol.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.GeneralSecurityException;
import java.util.SplittableRandom;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * FAULTS 43: one half-open handshake and third messages at line rate. Whatever they are, they cost
 * one Diffie–Hellman result together, and the true one passes after them.
 */
class ThirdMessageFloodTest {
  private static final int FLOOD = 2_000;
  private static final int SEALED_KEY_BYTES = 48;

  private final SplittableRandom random = new SplittableRandom(43);
  private final NoiseXX initiator =
      NoiseXX.initiator(StaticKey.generate(random), Handshakes.CONNECTION_ID, null, random);
  private final NoiseXX responder =
      NoiseXX.responder(StaticKey.generate(random), Handshakes.CONNECTION_ID, null, random);
  private final byte[] payload = new byte[600];
  private byte[] hash = {};
  private byte[] key = {};
  private byte[] third = {};

  /** Up to the true third message, with all that its sender knows. */
  @BeforeEach
  void begin() {
    Handshakes ends = new Handshakes(initiator, responder);
    initiator.keepKeys();
    byte[] first = ends.first();
    assertTrue(responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    assertTrue(initiator.readSecond(second, 0, second.length, payload) > 0);
    hash = initiator.handshakeHash();
    third = ends.third();
    initiator.revealKeys(
        (secondStatic, secondPayload, thirdPayload, thirdHash) -> key = secondPayload.clone());
  }

  /** A third message whose static key opens, to this one, and whose payload does not. */
  private byte[] withStaticKey(byte[] publicKey) {
    try {
      byte[] nonce = new byte[12];
      nonce[11] = 1; // the second text under this key: the parameters in M2 were the first
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
      cipher.updateAAD(hash);
      byte[] message = new byte[SEALED_KEY_BYTES + 38];
      random.nextBytes(message);
      cipher.doFinal(publicKey, 0, publicKey.length, message, 0);
      return message;
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private byte[] randomKey() {
    byte[] publicKey = new byte[32];
    random.nextBytes(publicKey);
    return publicKey;
  }

  private void assertRefused(byte[] message) {
    assertEquals(Handshake.FAILED, responder.readThird(message, 0, message.length, payload));
    assertEquals(0, responder.remoteStatic().length, "nobody is known yet");
  }

  private void assertTheTrueOnePasses() {
    assertTrue(responder.readThird(third, 0, third.length, payload) > 0);
    assertFalse(responder.isFurtherThird(third, 0, third.length), "it is over");
    assertTrue(Handshakes.passes(initiator.split(), responder.split(), 0));
  }

  @Test
  void fault43_aWrongPayloadBehindTheTrueKeyCostsOneAgreement() {
    int before = responder.agreements();
    for (int i = 0; i < FLOOD; i++) {
      byte[] forged = third.clone();
      forged[SEALED_KEY_BYTES + i % (third.length - SEALED_KEY_BYTES)] ^= (byte) (1 + i % 255);
      assertRefused(forged);
    }
    assertEquals(1, responder.agreements() - before);
    assertTrue(responder.isFurtherThird(third, 0, third.length));
    assertTheTrueOnePasses();
    assertEquals(1, responder.agreements() - before, "not even for the true one");
  }

  @Test
  void fault43_anotherStaticKeyEachTimeCostsOneAgreement() {
    int before = responder.agreements();
    byte[] first = withStaticKey(randomKey());
    assertRefused(first);
    for (int i = 0; i < FLOOD; i++) {
      byte[] next = withStaticKey(randomKey());
      assertFalse(responder.isFurtherThird(next, 0, next.length));
      assertRefused(next);
    }
    assertEquals(1, responder.agreements() - before);
    assertTrue(responder.isFurtherThird(first, 0, first.length));
    assertFalse(responder.isFurtherThird(first, 0, SEALED_KEY_BYTES + 15), "too short");
  }

  @Test
  void fault43_aStaticKeyOfSmallOrderCostsOneAgreement() {
    int before = responder.agreements();
    for (int i = 0; i < FLOOD; i++) {
      byte[] smallOrder = new byte[32];
      smallOrder[0] = (byte) (i % 2); // 0 and 1 are of small order (RFC 7748 §6.1)
      assertRefused(withStaticKey(smallOrder));
    }
    assertEquals(1, responder.agreements() - before);
  }

  /** Who does not know the keys, be he on the path, makes nobody compute or count anything. */
  @Test
  void fault43_aStaticKeyThatDoesNotOpenCostsNothing() {
    int before = responder.agreements();
    for (int i = 0; i < FLOOD; i++) {
      byte[] forged = third.clone();
      forged[i % SEALED_KEY_BYTES] ^= (byte) (1 + i % 255);
      assertRefused(forged);
    }
    assertEquals(0, responder.agreements() - before);
    assertFalse(responder.isFurtherThird(third, 0, third.length), "none was refused");
    assertTheTrueOnePasses();
  }

  /** A payload that verified and makes no sense leaves all as it was, as one that did not. */
  @Test
  void fault58_aPayloadThatIsRefusedIsAsOneThatDidNotVerify() {
    for (int i = 0; i < 3; i++) {
      int read = responder.readThird(third, 0, third.length, payload, (text, length) -> false);
      assertEquals(Handshake.FAILED, read);
      assertTrue(responder.isFurtherThird(third, 0, third.length));
      assertEquals(0, responder.remoteStatic().length, "nobody is known yet");
    }
    assertTheTrueOnePasses();
    Handshakes clear = Handshakes.clear(1);
    byte[] first = clear.first();
    assertTrue(clear.responder.readFirst(first, 0, first.length));
    byte[] second = clear.second();
    assertTrue(clear.initiator.readSecond(second, 0, second.length, payload) > 0);
    byte[] last = clear.third();
    assertEquals(
        Handshake.FAILED,
        clear.responder.readThird(last, 0, last.length, payload, (text, length) -> false));
    assertTrue(clear.responder.readThird(last, 0, last.length, payload) > 0);
  }
}
