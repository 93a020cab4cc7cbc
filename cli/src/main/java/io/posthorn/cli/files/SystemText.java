package io.posthorn.cli.files;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Text as the system has it, in bytes: names of files and words of command lines. The Java runtime
 * reads and writes them by the locale, and in the locale C, which services and containers have,
 * knows ASCII alone.
 */
public final class SystemText {
  /** What Java reads where the locale knows no character. */
  public static final char LOST = '\ufffd';

  /** Whether the locale can spell any text. */
  static final boolean LOCALE_SPELLS_ALL =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows")
          || ofLocale().equals(StandardCharsets.UTF_8);

  private SystemText() {}

  /** The encoding that the runtime takes the system's text for. */
  public static Charset ofLocale() {
    try {
      return Charset.forName(System.getProperty("sun.jnu.encoding", ""));
    } catch (IllegalArgumentException unnamed) {
      return Charset.defaultCharset();
    }
  }

  /** The text of bytes; null if they are no UTF-8. */
  public static @Nullable String ofUtf8(byte[] bytes) {
    return ofUtf8(bytes, 0);
  }

  /** The text of bytes from an offset on; null if they are no UTF-8. */
  static @Nullable String ofUtf8(byte[] bytes, int from) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, from, bytes.length - from))
          .toString();
    } catch (CharacterCodingException notText) {
      return null;
    }
  }
}
