package io.posthorn.protocol.protection;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's ciphers for what goes one way: AES-GCM for packets, AES-ECB of one block for their
 * headers. Either keeps its last key expanded, and does not expand it again where it gets the same
 * one. Not thread-safe.
 */
final class DirectionCiphers {
  private static final int BLOCK_BYTES = 16;

  private final byte[] mask = new byte[BLOCK_BYTES];
  private @Nullable Cipher gcm;
  private @Nullable Cipher ecb;
  private @Nullable AesKey keyed;

  /** Seals or opens; to be initialized for each packet. */
  Cipher gcm() {
    Cipher cipher = gcm;
    if (cipher == null) {
      cipher = cipher("AES/GCM/NoPadding");
      gcm = cipher;
    }
    return cipher;
  }

  /** The mask of a header for a sample; valid until the next call. */
  byte[] mask(AesKey key, byte[] packet, int sampleFrom) {
    Cipher cipher = ecb;
    if (cipher == null) {
      cipher = cipher("AES/ECB/NoPadding");
      ecb = cipher;
    }
    try {
      if (keyed != key) {
        cipher.init(Cipher.ENCRYPT_MODE, key);
        keyed = key;
      }
      int bytes = cipher.update(packet, sampleFrom, BLOCK_BYTES, mask, 0);
      assert bytes == BLOCK_BYTES;
      return mask;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("one block in, one block out", e);
    }
  }

  private static Cipher cipher(String transformation) {
    try {
      return Cipher.getInstance(transformation);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has " + transformation, e);
    }
  }
}
