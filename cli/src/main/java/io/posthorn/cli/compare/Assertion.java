package io.posthorn.cli.compare;

import java.util.List;

/**
 * A claim about a comparison, such as {@code reliable.lost==0 && reliable.p99<80ms}.
 *
 * <pre>
 * or         = and { "||" and }
 * and        = claim { "&amp;&amp;" claim }
 * claim      = "(" or ")" | operand ("&lt;" | "&lt;=" | "&gt;" | "&gt;=" | "==" | "!=") operand
 * operand    = number [unit] | transport "." metric
 * transport  = "plain" | "reliable" | "tcp"
 * unit       = "us" | "ms" | "s" | "%" | "bit" | "kbit" | "mbit" | "gbit"
 * </pre>
 *
 * <p>It holds if it is true in every single run: a median would hide the one run that broke a
 * promise.
 */
public final class Assertion {
  private final String text;
  private final Claim claim;

  private Assertion(String text, Claim claim) {
    this.text = text;
    this.claim = claim;
  }

  /** Something that is true or false in one run. */
  interface Claim {
    boolean holds(Comparison comparison, int run) throws UnknownFigureException;
  }

  /** A number in one run. */
  interface Operand {
    double value(Comparison comparison, int run) throws UnknownFigureException;
  }

  /** The claim needs a figure that nobody could measure. */
  public static final class UnknownFigureException extends Exception {
    private static final long serialVersionUID = 1L;

    UnknownFigureException(String message) {
      super(message);
    }
  }

  /**
   * Reads a claim.
   *
   * @param text in the grammar above
   * @return the claim
   * @throws IllegalArgumentException naming the position of what is wrong and what was expected
   */
  public static Assertion parse(String text) {
    return new Assertion(text, new AssertionParser(text).parse());
  }

  /**
   * The first run in which the claim is false.
   *
   * @param comparison what the runs have shown
   * @return its index, or -1 if the claim holds
   * @throws UnknownFigureException if it speaks of what could not be measured
   */
  public int firstFalseRun(Comparison comparison) throws UnknownFigureException {
    for (int run = 0; run < comparison.plan().runs(); run++) {
      if (!claim.holds(comparison, run)) {
        return run;
      }
    }
    return -1;
  }

  /** The figure of a metric in one run. */
  static double figure(Comparison comparison, Transport transport, Metric metric, int run)
      throws UnknownFigureException {
    List<Measurement> runs = comparison.runs(transport);
    if (run >= runs.size()) {
      throw new UnknownFigureException(
          transport.word() + " could not be measured here: " + comparison.whyNot(transport));
    }
    double value = runs.get(run).value(metric);
    if (Double.isNaN(value)) {
      throw new UnknownFigureException(
          transport.word() + "." + metric.word() + " could not be measured here");
    }
    return value;
  }

  /** The claim as it was written. */
  @Override
  public String toString() {
    return text;
  }
}
