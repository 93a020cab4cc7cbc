package io.posthorn.simulation.flow;

import io.posthorn.CongestionControl;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/** Prints what bulk flows reach in the simulator. */
public final class PerformanceTable {
  private static final double[] LOSSES = {0, 0.1, 1, 2, 5, 10};

  private PerformanceTable() {}

  /** Runs it: controller, packet bytes, seeds, what (bulk, fair or one link). */
  public static void main(String[] arguments) {
    CongestionControl control = CongestionControl.valueOf(arguments[0].toUpperCase(Locale.ROOT));
    int packet = Integer.parseInt(arguments[1]);
    int seeds = Integer.parseInt(arguments[2]);
    String what = arguments[3];
    if (what.contains("bulk")) {
      for (double rtt : new double[] {20, 100}) {
        for (double loss : LOSSES) {
          bulk(control, packet, seeds, Link.of(rtt, loss), rtt + " ms " + loss + " %");
        }
        bulk(control, packet, seeds, Link.bursts(rtt, 1, 8), rtt + " ms bursts 1 %");
        bulk(control, packet, seeds, Link.bursts(rtt, 5, 8), rtt + " ms bursts 5 %");
      }
    }
    if (what.contains("fair")) {
      for (double rtt : new double[] {20, 100}) {
        for (double queue : new double[] {1, 0.5}) {
          fair(control, packet, seeds, rtt, queue, 2, 0);
          fair(control, packet, seeds, rtt, queue, 4, 0);
          fair(control, packet, seeds, rtt, queue, 1, 1);
          fair(control, packet, seeds, rtt, queue, 2, 2);
        }
      }
    }
    if (what.contains("link")) {
      Link link =
          new Link(
              Double.parseDouble(arguments[4]),
              Double.parseDouble(arguments[5]),
              Double.parseDouble(arguments[6]),
              arguments.length > 7 ? arguments[7] : "");
      bulk(control, packet, seeds, link, link.conditions());
    }
  }

  private static void bulk(
      CongestionControl control, int packet, int seeds, Link link, String name) {
    double[] rates = new double[seeds];
    double queue = 0;
    double drops = 0;
    Map<String, Integer> limits = Map.of();
    for (int seed = 0; seed < seeds; seed++) {
      SharedLink run = new SharedLink(link, seed + 1).posthorn(control, packet, 0).run(8);
      rates[seed] = run.megabits(0, 0, 8);
      queue += run.queueShare() / seeds;
      drops += run.queueLoss() / seeds;
      limits = run.limits(0);
    }
    double[] sorted = rates.clone();
    Arrays.sort(sorted);
    System.out.printf(
        Locale.ROOT,
        "%-22s median %6.2f  %s  queue %.2f  drops %.2f %%  %s%n",
        name,
        sorted[seeds / 2],
        Arrays.toString(Arrays.stream(rates).map(rate -> Math.round(rate * 10) / 10.0).toArray()),
        queue,
        100 * drops,
        limits);
  }

  private static void fair(
      CongestionControl control,
      int packet,
      int seeds,
      double rtt,
      double queueBdp,
      int own,
      int cubic) {
    for (int seed = 1; seed <= seeds; seed++) {
      Link link = new Link(100, rtt, queueBdp, "");
      SharedLink run = new SharedLink(link, seed);
      for (int i = 0; i < own; i++) {
        run.posthorn(control, packet, 700L * i);
      }
      for (int i = 0; i < cubic; i++) {
        run.tcpCubic(seed % 2 == 0 ? 0 : 1_100L * (i + 1));
      }
      run.run(33);
      StringBuilder rates = new StringBuilder();
      for (int i = 0; i < run.flows(); i++) {
        rates.append(String.format(Locale.ROOT, " %5.1f", run.megabits(i, 3, 33)));
      }
      System.out.printf(
          Locale.ROOT,
          "%s ms, queue %s BDP, %d own + %d cubic: Jain %.3f  queue %.2f  drops %.2f %% %s%n",
          rtt,
          queueBdp,
          own,
          cubic,
          run.jain(3, 33),
          run.queueShare(),
          100 * run.queueLoss(),
          rates);
    }
  }
}
