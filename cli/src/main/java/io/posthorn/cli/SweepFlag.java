package io.posthorn.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option {@code --sweep}: which rates of loss a comparison goes through. */
final class SweepFlag {
  private static final String USUAL = "0,1,2,5,10,20,30";
  private static final int MOST_STEPS = 100;

  @Option(
      names = "--sweep",
      arity = "0..1",
      fallbackValue = USUAL,
      paramLabel = "LOSSES",
      converter = Losses.Reader.class,
      description = {
        "Compare once for each of these rates of loss, in per cent, parted by commas; without them"
            + " "
            + USUAL
            + ". The rest of the network is as --impair says. One run each unless --runs asks for"
            + " more."
      })
  private @Nullable Losses losses;

  /** Rates of loss, 0 to 1, in the order they were given. */
  record Losses(List<Double> shares) {
    /** Reads them. */
    static final class Reader implements ITypeConverter<Losses> {
      @Override
      public Losses convert(String text) {
        List<Double> shares = new ArrayList<>();
        for (String word : text.split(",", -1)) {
          shares.add(share(word.strip()));
        }
        if (shares.size() > MOST_STEPS) {
          throw new TypeConversionException("more than " + MOST_STEPS + " rates of loss");
        }
        return new Losses(List.copyOf(shares));
      }

      private static double share(String word) {
        String number = word.endsWith("%") ? word.substring(0, word.length() - 1) : word;
        try {
          double percent = Double.parseDouble(number);
          if (percent >= 0 && percent <= 100) {
            return percent / 100;
          }
        } catch (NumberFormatException wrong) {
          throw new TypeConversionException(complaint(word));
        }
        throw new TypeConversionException(complaint(word));
      }

      private static String complaint(String word) {
        return "loss \"" + TextSafety.visible(word) + "\": expected per cent from 0 to 100";
      }
    }
  }

  /** The rates of loss, 0 to 1; null if there is no sweep. */
  @Nullable List<Double> shares() {
    Losses asked = losses;
    return asked == null ? null : asked.shares();
  }
}
