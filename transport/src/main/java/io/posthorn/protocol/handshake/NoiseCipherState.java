package io.posthorn.protocol.handshake;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * CipherState of Noise rev. 34, §5.1, with AES-256-GCM: a key, or none, and the number of messages
 * under it. Not thread-safe.
 */
final class NoiseCipherState {
  static final int TAG_BYTES = 16;

  /** What {@link #decrypt} says to a message that does not verify. */
  static final int FAILED = -1;

  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;

  private @Nullable Cipher cipher;
  private byte @Nullable [] key;
  private long nonce;

  /** Without a key, messages pass unchanged. */
  NoiseCipherState() {}

  /** Takes 32 bytes from {@code from} on as the key and starts to count at zero. */
  void initializeKey(byte[] newKey, int from) {
    destroy();
    key = Arrays.copyOfRange(newKey, from, from + KEY_BYTES);
    nonce = 0;
  }

  void copyFrom(NoiseCipherState other) {
    destroy();
    key = other.key == null ? null : other.key.clone();
    nonce = other.nonce;
  }

  void copyKey(byte[] to, int at) {
    byte[] current = key;
    if (current != null) {
      System.arraycopy(current, 0, to, at, KEY_BYTES);
    }
  }

  boolean hasKey() {
    return key != null;
  }

  /** Bytes that a message grows by. */
  int overheadBytes() {
    return hasKey() ? TAG_BYTES : 0;
  }

  /** Encrypts and authenticates. Returns the length written. */
  int encrypt(byte[] associated, byte[] in, int from, int length, byte[] out, int outFrom) {
    byte[] current = key;
    if (current == null) {
      System.arraycopy(in, from, out, outFrom, length);
      return length;
    }
    try {
      int written =
          cipher(Cipher.ENCRYPT_MODE, current, associated).doFinal(in, from, length, out, outFrom);
      nonce++;
      return written;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM takes this key, nonce and buffer", e);
    }
  }

  /**
   * Verifies and decrypts. Returns the length written or {@link #FAILED}, which leaves the key and
   * the number of messages as they were (§5.1).
   */
  int decrypt(byte[] associated, byte[] in, int from, int length, byte[] out, int outFrom) {
    byte[] current = key;
    if (length < overheadBytes() || out.length - outFrom < length - overheadBytes()) {
      return FAILED;
    }
    if (current == null) {
      System.arraycopy(in, from, out, outFrom, length);
      return length;
    }
    try {
      int written =
          cipher(Cipher.DECRYPT_MODE, current, associated).doFinal(in, from, length, out, outFrom);
      nonce++;
      return written;
    } catch (AEADBadTagException e) {
      return FAILED;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM takes this key, nonce and buffer", e);
    }
  }

  private Cipher cipher(int mode, byte[] current, byte[] associated)
      throws GeneralSecurityException {
    Cipher ready = cipher;
    if (ready == null) {
      ready = Cipher.getInstance("AES/GCM/NoPadding");
      cipher = ready;
    }
    ready.init(mode, new SecretKeySpec(current, "AES"), parameters());
    ready.updateAAD(associated);
    return ready;
  }

  /** Lets go of the JDK's cipher, which is many times as large as its key. */
  void rest() {
    cipher = null;
  }

  /** Erases the key. */
  void destroy() {
    if (key != null) {
      Arrays.fill(key, (byte) 0);
      key = null;
    }
  }

  /** Four zero bytes and the counter in big-endian order (§12.4). */
  private GCMParameterSpec parameters() {
    byte[] iv = new byte[NONCE_BYTES];
    for (int i = 0; i < Long.BYTES; i++) {
      iv[NONCE_BYTES - 1 - i] = (byte) (nonce >>> (8 * i));
    }
    return new GCMParameterSpec(8 * TAG_BYTES, iv);
  }
}
