package io.posthorn.cli.compare.page;

import java.util.ArrayList;
import java.util.List;

/**
 * Times from the smallest to the largest of a chart on a logarithmic scale, with room behind it for
 * what never came.
 */
final class TimeScale {
  private static final double NEVER = 1.0;
  private static final double LARGEST = 0.92;
  private static final double[] STEPS = {1, 2, 5};

  private final double leastNanos;
  private final double mostNanos;

  /** The scale for these times; infinite and unknown ones have no say. */
  TimeScale(List<Double> nanos) {
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (double time : nanos) {
      if (time > 0 && !Double.isInfinite(time)) {
        least = Math.min(least, time);
        most = Math.max(most, time);
      }
    }
    leastNanos = Double.isInfinite(least) ? 1e6 : least / 1.25;
    mostNanos = Math.max(most, leastNanos * 2) * 1.1;
  }

  /** Where a time lies: 0 for the smallest, 1 for never. */
  double at(double nanos) {
    if (Double.isInfinite(nanos)) {
      return NEVER;
    }
    double share = Math.log(nanos / leastNanos) / Math.log(mostNanos / leastNanos);
    return LARGEST * Math.max(0, Math.min(1, share));
  }

  /** Round times to be marked, ascending. */
  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    for (double decade = 1e3; decade < 1e13; decade *= 10) {
      for (double step : STEPS) {
        double tick = step * decade;
        if (tick >= leastNanos && tick <= mostNanos) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
