package io.posthorn.cli;

import java.util.Locale;

/** Percentages for people: one digit after the point, more where that would read 0 or 100. */
public final class PercentText {
  private static final int MOST_DIGITS = 6;

  private PercentText() {}

  /**
   * A percentage without its sign. One loss of many thousands is not "0.0", nor the rest "100.0".
   *
   * @param percent usually from 0 to 100
   */
  public static String of(double percent) {
    if (percent == Math.rint(percent)) {
      return String.format(Locale.ROOT, "%.0f", percent);
    }
    for (int digits = 1; ; digits++) {
      String text = String.format(Locale.ROOT, "%." + digits + "f", percent);
      double read = Double.parseDouble(text);
      if ((read != 0 && read != 100) || digits == MOST_DIGITS) {
        return text;
      }
    }
  }
}
