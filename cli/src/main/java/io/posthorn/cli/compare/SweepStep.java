package io.posthorn.cli.compare;

/**
 * One comparison of several, each at another rate of loss.
 *
 * @param loss of the network each way, 0 to 1
 * @param comparison what it has shown
 */
public record SweepStep(double loss, Comparison comparison) {
  /**
   * The rate of loss for people.
   *
   * @return such as {@code 5 %}
   */
  public String lossText() {
    return Figures.percent(loss);
  }
}
