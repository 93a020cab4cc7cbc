package io.posthorn.protocol.handshake;

import io.posthorn.protocol.protection.Hkdf;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * SymmetricState of Noise rev. 34, §5.2, with SHA-256: chaining key, transcript hash and cipher. A
 * copy can try a message that may be forged. Not thread-safe.
 */
final class NoiseSymmetricState {
  private static final byte[] NO_INFO = {};

  private @Nullable MessageDigest sha256;
  private @Nullable Hkdf hkdf;
  private final NoiseCipherState cipher = new NoiseCipherState();
  private final byte[] chainingKey = new byte[Hkdf.HASH_BYTES];
  private byte[] hash = new byte[Hkdf.HASH_BYTES];

  /** InitializeSymmetric. */
  NoiseSymmetricState(String protocolName) {
    this();
    byte[] name = protocolName.getBytes(StandardCharsets.US_ASCII);
    hash =
        name.length <= Hkdf.HASH_BYTES
            ? Arrays.copyOf(name, Hkdf.HASH_BYTES)
            : sha256().digest(name);
    System.arraycopy(hash, 0, chainingKey, 0, Hkdf.HASH_BYTES);
  }

  private NoiseSymmetricState() {}

  /** An equal state that goes its own way. */
  NoiseSymmetricState copy() {
    NoiseSymmetricState copy = new NoiseSymmetricState();
    System.arraycopy(chainingKey, 0, copy.chainingKey, 0, Hkdf.HASH_BYTES);
    copy.hash = hash.clone();
    copy.cipher.copyFrom(cipher);
    return copy;
  }

  void mixKey(byte[] inputKeyMaterial) {
    byte[] output = derive(inputKeyMaterial, 2);
    System.arraycopy(output, 0, chainingKey, 0, Hkdf.HASH_BYTES);
    cipher.initializeKey(output, Hkdf.HASH_BYTES);
    Arrays.fill(output, (byte) 0);
  }

  void mixKeyAndHash(byte[] inputKeyMaterial) {
    byte[] output = derive(inputKeyMaterial, 3);
    System.arraycopy(output, 0, chainingKey, 0, Hkdf.HASH_BYTES);
    mixHash(output, Hkdf.HASH_BYTES, Hkdf.HASH_BYTES);
    cipher.initializeKey(output, 2 * Hkdf.HASH_BYTES);
    Arrays.fill(output, (byte) 0);
  }

  void mixHash(byte[] data, int from, int length) {
    MessageDigest digest = sha256();
    digest.update(hash);
    digest.update(data, from, length);
    hash = digest.digest();
  }

  /** The key that seals what comes next, for whoever logs keys. */
  void copyKey(byte[] to, int at) {
    cipher.copyKey(to, at);
  }

  /** Returns the length written to {@code out}. */
  int encryptAndHash(byte[] in, int from, int length, byte[] out, int outFrom) {
    int written = cipher.encrypt(hash, in, from, length, out, outFrom);
    mixHash(out, outFrom, written);
    return written;
  }

  /**
   * Returns the length written to {@code out}, or {@link NoiseCipherState#FAILED}, which leaves the
   * state as it was.
   */
  int decryptAndHash(byte[] in, int from, int length, byte[] out, int outFrom) {
    int written = cipher.decrypt(hash, in, from, length, out, outFrom);
    if (written != NoiseCipherState.FAILED) {
      mixHash(in, from, length);
    }
    return written;
  }

  /** The two keys of Split, 32 bytes each: the initiator's for sending, then the responder's. */
  byte[][] split() {
    byte[] output = derive(NO_INFO, 2);
    byte[][] keys = {
      Arrays.copyOf(output, Hkdf.HASH_BYTES),
      Arrays.copyOfRange(output, Hkdf.HASH_BYTES, 2 * Hkdf.HASH_BYTES)
    };
    Arrays.fill(output, (byte) 0);
    return keys;
  }

  /**
   * The hash of the whole transcript so far: unique for the session once it is complete (§11.2).
   */
  byte[] handshakeHash() {
    return hash.clone();
  }

  /**
   * Lets go of what it computes with until that is needed again: kilobytes, for the 150 bytes that
   * a state is.
   */
  void rest() {
    sha256 = null;
    hkdf = null;
    cipher.rest();
  }

  /** Erases the keys. */
  void destroy() {
    Arrays.fill(chainingKey, (byte) 0);
    cipher.destroy();
  }

  private MessageDigest sha256() {
    MessageDigest ready = sha256;
    if (ready == null) {
      try {
        ready = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
      sha256 = ready;
    }
    return ready;
  }

  private byte[] derive(byte[] inputKeyMaterial, int outputs) {
    Hkdf ready = hkdf;
    if (ready == null) {
      ready = new Hkdf();
      hkdf = ready;
    }
    byte[] temporaryKey = ready.extract(chainingKey, inputKeyMaterial);
    byte[] output = ready.expand(temporaryKey, NO_INFO, outputs * Hkdf.HASH_BYTES);
    Arrays.fill(temporaryKey, (byte) 0);
    return output;
  }
}
