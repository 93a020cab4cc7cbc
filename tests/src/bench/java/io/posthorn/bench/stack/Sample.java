package io.posthorn.bench.stack;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One run of one contender.
 *
 * @param perSecond messages that arrived a second, or round trips
 * @param cpuNanos processor time of the whole process a message
 * @param allocatedBytes heap allocated a message, by all threads
 * @param p50Micros median round trip; 0 one way
 * @param p99Micros of the round trip; 0 one way
 * @param lostShare of what was sent, 0 to 1
 */
record Sample(
    double perSecond,
    double cpuNanos,
    double allocatedBytes,
    double p50Micros,
    double p99Micros,
    double lostShare) {

  static double median(List<Sample> samples, ToDoubleFunction<Sample> of) {
    double[] values = samples.stream().mapToDouble(of).toArray();
    Arrays.sort(values);
    return values[values.length / 2];
  }

  static double spread(List<Sample> samples, ToDoubleFunction<Sample> of) {
    double[] values = samples.stream().mapToDouble(of).sorted().toArray();
    return (values[values.length - 1] - values[0]) / values[values.length / 2];
  }
}
