package io.posthorn.identity;

import org.jspecify.annotations.Nullable;

/**
 * A key as it stands in a file, whole or by its fingerprint.
 *
 * @param fingerprint of the key
 * @param comment what follows it on the line, perhaps nothing
 */
record KeyLine(Fingerprint fingerprint, String comment) {
  /** Reads {@code posthorn-x25519 BASE64 comment} or {@code SHA256:… comment}; null if neither. */
  static @Nullable KeyLine read(String text) {
    String[] words = text.strip().split("\\s+", 3);
    if (words[0].equals(PeerKey.TYPE)) {
      PeerKey key = words.length < 2 ? null : PeerKey.read(words[1]);
      return key == null ? null : new KeyLine(key.fingerprint(), words.length < 3 ? "" : words[2]);
    }
    Fingerprint fingerprint = Fingerprint.read(words[0]);
    if (fingerprint == null) {
      return null;
    }
    String comment = text.strip().substring(words[0].length()).strip();
    return new KeyLine(fingerprint, comment);
  }

  /** Whether a line of a file says nothing. */
  static boolean isBlank(String line) {
    String bare = line.strip();
    return bare.isEmpty() || bare.startsWith("#");
  }
}
