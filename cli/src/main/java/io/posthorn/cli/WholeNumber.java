package io.posthorn.cli;

import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Whole numbers of the command line, in decimal digits. */
final class WholeNumber {
  private static final Pattern DIGITS = Pattern.compile("[+-]?[0-9]+");

  private WholeNumber() {}

  /** One of 32 bits. */
  static final class OfInt implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String word) {
      try {
        return Integer.valueOf(word);
      } catch (NumberFormatException wrong) {
        throw refusal(word);
      }
    }
  }

  /** One of 64 bits. */
  static final class OfLong implements ITypeConverter<Long> {
    @Override
    public Long convert(String word) {
      try {
        return Long.valueOf(word);
      } catch (NumberFormatException wrong) {
        throw refusal(word);
      }
    }
  }

  private static TypeConversionException refusal(String word) {
    String why =
        !DIGITS.matcher(word).matches()
            ? "no whole number"
            : word.startsWith("-") ? "too small" : "too large";
    return new TypeConversionException("\"" + TextSafety.visible(word) + "\" is " + why);
  }
}
