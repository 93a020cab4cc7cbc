package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.fuzz.FuzzInput;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** What a peer sends in a session, on its way to a terminal: nothing that this would obey. */
public final class TerminalTextFuzz {
  private TerminalTextFuzz() {}

  /** Takes where the bytes are cut in two, and the bytes. */
  public static void fuzzerTestOneInput(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    int cut = in.next();
    byte[] bytes = in.rest();
    String shown = shown(bytes, Math.min(cut, bytes.length));
    assertEquals(shown(bytes, 0), shown);
    String text = shown.replaceAll("[\n\t]", "");
    assertTrue(text.codePoints().allMatch(TextSafetyProperties::isHarmless), text);
    assertEquals(text, TextSafety.visible(text), "it is safe once for all");
  }

  private static String shown(byte[] bytes, int cut) {
    TerminalText text = new TerminalText();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(text.show(Arrays.copyOf(bytes, cut)));
    out.writeBytes(text.show(Arrays.copyOfRange(bytes, cut, bytes.length)));
    out.writeBytes(text.finish());
    return out.toString(StandardCharsets.UTF_8);
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    return List.of(
        seed(3, "a\tb\r\nc\rd"),
        seed(1, "\u001b]52;c;x\u0007\u001b[2J"),
        seed(2, "€ \u202e é😀 \u2028"),
        new byte[] {1, (byte) 0xff, (byte) 0xe2, (byte) 0x82, '(', '\r'});
  }

  private static byte[] seed(int cut, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    byte[] seed = new byte[bytes.length + 1];
    seed[0] = (byte) cut;
    System.arraycopy(bytes, 0, seed, 1, bytes.length);
    return seed;
  }
}
