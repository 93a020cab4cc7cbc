package io.posthorn.codec;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Text as UTF-8, strict in both directions. */
final class Utf8Codec implements Codec<String> {
  static final Utf8Codec INSTANCE = new Utf8Codec();

  private static final Registrations REGISTRATIONS = Registrations.ofFormat("utf8");

  private Utf8Codec() {}

  @Override
  public byte[] encode(String value) throws CodecException {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
      byte[] body = new byte[bytes.remaining()];
      bytes.get(body);
      return body;
    } catch (CharacterCodingException e) {
      throw new CodecException.NotEncodable("the text holds an unpaired surrogate", e);
    }
  }

  @Override
  public String decode(ByteBuffer body) throws CodecException {
    try {
      // a fresh decoder reports malformed input, and the duplicate keeps the position on failure
      String text = StandardCharsets.UTF_8.newDecoder().decode(body.duplicate()).toString();
      body.position(body.limit());
      return text;
    } catch (CharacterCodingException e) {
      throw new CodecException.Malformed("the body is not UTF-8", e);
    }
  }

  @Override
  public Registrations registrations() {
    return REGISTRATIONS;
  }
}
