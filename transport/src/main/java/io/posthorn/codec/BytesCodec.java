package io.posthorn.codec;

import java.nio.ByteBuffer;

/** Bytes as they are, copied in both directions. */
final class BytesCodec implements Codec<byte[]> {
  static final BytesCodec INSTANCE = new BytesCodec();

  private static final Registrations REGISTRATIONS = Registrations.ofFormat("bytes");

  private BytesCodec() {}

  @Override
  public byte[] encode(byte[] value) {
    return value.clone();
  }

  @Override
  public byte[] decode(ByteBuffer body) {
    byte[] value = new byte[body.remaining()];
    body.get(value);
    return value;
  }

  @Override
  public Registrations registrations() {
    return REGISTRATIONS;
  }
}
