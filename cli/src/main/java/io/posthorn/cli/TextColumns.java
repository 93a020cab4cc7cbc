package io.posthorn.cli;

/**
 * How many columns of a terminal text takes: two for the characters of East Asia and most pictures,
 * none for marks that stand on the letter before them.
 */
final class TextColumns {
  private static final int FIRST_WIDE = 0x1100;

  /** First and last of each stretch that Unicode calls wide or full-width, roughly. */
  private static final int[] WIDE = {
    0x1100, 0x115f, 0x231a, 0x231b, 0x2e80, 0x303e, 0x3041, 0xa4cf, 0xa960, 0xa97c, 0xac00, 0xd7a3,
    0xf900, 0xfaff, 0xfe30, 0xfe6f, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x1f300, 0x1f64f, 0x1f680,
    0x1f6ff, 0x1f900, 0x1f9ff, 0x20000, 0x3fffd
  };

  private TextColumns() {}

  /** Columns that a text takes. */
  static int of(String text) {
    int columns = 0;
    for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
      columns += of(text.codePointAt(at));
    }
    return columns;
  }

  /** As much of the start of a text as fits so many columns. */
  static String fitted(String text, int columns) {
    int taken = 0;
    int at = 0;
    while (at < text.length()) {
      int codePoint = text.codePointAt(at);
      taken += of(codePoint);
      if (taken > columns) {
        return text.substring(0, at);
      }
      at += Character.charCount(codePoint);
    }
    return text;
  }

  private static int of(int codePoint) {
    int type = Character.getType(codePoint);
    if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
      return 0;
    }
    return codePoint >= FIRST_WIDE && isWide(codePoint) ? 2 : 1;
  }

  private static boolean isWide(int codePoint) {
    for (int at = 0; at < WIDE.length; at += 2) {
      if (codePoint >= WIDE[at] && codePoint <= WIDE[at + 1]) {
        return true;
      }
    }
    return false;
  }
}
