package io.posthorn.cli.bench;

import java.util.Locale;

/** Numbers as people read them, three digits or so, units of a thousand. */
final class BenchUnits {
  private static final String[] SCALES = {"", "k", "M", "G", "T"};

  private BenchUnits() {}

  static String bytes(double bytes) {
    return scaled(bytes) + "B";
  }

  static String rate(double bitsPerSecond) {
    return scaled(bitsPerSecond) + "bit/s";
  }

  static String millis(long nanos) {
    return figure(nanos / 1e6) + " ms";
  }

  /** Three digits that count, without zeros at the end. */
  static String figure(double value) {
    String text =
        String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
    return text.indexOf('.') < 0 ? text : text.replaceAll("0+$", "").replaceAll("\\.$", "");
  }

  private static String scaled(double value) {
    int scale = 0;
    double left = value;
    while (left >= 1_000 && scale + 1 < SCALES.length) {
      left /= 1_000;
      scale++;
    }
    return figure(left) + " " + SCALES[scale];
  }
}
