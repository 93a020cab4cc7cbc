package io.posthorn.protocol.handshake;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import javax.crypto.KeyAgreement;
import javax.crypto.ShortBufferException;

/**
 * Diffie–Hellman on Curve25519 (RFC 7748) by the JDK, with keys as the 32 little-endian bytes of
 * the RFC.
 */
final class X25519 {
  /** Length of a private key, a public key and a shared secret. */
  static final int KEY_BYTES = 32;

  private static final BigInteger BASE_POINT = BigInteger.valueOf(9); // RFC 7748 §4.1

  private X25519() {}

  /** The public key that belongs to a private key of any 32 bytes. */
  static byte[] publicKey(byte[] privateKey) {
    byte[] publicKey = new byte[KEY_BYTES];
    if (!multiply(privateKey, BASE_POINT, publicKey)) {
      throw new IllegalStateException("the base point has no small order");
    }
    return publicKey;
  }

  /**
   * Computes the shared secret of a private key and the peer's public key.
   *
   * @return false, with {@code sharedSecret} unspecified, if the peer's point has small order, so
   *     that the secret would be all zeros whatever the private key is (RFC 7748 §6.1)
   */
  static boolean agree(byte[] privateKey, byte[] peerPublicKey, byte[] sharedSecret) {
    return multiply(privateKey, decode(peerPublicKey), sharedSecret);
  }

  private static boolean multiply(byte[] privateKey, BigInteger u, byte[] result) {
    try {
      KeyFactory keys = KeyFactory.getInstance("X25519");
      KeyAgreement agreement = KeyAgreement.getInstance("X25519");
      PrivateKey scalar =
          keys.generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, privateKey));
      agreement.init(scalar);
      agreement.doPhase(
          keys.generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, u)), true);
      agreement.generateSecret(result, 0);
    } catch (InvalidKeyException | ShortBufferException e) {
      return false; // what the JDK says to a point of small order
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform since 11 has X25519", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("X25519 takes any 32 bytes", e);
    }
    // Other providers than the JDK's own may let small points through.
    int nonZero = 0;
    for (byte b : result) {
      nonZero |= b;
    }
    return nonZero != 0;
  }

  /**
   * The u-coordinate of a public key. The most significant bit is masked, as implementations MUST
   * (RFC 7748 §5); the JDK reduces values that are not canonical.
   */
  private static BigInteger decode(byte[] publicKey) {
    byte[] bigEndian = new byte[KEY_BYTES];
    for (int i = 0; i < KEY_BYTES; i++) {
      bigEndian[i] = publicKey[KEY_BYTES - 1 - i];
    }
    bigEndian[0] &= 0x7f;
    return new BigInteger(1, bigEndian);
  }
}
