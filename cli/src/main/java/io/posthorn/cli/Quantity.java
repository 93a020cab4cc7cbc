package io.posthorn.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Numbers with units, as options take them. */
final class Quantity {
  private static final Pattern FORM = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([a-zA-Z/]*)");
  private static final double LONGEST_SECONDS = 365.0 * 24 * 3600;
  private static final double FASTEST_BITS = 1e15;

  private Quantity() {}

  /** A time: {@code 250ms}, {@code 2s}, {@code 1m}; without a unit it is seconds. */
  static final class Time implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      Matcher form = match(text, "a time such as 0.2, 250ms, 2s or 1m");
      double scale =
          switch (form.group(2).toLowerCase(Locale.ROOT)) {
            case "", "s" -> 1;
            case "us" -> 1e-6;
            case "ms" -> 1e-3;
            case "m", "min" -> 60;
            case "h" -> 3600;
            default -> throw wrong(text, "a time such as 0.2, 250ms, 2s or 1m");
          };
      double seconds = Double.parseDouble(form.group(1)) * scale;
      if (seconds > LONGEST_SECONDS) {
        throw wrong(text, "a time of at most a year");
      }
      return Duration.ofNanos(Math.round(seconds * 1e9));
    }
  }

  /** A rate in bit/s: {@code 160kbit}, {@code 20mbit}, {@code 5M}. */
  static final class BitRate implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      String expected = "a rate such as 160kbit, 20mbit or 1gbit";
      Matcher form = match(text, expected);
      double scale =
          switch (form.group(2).toLowerCase(Locale.ROOT)) {
            case "", "bit", "bit/s" -> 1;
            case "k", "kbit", "kbit/s" -> 1e3;
            case "m", "mbit", "mbit/s" -> 1e6;
            case "g", "gbit", "gbit/s" -> 1e9;
            default -> throw wrong(text, expected);
          };
      double rate = Double.parseDouble(form.group(1)) * scale;
      if (!(rate > 0) || rate > FASTEST_BITS) {
        throw wrong(text, expected);
      }
      return rate;
    }
  }

  /** Bytes as people read them: {@code 512 B}, {@code 1.5 kB}, {@code 20.0 MB}. */
  static String bytes(double bytes) {
    if (bytes < 1_000) {
      return Math.round(bytes) + " B";
    }
    String[] units = {"kB", "MB", "GB", "TB"};
    double scaled = bytes / 1_000;
    int unit = 0;
    while (scaled >= 999.95 && unit < units.length - 1) {
      scaled /= 1_000;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", scaled, units[unit]);
  }

  /** A number and what it counts: {@code 1 byte}, {@code 2 bytes}. */
  static String counted(long number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }

  /** A rate as {@link BitRate} reads it, or 0 for none. */
  static final class BitRateOrNone implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return text.strip().equals("0") ? Double.valueOf(0) : new BitRate().convert(text);
    }
  }

  private static Matcher match(String text, String expected) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw wrong(text, expected);
    }
    return form;
  }

  private static TypeConversionException wrong(String text, String expected) {
    return new TypeConversionException("\"" + TextSafety.visible(text) + "\" is not " + expected);
  }
}
