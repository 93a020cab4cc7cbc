package io.posthorn.cli;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Makes text from outside harmless for a terminal: the one room through which everything that came
 * from the network, a file or a command line goes before it is printed to one.
 *
 * <p>Letters of all scripts, marks, digits, signs and the space stay. What moves the cursor,
 * colours, deletes, reverses or hides is written as an escape that shows it: {@code \n}, {@code
 * \x1b}, and the number of the character in braces. Bytes that are no UTF-8 become {@code \xff} and
 * the like. A backslash stays one, so that ordinary text is not changed: the escapes are for the
 * eye, not for a parser.
 */
final class TextSafety {
  private TextSafety() {}

  /** Text in which nothing is left that a terminal would obey. */
  static String visible(String text) {
    int harmless = 0;
    while (harmless < text.length() && isHarmless(text.charAt(harmless))) {
      harmless++; // half of a pair is not
    }
    if (harmless == text.length()) {
      return text; // as nearly all the program says of itself
    }
    StringBuilder out = new StringBuilder(text.length() + 16);
    text.codePoints().forEach(codePoint -> append(out, codePoint));
    return out.toString();
  }

  /** Bytes read as UTF-8, in which nothing is left that a terminal would obey. */
  static String visible(byte[] bytes, int from, int length) {
    ByteBuffer in = ByteBuffer.wrap(bytes, from, length);
    CharBuffer chars = CharBuffer.allocate(Math.max(16, length));
    CharsetDecoder decoder = decoder();
    StringBuilder out = new StringBuilder(length + 16);
    while (true) {
      CoderResult result = decoder.decode(in, chars, true);
      chars.flip();
      chars.codePoints().forEach(codePoint -> append(out, codePoint));
      chars.clear();
      if (!result.isError()) {
        return out.toString();
      }
      for (int bad = 0; bad < result.length(); bad++) {
        appendByte(out, in.get());
      }
    }
  }

  /** The text that bytes hold, or null if they are no UTF-8. */
  static @Nullable String utf8(byte[] bytes) {
    try {
      return decoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException notText) {
      return null;
    }
  }

  private static CharsetDecoder decoder() {
    return StandardCharsets.UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT);
  }

  private static void append(StringBuilder out, int codePoint) {
    if (isHarmless(codePoint)) {
      out.appendCodePoint(codePoint);
      return;
    }
    switch (codePoint) {
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      default -> {
        if (codePoint < 0x100) {
          appendByte(out, (byte) codePoint);
        } else {
          out.append("\\u{").append(Integer.toHexString(codePoint)).append('}');
        }
      }
    }
  }

  private static void appendByte(StringBuilder out, byte value) {
    out.append("\\x")
        .append(Character.forDigit(value >> 4 & 15, 16))
        .append(Character.forDigit(value & 15, 16));
  }

  private static boolean isHarmless(int codePoint) {
    if (codePoint < 0x7f) {
      return codePoint >= ' ';
    }
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
