package io.posthorn.codec;

import java.nio.ByteBuffer;

/**
 * Turns values into message bodies and back. Implementations are safe for use by many threads, and
 * take every body as hostile: a bad one ends in a {@link CodecException} for that body alone.
 *
 * @param <T> the type of the values
 */
public interface Codec<T> {
  /**
   * The body of a value.
   *
   * @param value the value
   * @return a new array that the caller owns
   * @throws CodecException when the value cannot be sent, with the reason and the remedy
   */
  byte[] encode(T value) throws CodecException;

  /**
   * The value of a body, which is everything between position and limit.
   *
   * @param body the body; its position moves to its limit on success and stays on failure, and its
   *     bytes are not kept
   * @return the value
   * @throws CodecException when the body is not one that {@link #encode} could have made, or when
   *     it goes over a limit of this codec; the subclass says which
   */
  T decode(ByteBuffer body) throws CodecException;

  /**
   * What both sides of a connection must have in common so that they understand each other.
   *
   * @return the registrations, the same on every call
   */
  Registrations registrations();

  /**
   * A short stand-in for {@link #registrations}: equal fingerprints mean equal registrations.
   *
   * @return 32 bytes, a SHA-256
   */
  default byte[] fingerprint() {
    return registrations().fingerprint();
  }

  /**
   * Text as UTF-8. Unpaired surrogates are refused on the way out and malformed UTF-8 on the way
   * in; nothing is replaced by question marks.
   *
   * @return the codec, always the same one
   */
  static Codec<String> utf8() {
    return Utf8Codec.INSTANCE;
  }

  /**
   * Bytes as they are. Both directions copy, so neither side sees later changes of the other.
   *
   * @return the codec, always the same one
   */
  static Codec<byte[]> bytes() {
    return BytesCodec.INSTANCE;
  }
}
