package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages of any bytes from {@code send} to {@code listen}, in each framing of the output. */
@Timeout(180)
class FramingTest {
  private static final String ANY = "127.0.0.1:0";

  /** What is text and what is none, and what could be taken for something between messages. */
  private static List<byte[]> messages() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    byte[] many = new byte[70_000];
    new Random(8).nextBytes(many);
    return List.of(
        "wish you were here".getBytes(UTF_8),
        new byte[0],
        "two\nlines, \"quoted\\\" and \r\n".getBytes(UTF_8),
        "\0\b\f\t\u001b[2J\u007f \u2028\u202e é €".getBytes(UTF_8),
        "\ud83d\udcef".getBytes(UTF_8),
        "{\"text\":\"{}\"}".getBytes(UTF_8),
        new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}, // a surrogate by itself is no text
        new byte[] {(byte) 0xc0, (byte) 0x80},
        all,
        many,
        new byte[] {'\r'});
  }

  private static byte[] byLength() {
    ByteArrayOutputStream framed = new ByteArrayOutputStream();
    for (byte[] message : messages()) {
      framed.writeBytes(ByteBuffer.allocate(4).putInt(message.length).array());
      framed.writeBytes(message);
    }
    return framed.toByteArray();
  }

  private static byte[] each(String end) {
    ByteArrayOutputStream framed = new ByteArrayOutputStream();
    for (byte[] message : messages()) {
      framed.writeBytes(message);
      framed.writeBytes(end.getBytes(UTF_8));
    }
    return framed.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"line", "length", "raw", "json"})
  void anyBytesComeOutAsTheyWentIn(String framing) throws Exception {
    byte[] output;
    try (RunningProgram listener = here("listen", "-1", "--framing", framing, ANY)) {
      try (RunningProgram sender =
          here("send", "127.0.0.1:" + listener.port(), "--framing", "length")) {
        sender.type(byLength()).endInput();
        assertEquals(0, sender.exit(), sender::errors);
      }
      assertEquals(0, listener.exit(), listener::errors);
      output = listener.outputBytes();
    }
    switch (framing) {
      case "line" -> assertArrayEquals(each("\n"), output);
      case "length" -> assertArrayEquals(byLength(), output);
      case "raw" -> assertArrayEquals(each(""), output);
      default -> assertObjects(new String(output, UTF_8));
    }
  }

  /** An object a line, and no other line end: text as text, all else as Base64. */
  private static void assertObjects(String output) {
    assertTrue(output.endsWith("}\n"), output);
    String[] lines = output.substring(0, output.length() - 1).split("\n", -1);
    List<byte[]> messages = messages();
    assertEquals(messages.size(), lines.length, output);
    for (int i = 0; i < lines.length; i++) {
      byte[] message = messages.get(i);
      Map<?, ?> object = (Map<?, ?>) new JsonReader(lines[i]).whole();
      assertTrue(String.valueOf(object.get("from")).startsWith("127.0.0.1:"), lines[i]);
      assertEquals("0", object.get("channel"), lines[i]);
      assertEquals("" + message.length, object.get("bytes"), lines[i]);
      boolean isText = Arrays.equals(new String(message, UTF_8).getBytes(UTF_8), message);
      assertEquals(isText, object.containsKey("text"), lines[i]);
      byte[] shown =
          isText
              ? String.valueOf(object.get("text")).getBytes(UTF_8)
              : Base64.getDecoder().decode(String.valueOf(object.get("base64")));
      assertArrayEquals(message, shown, lines[i]);
    }
  }

  @Test
  void jsonIsForOutputAndSendSaysSo() throws Exception {
    try (RunningProgram sender = here("send", "127.0.0.1:9", "--framing", "json")) {
      assertEquals(64, sender.endInput().exit());
      assertTrue(sender.errors().contains("take line, length or raw"), sender::errors);
    }
  }
}
