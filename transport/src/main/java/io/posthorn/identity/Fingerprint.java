package io.posthorn.identity;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The SHA-256 of a public key, short enough to be read over the telephone. Its text is "SHA256:"
 * and the hash in Base64 without padding, as ssh shows it. Immutable.
 */
public final class Fingerprint {
  private static final String PREFIX = "SHA256:";
  private static final int HASH_BYTES = 32;

  private final byte[] hash;

  private Fingerprint(byte[] hash) {
    this.hash = hash;
  }

  /** The fingerprint of a public key. */
  public static Fingerprint of(byte[] publicKey) {
    try {
      return new Fingerprint(MessageDigest.getInstance("SHA-256").digest(publicKey));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Reads the text of a fingerprint.
   *
   * @param text "SHA256:" and 43 characters of Base64
   * @throws IllegalArgumentException if it is none; the message says what is expected
   */
  public static Fingerprint parse(String text) {
    Fingerprint read = read(text);
    if (read == null) {
      throw new IllegalArgumentException(
          "no fingerprint: expected " + PREFIX + " and 43 characters of Base64");
    }
    return read;
  }

  /** As {@link #parse}, but null if it is none. */
  static @Nullable Fingerprint read(String text) {
    if (!text.startsWith(PREFIX)) {
      return null;
    }
    byte[] hash = Base64Text.decode(text.substring(PREFIX.length()));
    return hash == null || hash.length != HASH_BYTES ? null : new Fingerprint(hash);
  }

  /** Whether this is the fingerprint of the key; takes the same time whatever differs. */
  public boolean isOf(byte[] publicKey) {
    return MessageDigest.isEqual(hash, of(publicKey).hash);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Fingerprint that && MessageDigest.isEqual(hash, that.hash);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash);
  }

  @Override
  public String toString() {
    return PREFIX + Base64.getEncoder().withoutPadding().encodeToString(hash);
  }
}
