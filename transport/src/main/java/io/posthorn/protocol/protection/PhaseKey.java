package io.posthorn.protocol.protection;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * AES-256-GCM for one direction and one key phase. Not thread-safe.
 *
 * <p>A phase has a secret of 32 bytes; that of phase 0 comes from the handshake. All is drawn from
 * it by HKDF-Expand with these labels, in ASCII, as info (RFC 9001 §5.1 and §6.1 do the same with
 * longer ones):
 *
 * <pre>
 *   key                         "posthorn key"    32 bytes
 *   IV                          "posthorn iv"     12 bytes
 *   secret of the next phase    "posthorn next"   32 bytes
 * </pre>
 *
 * <p>The nonce is the IV XOR the packet number (RFC 9001 §5.3). Under one key a packet number comes
 * once, so a nonce does.
 */
final class PhaseKey {
  static final int SECRET_BYTES = 32;
  static final int TAG_BYTES = 16;

  /** What {@link #open} says to a packet that does not verify. */
  static final int FAILED = -1;

  static final int IV_BYTES = 12;
  private static final byte[] KEY_LABEL = label("posthorn key");
  private static final byte[] IV_LABEL = label("posthorn iv");
  private static final byte[] NEXT_LABEL = label("posthorn next");

  private final CipherUse use;
  private final AesKey key;
  private final byte[] secret;
  private final byte[] iv;

  /**
   * Derives the keys of a phase.
   *
   * @param secret 32 bytes, owned by this object from now on
   */
  PhaseKey(byte[] secret, Hkdf hkdf, CipherUse use) {
    this.use = use;
    this.secret = secret;
    this.key = new AesKey(hkdf.expand(secret, KEY_LABEL, AesKey.KEY_BYTES));
    this.iv = hkdf.expand(secret, IV_LABEL, IV_BYTES);
  }

  /** The secret itself, not a copy. */
  byte[] secret() {
    return secret;
  }

  /** The keys of the phase after this one. */
  PhaseKey next(Hkdf hkdf) {
    return new PhaseKey(hkdf.expand(secret, NEXT_LABEL, SECRET_BYTES), hkdf, use);
  }

  /** Seals {@code in} behind the header that stands before {@code outFrom}. Returns the length. */
  int seal(
      long packetNumber,
      byte[] in,
      int from,
      int length,
      byte[] out,
      int headerFrom,
      int headerLength) {
    Cipher cipher = use.ciphers().gcm();
    try {
      cipher.init(Cipher.ENCRYPT_MODE, key, parameters(packetNumber));
      cipher.updateAAD(out, headerFrom, headerLength);
      return cipher.doFinal(in, from, length, out, headerFrom + headerLength);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM takes this key, nonce and buffer", e);
    }
  }

  /**
   * Opens {@code in}, which must be another array than {@code out}. Returns the length or FAILED.
   */
  int open(
      long packetNumber,
      byte[] header,
      int headerLength,
      byte[] in,
      int from,
      int length,
      byte[] out,
      int outFrom) {
    Cipher cipher = use.ciphers().gcm();
    try {
      cipher.init(Cipher.DECRYPT_MODE, key, parameters(packetNumber));
      cipher.updateAAD(header, 0, headerLength);
      return cipher.doFinal(in, from, length, out, outFrom);
    } catch (AEADBadTagException e) {
      return FAILED;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM takes this key, nonce and buffer", e);
    }
  }

  /** Erases secret, key and IV. */
  void destroy() {
    key.destroy();
    Arrays.fill(secret, (byte) 0);
    Arrays.fill(iv, (byte) 0);
    Arrays.fill(use.nonce(), (byte) 0);
  }

  private GCMParameterSpec parameters(long packetNumber) {
    byte[] nonce = use.nonce();
    System.arraycopy(iv, 0, nonce, 0, IV_BYTES);
    for (int i = 0; i < Long.BYTES; i++) {
      nonce[IV_BYTES - 1 - i] ^= (byte) (packetNumber >>> (8 * i));
    }
    return new GCMParameterSpec(8 * TAG_BYTES, nonce);
  }

  private static byte[] label(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
