package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** The codecs for text and for bytes. */
class PlainCodecsTest {
  @Test
  void textComesBackEqual() throws CodecException {
    Codec<String> codec = Codec.utf8();
    for (String text : new String[] {"", "plain", "Grüße, 漢字, \uD83D\uDE00"}) {
      ByteBuffer body = ByteBuffer.wrap(codec.encode(text));
      assertEquals(text, codec.decode(body));
      assertEquals(body.limit(), body.position());
    }
  }

  @Test
  void malformedTextIsRefusedOnBothSides() {
    Codec<String> codec = Codec.utf8();
    ByteBuffer body = ByteBuffer.wrap(new byte[] {'a', (byte) 0xC3, '('});
    assertThrows(CodecException.Malformed.class, () -> codec.decode(body));
    assertEquals(0, body.position());
    assertThrows(CodecException.NotEncodable.class, () -> codec.encode("\uD800"));
  }

  @Test
  void bytesAreCopiedBothWays() throws CodecException {
    Codec<byte[]> codec = Codec.bytes();
    byte[] value = {1, 2, 3};
    byte[] body = codec.encode(value);
    assertNotSame(value, body);
    byte[] read = codec.decode(ByteBuffer.wrap(body));
    body[0] = 9;
    assertArrayEquals(value, read);
    assertEquals("bytes\n", codec.registrations().toString());
  }
}
