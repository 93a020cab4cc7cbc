package io.posthorn.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Bytes of a session on their way to a terminal: ends of lines and tabs stay, all else goes through
 * {@link TextSafety}. A letter whose bytes come in two pieces is held back until it is whole. For
 * one thread.
 */
final class TerminalText {
  private static final int LONGEST_LETTER_BYTES = 4;

  private final ByteArrayOutputStream held = new ByteArrayOutputStream(LONGEST_LETTER_BYTES);
  private boolean returnHeld;

  /** What of these bytes, after those before, can be shown now. */
  byte[] show(byte[] bytes) {
    held.writeBytes(bytes);
    byte[] all = held.toByteArray();
    held.reset();
    int whole = all.length - unfinished(all);
    held.write(all, whole, all.length - whole);
    return shown(all, whole);
  }

  /** What was held back, at the end. */
  byte[] finish() {
    byte[] all = held.toByteArray();
    held.reset();
    StringBuilder out = new StringBuilder();
    if (returnHeld) {
      out.append("\\r");
      returnHeld = false;
    }
    out.append(TextSafety.visible(all, 0, all.length));
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private byte[] shown(byte[] all, int end) {
    StringBuilder out = new StringBuilder(end + 16);
    int from = 0;
    for (int at = 0; at < end; at++) {
      byte b = all[at];
      if (returnHeld) {
        returnHeld = false;
        if (b != '\n') {
          out.append("\\r"); // alone it would let the next letters overwrite the line
        }
      }
      if (b == '\n' || b == '\t' || b == '\r') {
        out.append(TextSafety.visible(all, from, at - from));
        from = at + 1;
        if (b == '\r') {
          returnHeld = true;
        } else {
          out.append((char) b);
        }
      }
    }
    out.append(TextSafety.visible(all, from, end - from));
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** How many bytes at the end begin a letter and do not finish it. */
  private static int unfinished(byte[] bytes) {
    for (int back = 1; back <= Math.min(LONGEST_LETTER_BYTES - 1, bytes.length); back++) {
      int b = bytes[bytes.length - back] & 0xff;
      if (b >= 0xc2 && b <= 0xf4) {
        int length = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
        return length > back ? back : 0;
      }
      if (b < 0x80 || b > 0xbf) {
        return 0;
      }
    }
    return 0;
  }
}
