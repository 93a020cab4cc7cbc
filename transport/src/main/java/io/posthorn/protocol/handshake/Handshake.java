package io.posthorn.protocol.handshake;

import io.posthorn.protocol.protection.AesCiphers;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.protection.PacketProtection;

/**
 * The cryptographic part of the three handshake messages, for one attempt in one role. Not
 * thread-safe.
 *
 * <p>Two implementations: {@code NoiseXX} and {@code ClearHandshake} ({@code Security.none()}). The
 * initiator calls {@link #writeFirst}, {@link #readSecond}, {@link #writeThird}; the responder
 * {@link #readFirst}, {@link #writeSecond}, {@link #readThird}; then both {@link #split}. Each of
 * these is called once, the ones that read until one copy of the message verifies; the caller keeps
 * the bytes written, to send them again. A call out of order is a fault of the caller and throws
 * {@link IllegalStateException}. What is read may be any bytes: nothing but a refusal comes of it.
 */
public interface Handshake {
  /** A message did not verify; the attempt may go on with another copy of the message. */
  int FAILED = -1;

  /** Writes the body of M1. Returns its length. */
  int writeFirst(byte[] out, int from);

  /** Reads the body of M1. False if it is malformed. */
  boolean readFirst(byte[] in, int from, int length);

  /** Writes the body of M2, which seals {@code payload}. Returns its length. */
  int writeSecond(byte[] payload, int payloadLength, byte[] out, int from);

  /** Reads the body of M2 into {@code payload}. Returns the payload's length or {@link #FAILED}. */
  int readSecond(byte[] in, int from, int length, byte[] payload);

  /** Writes the body of M3, which seals {@code payload}. Returns its length. */
  int writeThird(byte[] payload, int payloadLength, byte[] out, int from);

  /**
   * Reads the body of M3 into {@code payload}. Returns the payload's length or {@link #FAILED}. A
   * failed message leaves the attempt as it was, so that a forged M3 can not spoil the true one; so
   * does a payload that {@code check} refuses, so that nobody who crafts one which verifies under
   * several pre-shared secrets (AES-GCM does not commit to its key) learns whether it did.
   *
   * @param check whether a payload that verified makes sense
   */
  int readThird(byte[] in, int from, int length, byte[] payload, PayloadCheck check);

  /** As the other, for any payload. */
  default int readThird(byte[] in, int from, int length, byte[] payload) {
    return readThird(in, from, length, payload, (verified, count) -> true);
  }

  /** Whether what a message sealed makes sense. */
  interface PayloadCheck {
    /** Looks at the first {@code length} bytes of {@code payload}, which are borrowed. */
    boolean accepts(byte[] payload, int length);
  }

  /**
   * Whether this body of M3 has the static key of one that failed after the static key had opened,
   * which only the sender of M1 can have sealed: it may be one more guess at a pre-shared secret.
   */
  default boolean isFurtherThird(byte[] in, int from, int length) {
    return false;
  }

  /**
   * The keys for data packets; once, after the third message.
   *
   * @param limits how long keys are used
   * @param ciphers of the endpoint
   */
  PacketProtection split(KeyLimits limits, AesCiphers ciphers);

  /** As {@link #split(KeyLimits, AesCiphers)}, with the usual limits and ciphers of its own. */
  default PacketProtection split() {
    return split(KeyLimits.DEFAULT, new AesCiphers());
  }

  /**
   * The own ephemeral public key, 32 bytes (a random value in clear mode): decides a simultaneous
   * open.
   */
  byte[] localEphemeral();

  /** The peer's ephemeral public key as M1 or M2 gave it, 32 bytes. */
  byte[] remoteEphemeral();

  /**
   * The peer's static public key, 32 bytes, or empty in clear mode; known after its message
   * verified.
   */
  byte[] remoteStatic();

  /**
   * Has the keys of the sealed messages kept, for {@link #revealKeys}; to be called before the
   * second message is written or read.
   */
  default void keepKeys() {}

  /**
   * Shows the keys that were kept; after the third message was written or read and before {@link
   * #split}, which erases them. Shows nothing where there are none.
   */
  default void revealKeys(KeyReader reader) {}

  /** Is shown the keys of the sealed messages (PROTOCOL.md §4.8), borrowed for the call. */
  interface KeyReader {
    /**
     * Takes them, 32 bytes each.
     *
     * @param secondStatic what the static key in M2 is sealed with
     * @param secondPayload what the parameters in M2, and the static key in M3, are sealed with
     * @param thirdPayload what the parameters in M3 are sealed with
     * @param thirdHash the transcript hash that these are bound to
     */
    void read(byte[] secondStatic, byte[] secondPayload, byte[] thirdPayload, byte[] thirdHash);
  }

  /** Erases the secrets of an attempt that is given up; {@link #split} does so by itself. */
  void destroy();
}
