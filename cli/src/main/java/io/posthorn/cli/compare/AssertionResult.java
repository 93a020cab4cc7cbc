package io.posthorn.cli.compare;

import io.posthorn.cli.JsonText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a claim about all that was compared.
 *
 * @param claim in its own words
 * @param falseAt the first comparison of which it is not true; null if there is none
 * @param falseRun the index of the first run there of which it is not true
 * @param unknown why nobody can tell, for it speaks of what could not be measured; else null
 */
public record AssertionResult(
    String claim,
    @Nullable SweepStep falseAt,
    int falseRun,
    Assertion.@Nullable UnknownFigureException unknown) {
  /**
   * Looks at the runs one after the other, until the claim is false or not known.
   *
   * @param assertion the claim
   * @param steps what was compared
   * @return what became of it
   */
  public static AssertionResult of(Assertion assertion, List<SweepStep> steps) {
    String claim = assertion.toString();
    try {
      for (SweepStep step : steps) {
        int falseRun = assertion.firstFalseRun(step.comparison());
        if (falseRun >= 0) {
          return new AssertionResult(claim, step, falseRun, null);
        }
      }
      return new AssertionResult(claim, null, -1, null);
    } catch (Assertion.UnknownFigureException unknown) {
      return new AssertionResult(claim, null, -1, unknown);
    }
  }

  /** Puts it into an object that has begun; the rate of loss too where there are several. */
  void write(JsonText json, boolean swept) {
    json.beginObject("assertion").put("claim", claim);
    if (unknown != null) {
      json.putNull("holds");
    } else {
      json.put("holds", falseAt == null);
    }
    if (falseAt != null) {
      json.put("falseRun", falseRun + 1);
      if (swept) {
        json.put("loss", falseAt.loss());
      }
    }
    json.endObject();
  }
}
