package io.posthorn.cli.compare;

import io.posthorn.cli.PercentText;
import java.util.Locale;

/** Writes figures for people: short, with units, three digits that matter. */
public final class Figures {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double NANOS_PER_SECOND = 1e9;

  private Figures() {}

  /** A figure in words; "n/a" for what is not known, "never" for an endless time. */
  public static String text(double value, Metric.Unit unit) {
    if (Double.isNaN(value)) {
      return "n/a";
    }
    return switch (unit) {
      case COUNT -> count(value);
      case TIME -> time(value);
      case SHARE -> percent(value);
      case RATE -> rate(value);
    };
  }

  static String count(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%,d", (long) value)
        : String.format(Locale.ROOT, "%,.1f", value);
  }

  static String time(double nanos) {
    if (Double.isInfinite(nanos)) {
      return "never";
    }
    return nanos < NANOS_PER_SECOND
        ? digits(nanos / NANOS_PER_MILLI) + " ms"
        : digits(nanos / NANOS_PER_SECOND) + " s";
  }

  static String percent(double share) {
    return PercentText.of(share * 100) + " %";
  }

  static String rate(double bitsPerSecond) {
    if (bitsPerSecond >= 1e9) {
      return digits(bitsPerSecond / 1e9) + " Gbit/s";
    }
    return bitsPerSecond >= 1e6
        ? digits(bitsPerSecond / 1e6) + " Mbit/s"
        : digits(bitsPerSecond / 1e3) + " kbit/s";
  }

  private static String digits(double value) {
    if (value == Math.rint(value) && value < 1e6) {
      return String.format(Locale.ROOT, "%.0f", value);
    }
    int decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }
}
