package io.posthorn.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/** How round-trip times are spread: percentiles and bars. For one thread. */
final class RoundTripHistogram {
  private static final long LONGEST_NANOS = 3_600_000_000_000L;
  private static final double[] PERCENTILES = {50, 90, 99, 99.9};
  private static final int BAR_COLUMNS = 40;
  private static final long NARROWEST_NANOS = 1_000;

  private final Histogram times = new Histogram(LONGEST_NANOS, 3);
  private long longestNanos;

  void add(long nanos) {
    long possible = Math.max(1, Math.min(nanos, LONGEST_NANOS));
    times.recordValue(possible);
    longestNanos = Math.max(longestNanos, possible);
  }

  /** The times below which these shares of the answers came. */
  String percentilesText() {
    StringBuilder names = new StringBuilder();
    StringBuilder values = new StringBuilder();
    for (double percentile : PERCENTILES) {
      names.append(names.length() == 0 ? "" : "/").append(name(percentile));
      values.append(values.length() == 0 ? "" : "/").append(millis(percentile));
    }
    return "rtt percentiles " + names + " = " + values + " ms";
  }

  private static String name(double percentile) {
    return percentile == Math.rint(percentile)
        ? Long.toString((long) percentile)
        : Double.toString(percentile);
  }

  private String millis(double percentile) {
    return String.format(Locale.ROOT, "%.3f", nanos(percentile) / 1e6);
  }

  /** The histogram answers the upper end of a range, which may be above the longest time. */
  private long nanos(double percentile) {
    return Math.min(times.getValueAtPercentile(percentile), longestNanos);
  }

  JsonText write(JsonText json) {
    for (double percentile : PERCENTILES) {
      json.put("p" + name(percentile), nanos(percentile) / 1e6);
    }
    return json;
  }

  /** One line for each step of time that is twice the one before, as far as there are answers. */
  List<String> bars() {
    List<String> lines = new ArrayList<>();
    long most = 0;
    for (HistogramIterationValue step : times.logarithmicBucketValues(NARROWEST_NANOS, 2)) {
      most = Math.max(most, step.getCountAddedInThisIterationStep());
    }
    for (HistogramIterationValue step : times.logarithmicBucketValues(NARROWEST_NANOS, 2)) {
      long count = step.getCountAddedInThisIterationStep();
      if (count == 0 && lines.isEmpty()) {
        continue;
      }
      long columns = most == 0 ? 0 : (count * BAR_COLUMNS + most - 1) / most;
      lines.add(
          String.format(
                  Locale.ROOT,
                  "  up to %10.3f ms  %8d  %s",
                  (step.getValueIteratedTo() + 1) / 1e6,
                  count,
                  "#".repeat((int) columns))
              .stripTrailing());
    }
    return lines;
  }
}
