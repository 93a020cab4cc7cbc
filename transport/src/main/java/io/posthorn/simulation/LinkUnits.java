package io.posthorn.simulation;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers with units as tc(8) writes them, to exact integers and back.
 *
 * <p>Probabilities are counted in parts per billion, so that text and value convert without loss.
 * Sizes count 1 kb as 1024 bytes and rates 1 kbit as 1000 bits, both as tc(8) does.
 */
final class LinkUnits {
  /** What the parsers answer for text that is not of their form; every valid value is above it. */
  static final long INVALID = -1;

  /** Probability 1, in parts per billion. */
  static final int CERTAIN_PPB = 1_000_000_000;

  /** The longest time that any word takes: one year. */
  static final long LONGEST_NANOS = 365L * 24 * 3_600 * 1_000_000_000L;

  /** The highest rate, in bits per second. */
  static final long MOST_RATE = 1_000_000_000_000L;

  /** The largest number without a unit. */
  static final int MOST_COUNT = 999_999_999;

  private static final Pattern QUANTITY =
      Pattern.compile("([0-9]{1,15}(?:\\.[0-9]{1,12})?)([a-z%]*)");

  private LinkUnits() {}

  /** Parts per billion of a percentage such as {@code 0.1%}, or {@link #INVALID}. */
  static long parsePercent(String text) {
    return parse(text, unit -> unit.equals("%") ? 10_000_000L : INVALID, CERTAIN_PPB);
  }

  /** Nanoseconds of a duration such as {@code 40ms}, at most a year, or {@link #INVALID}. */
  static long parseDuration(String text) {
    return parse(text, LinkUnits::nanosOf, LONGEST_NANOS);
  }

  /** Bits per second of a rate such as {@code 20mbit}, at most 1000gbit, or {@link #INVALID}. */
  static long parseRate(String text) {
    return parse(text, LinkUnits::bitsOf, MOST_RATE);
  }

  /** Bytes of a size such as {@code 64kb}, or {@link #INVALID}. */
  static long parseSize(String text) {
    return parse(text, LinkUnits::bytesOf, 1L << 40);
  }

  /** A whole number without a unit, at most {@link #MOST_COUNT}, or {@link #INVALID}. */
  static long parseCount(String text) {
    return text.matches("[0-9]{1,9}") ? Long.parseLong(text) : INVALID;
  }

  /** Parts per billion of a probability from 0 to 1. */
  static int ppb(double probability, String what) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          what + " probability " + probability + ": expected 0 to 1, e.g. 0.05 for 5%");
    }
    return (int) Math.round(probability * CERTAIN_PPB);
  }

  static String percent(int ppb) {
    return BigDecimal.valueOf(ppb, 7).stripTrailingZeros().toPlainString() + "%";
  }

  static String duration(long nanos) {
    if (nanos % 1_000_000_000 == 0) {
      return nanos / 1_000_000_000 + "s";
    }
    if (nanos % 1_000_000 == 0) {
      return nanos / 1_000_000 + "ms";
    }
    return nanos % 1_000 == 0 ? nanos / 1_000 + "us" : nanos + "ns";
  }

  static String rate(long bitsPerSecond) {
    if (bitsPerSecond % 1_000_000_000 == 0) {
      return bitsPerSecond / 1_000_000_000 + "gbit";
    }
    if (bitsPerSecond % 1_000_000 == 0) {
      return bitsPerSecond / 1_000_000 + "mbit";
    }
    return bitsPerSecond % 1_000 == 0 ? bitsPerSecond / 1_000 + "kbit" : bitsPerSecond + "bit";
  }

  static String size(long bytes) {
    if (bytes % (1 << 20) == 0) {
      return (bytes >> 20) + "mb";
    }
    return bytes % (1 << 10) == 0 ? (bytes >> 10) + "kb" : bytes + "b";
  }

  private interface Scale {
    long of(String unit);
  }

  private static long parse(String text, Scale scale, long limit) {
    Matcher quantity = QUANTITY.matcher(text.toLowerCase(Locale.ROOT));
    if (!quantity.matches()) {
      return INVALID;
    }
    long factor = scale.of(quantity.group(2));
    if (factor == INVALID) {
      return INVALID;
    }
    BigDecimal value =
        new BigDecimal(quantity.group(1))
            .multiply(BigDecimal.valueOf(factor))
            .setScale(0, RoundingMode.HALF_UP);
    return value.compareTo(BigDecimal.valueOf(limit)) > 0 ? INVALID : value.longValueExact();
  }

  private static long nanosOf(String unit) {
    return switch (unit) {
      case "ns" -> 1L;
      case "us", "usec", "usecs" -> 1_000L;
      case "ms", "msec", "msecs" -> 1_000_000L;
      case "s", "sec", "secs" -> 1_000_000_000L;
      default -> INVALID;
    };
  }

  private static long bitsOf(String unit) {
    return switch (unit) {
      case "bit" -> 1L;
      case "kbit" -> 1_000L;
      case "mbit" -> 1_000_000L;
      case "gbit" -> 1_000_000_000L;
      default -> INVALID;
    };
  }

  private static long bytesOf(String unit) {
    return switch (unit) {
      case "b" -> 1L;
      case "k", "kb" -> 1L << 10;
      case "m", "mb" -> 1L << 20;
      default -> INVALID;
    };
  }
}
