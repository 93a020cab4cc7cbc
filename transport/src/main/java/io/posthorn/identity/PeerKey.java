package io.posthorn.identity;

import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * A public key: who somebody is. On one line it reads {@code posthorn-x25519 BASE64 comment}, the
 * form in which it is given to others. Immutable.
 */
public final class PeerKey {
  /** Length of a public key: that of X25519 (RFC 7748). */
  public static final int KEY_BYTES = 32;

  static final String TYPE = "posthorn-x25519";

  private final byte[] bytes;

  private PeerKey(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * A key of its bytes.
   *
   * @param publicKey 32 bytes, copied
   * @throws IllegalArgumentException if the length is another
   */
  public static PeerKey of(byte[] publicKey) {
    if (publicKey.length != KEY_BYTES) {
      throw new IllegalArgumentException(
          "a public key has " + KEY_BYTES + " bytes, not " + publicKey.length);
    }
    return new PeerKey(publicKey.clone());
  }

  /**
   * Reads the one-line form; what follows the key is a comment.
   *
   * @throws IllegalArgumentException if it is none; the message says what is expected
   */
  public static PeerKey parse(String line) {
    String[] words = line.strip().split("\\s+", 3);
    PeerKey key = words.length >= 2 && words[0].equals(TYPE) ? read(words[1]) : null;
    if (words[0].startsWith("ssh-") || words[0].startsWith("ecdsa-")) {
      // An ssh-ed25519 key has its image on Curve25519, but whoever holds it does not hold the
      // private key of that in a form that Posthorn reads: such a peer could never connect.
      throw new IllegalArgumentException(
          "a key of ssh, which no peer of Posthorn has: ask for the line that the peer's"
              + " \"posthorn keys show\" prints");
    }
    if (key == null) {
      throw new IllegalArgumentException(
          "no public key: expected " + TYPE + " and 44 characters of Base64");
    }
    return key;
  }

  /** The key of its Base64, or null. */
  static @Nullable PeerKey read(String base64) {
    byte[] bytes = Base64Text.decode(base64);
    return bytes == null || bytes.length != KEY_BYTES ? null : new PeerKey(bytes);
  }

  /** A copy of its 32 bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Its fingerprint. */
  public Fingerprint fingerprint() {
    return Fingerprint.of(bytes);
  }

  /** The one-line form, without a comment. */
  public String line() {
    return TYPE + " " + Base64.getEncoder().encodeToString(bytes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PeerKey that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return fingerprint().toString();
  }
}
