package io.posthorn;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * A pre-shared key, one for all copies of a {@link Security}, so that it can be erased. Its monitor
 * guards its fields.
 */
final class SharedSecret {
  private static final int LEAST_SECRET_CHARS = 8;

  /** OWASP's figure for PBKDF2-HMAC-SHA256 (2023): a third of a second for who has the secret. */
  private static final int STRETCHING_ROUNDS = 600_000;

  private static final byte[] STRETCHING_SALT =
      "posthorn pre-shared secret".getBytes(StandardCharsets.US_ASCII);

  private final byte[] bytes;
  private boolean erased;

  /** A copy of this key, whose length is checked. */
  SharedSecret(byte[] key) {
    if (key.length != Security.PRE_SHARED_KEY_BYTES) {
      throw new IllegalArgumentException(
          "a pre-shared key has "
              + Security.PRE_SHARED_KEY_BYTES
              + " bytes, not "
              + key.length
              + ": give words as characters");
    }
    bytes = key.clone();
  }

  /** The key that words are stretched to; the caller clears them. */
  static SharedSecret of(char[] words) {
    if (words.length < LEAST_SECRET_CHARS) {
      throw new IllegalArgumentException(
          "a secret of "
              + words.length
              + (words.length == 1
                  ? " character: expected at least "
                  : " characters: expected at least ")
              + LEAST_SECRET_CHARS
              + ", better six random words");
    }
    byte[] key = stretched(words);
    SharedSecret secret = new SharedSecret(key);
    Arrays.fill(key, (byte) 0);
    return secret;
  }

  private static byte[] stretched(char[] secret) {
    PBEKeySpec words =
        new PBEKeySpec(
            secret, STRETCHING_SALT, STRETCHING_ROUNDS, 8 * Security.PRE_SHARED_KEY_BYTES);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
          .generateSecret(words)
          .getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK has PBKDF2WithHmacSHA256", e);
    } finally {
      words.clearPassword();
    }
  }

  /** A copy of the key, which the caller clears. */
  synchronized byte[] copy() {
    requireThere();
    return bytes.clone();
  }

  /** Fails if it was erased. */
  synchronized void requireThere() {
    if (erased) {
      throw new IllegalStateException(
          "the pre-shared key was erased by destroy(): make another Security");
    }
  }

  synchronized void erase() {
    Arrays.fill(bytes, (byte) 0);
    erased = true;
  }
}
