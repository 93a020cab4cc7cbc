package io.posthorn.protocol.handshake;

import static io.posthorn.protocol.handshake.Handshakes.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Known answers of RFC 7748. */
class X25519Test {
  /** RFC 7748 §5.2. The second point has its most significant bit set, which is to be ignored. */
  @ParameterizedTest
  @CsvSource({
    "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4,"
        + "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c,"
        + "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d,"
        + "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493,"
        + "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
  })
  void multipliesAsTheRfcSays(String scalar, String point, String product) {
    byte[] shared = new byte[32];
    assertTrue(X25519.agree(hex(scalar), hex(point), shared));
    assertArrayEquals(hex(product), shared);
  }

  /** RFC 7748 §5.2, the iterated test. */
  @Test
  void thousandIterationsGiveTheKnownAnswer() {
    byte[] scalar = hex("09" + "00".repeat(31));
    byte[] point = scalar.clone();
    for (int i = 0; i < 1000; i++) {
      byte[] product = new byte[32];
      assertTrue(X25519.agree(scalar, point, product));
      point = scalar;
      scalar = product;
      if (i == 0) {
        assertArrayEquals(
            hex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"), scalar);
      }
    }
    assertArrayEquals(
        hex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"), scalar);
  }

  /** RFC 7748 §6.1. */
  @Test
  void bothSidesAgreeOnTheKnownSecret() {
    byte[] alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    byte[] bob = hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    byte[] alicePublic = hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    byte[] bobPublic = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    byte[] secret = hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    assertArrayEquals(alicePublic, X25519.publicKey(alice));
    assertArrayEquals(bobPublic, X25519.publicKey(bob));
    byte[] shared = new byte[32];
    assertTrue(X25519.agree(alice, bobPublic, shared));
    assertArrayEquals(secret, shared);
    assertTrue(X25519.agree(bob, alicePublic, shared));
    assertArrayEquals(secret, shared);
  }

  /** All points of small order, canonical or not (the list of curve25519's author). */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000080"
      })
  void pointsOfSmallOrderAreRefused(String point) {
    byte[] scalar = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    assertFalse(X25519.agree(scalar, hex(point), new byte[32]));

    Handshakes ends = Handshakes.noise(1, null);
    assertFalse(ends.responder.readFirst(hex(point), 0, 32));
    byte[] first = ends.first();
    assertTrue(ends.responder.readFirst(first, 0, first.length), "the true one still passes");
  }
}
