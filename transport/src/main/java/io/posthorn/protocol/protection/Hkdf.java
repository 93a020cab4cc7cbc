package io.posthorn.protocol.protection;

import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;

/**
 * HKDF with HMAC-SHA-256 (RFC 5869). Noise's own HKDF is this one with the chaining key as salt and
 * an empty info (Noise rev. 34, §4.3). Not thread-safe.
 */
public final class Hkdf {
  /** Length of a hash and of a pseudorandom key. */
  public static final int HASH_BYTES = 32;

  private static final int OUTPUT_LIMIT_BYTES = 255 * HASH_BYTES; // RFC 5869 §2.3

  private final Mac mac;

  /** Uses the JDK's HmacSHA256. */
  public Hkdf() {
    try {
      mac = Mac.getInstance("HmacSHA256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  /**
   * Draws a pseudorandom key of 32 bytes from {@code inputKeyMaterial} (RFC 5869 §2.2).
   *
   * @param salt may be empty, which counts as 32 zeros
   */
  public byte[] extract(byte[] salt, byte[] inputKeyMaterial) {
    keyed(salt);
    return mac.doFinal(inputKeyMaterial);
  }

  /**
   * Stretches a pseudorandom key (RFC 5869 §2.3).
   *
   * @param length 0 to 8,160 bytes
   */
  public byte[] expand(byte[] pseudorandomKey, byte[] info, int length) {
    if (length < 0 || length > OUTPUT_LIMIT_BYTES) {
      throw new IllegalArgumentException("HKDF gives 0 to 8160 bytes, not " + length);
    }
    byte[] output = new byte[length];
    byte[] block = new byte[HASH_BYTES];
    keyed(pseudorandomKey);
    for (int at = 0, counter = 1; at < length; at += HASH_BYTES, counter++) {
      if (counter > 1) {
        mac.update(block);
      }
      mac.update(info);
      mac.update((byte) counter);
      finishInto(block);
      System.arraycopy(block, 0, output, at, Math.min(HASH_BYTES, length - at));
    }
    Arrays.fill(block, (byte) 0);
    return output;
  }

  private void finishInto(byte[] block) {
    try {
      mac.doFinal(block, 0);
    } catch (ShortBufferException e) {
      throw new IllegalStateException("a SHA-256 hash has 32 bytes", e);
    }
  }

  private void keyed(byte[] key) {
    try {
      // The JDK refuses an empty key. HMAC pads a short key with zeros, so zeros mean the same.
      mac.init(new SecretKeySpec(key.length == 0 ? new byte[HASH_BYTES] : key, "HmacSHA256"));
    } catch (InvalidKeyException e) {
      throw new IllegalStateException("HMAC takes any key", e);
    }
  }
}
