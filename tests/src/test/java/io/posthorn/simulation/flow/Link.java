package io.posthorn.simulation.flow;

import java.util.Locale;

/**
 * A bottleneck, the same both ways.
 *
 * @param megabits its rate in Mbit/s
 * @param rttMillis round trip without queue
 * @param queueBdp drop-tail queue in bandwidth-delay products
 * @param extra by how much the delay varies, if it does, and further conditions: {@code 5ms loss
 *     1%}; empty for none
 */
record Link(double megabits, double rttMillis, double queueBdp, String extra) {
  /** 100 Mbit/s, a queue of one bandwidth-delay product, independent loss. */
  static Link of(double rttMillis, double lossPercent) {
    return new Link(100, rttMillis, 1, lossPercent == 0 ? "" : "loss " + lossPercent + "%");
  }

  /** The same with losses in bursts of so many packets (Gilbert–Elliott). */
  static Link bursts(double rttMillis, double lossPercent, int burst) {
    double leave = 100.0 / burst;
    double enter = leave * lossPercent / (100 - lossPercent);
    return new Link(
        100, rttMillis, 1, String.format(Locale.ROOT, "loss gemodel %.4f%% %.4f%%", enter, leave));
  }

  /** Bytes of one bandwidth-delay product. */
  long bdpBytes() {
    return (long) (megabits * 1e6 / 8 * rttMillis / 1e3);
  }

  /** Time that a full queue takes to drain. */
  double queueMillis() {
    return queueBdp * rttMillis;
  }

  /** The conditions in the words of tc-netem. */
  String conditions() {
    return String.format(
        Locale.ROOT,
        "rate %skbit queue %db delay %sms %s",
        (long) (megabits * 1e3),
        Math.max(3_000, (long) (queueBdp * bdpBytes())),
        rttMillis / 2,
        extra);
  }
}
