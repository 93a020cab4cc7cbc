package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class MessageSourceProperties {
  private static List<byte[]> read(byte[] input, Framing framing, int rawBytes)
      throws IOException, Failure {
    List<byte[]> messages = new ArrayList<>();
    try (MessageSource source =
        new MessageSource(new ByteArrayInputStream(input), framing, rawBytes)) {
      for (byte[] one = source.next(); one != null; one = source.next()) {
        messages.add(one);
      }
    }
    return messages;
  }

  @Property
  void messagesBehindTheirLengthComeBackWhole(@ForAll @Size(max = 20) List<byte[]> messages)
      throws Exception {
    ByteArrayOutputStream framed = new ByteArrayOutputStream();
    for (byte[] message : messages) {
      framed.writeBytes(ByteBuffer.allocate(4).putInt(message.length).array());
      framed.writeBytes(message);
    }
    List<byte[]> read = read(framed.toByteArray(), Framing.LENGTH, 0);
    assertEquals(messages.size(), read.size());
    for (int i = 0; i < read.size(); i++) {
      assertArrayEquals(messages.get(i), read.get(i));
    }
  }

  @Property
  void rawPiecesJoinedAreTheInput(@ForAll byte[] input, @ForAll @IntRange(min = 1, max = 50) int n)
      throws Exception {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    List<byte[]> pieces = read(input, Framing.RAW, n);
    for (int i = 0; i < pieces.size(); i++) {
      assertTrue(pieces.get(i).length == n || i == pieces.size() - 1);
      joined.writeBytes(pieces.get(i));
    }
    assertArrayEquals(input, joined.toByteArray());
  }

  @Property
  void anyInputEndsInMessagesOrInBadData(@ForAll byte[] input) throws Exception {
    try {
      read(input, Framing.LENGTH, 0);
    } catch (Failure refused) {
      assertEquals(ExitCode.BAD_DATA, refused.code());
    }
  }

  @Example
  void linesLoseTheirEndsAndTheLastNeedsNone() throws Exception {
    List<byte[]> lines =
        read("a\r\n\nb\rc\nlast".getBytes(StandardCharsets.UTF_8), Framing.LINE, 0);
    assertEquals(4, lines.size());
    assertEquals("a", new String(lines.get(0), StandardCharsets.UTF_8));
    assertEquals("", new String(lines.get(1), StandardCharsets.UTF_8));
    assertEquals("b\rc", new String(lines.get(2), StandardCharsets.UTF_8));
    assertEquals("last", new String(lines.get(3), StandardCharsets.UTF_8));
    assertTrue(read(new byte[0], Framing.LINE, 0).isEmpty());
  }

  @Example
  void endlessLineIsRefusedInBoundedMemory() throws Exception {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }
        };
    try (MessageSource source = new MessageSource(endless, Framing.LINE, 0)) {
      Failure refused = assertThrows(Failure.class, source::next);
      assertEquals(ExitCode.BAD_DATA, refused.code());
      assertTrue(refused.what().contains("line 1"), refused.what());
    }
  }

  @Example
  void declaredLengthSizesNothingBeforeItIsChecked() throws Exception {
    byte[] huge = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff};
    try (MessageSource source =
        new MessageSource(new ByteArrayInputStream(huge), Framing.LENGTH, 0)) {
      assertTrue(assertThrows(Failure.class, source::next).what().contains("4294967295"));
    }
    try (MessageSource empty =
        new MessageSource(new ByteArrayInputStream(new byte[0]), Framing.LENGTH, 0)) {
      assertNull(empty.next());
    }
  }
}
