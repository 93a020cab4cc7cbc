package io.posthorn.simulation.flow;

import io.posthorn.CongestionControl;
import java.util.Arrays;
import java.util.Locale;

/**
 * Prints the simulated part of transport/PERFORMANCE.md as Markdown: goodput of a bulk transfer for
 * each controller, and how flows share a bottleneck.
 */
public final class PerformanceTable {
  private static final double[] LOSSES = {0, 0.1, 1, 2, 5, 10};
  private static final int[] BURSTS = {1, 5};
  private static final int BURST_PACKETS = 8;
  private static final int SECONDS = 8;

  /** Links whose delay varies or whose packets overtake each other; the first four are profiles. */
  private static final Link[] ROUGH = {
    new Link(50, 20, 5, "8ms loss gemodel 0.15% 30%"), // @wifi
    new Link(13, 70, 1_000.0 / 70, "8ms distribution normal loss 0.1%"), // @lte
    new Link(100, 90, 50.0 / 90, "1ms loss 0.1%"), // @transatlantic
    new Link(20, 558, 300.0 / 558, "5ms loss gemodel 0.1% 20%"), // @satellite
    new Link(20, 50, 1, "10ms loss 10% reorder 5% duplicate 2% 5ms"),
    new Link(50, 50, 1, "10ms"),
    new Link(100, 20, 1, "5ms loss 1%"),
    new Link(200, 20, 1, "reorder 10%"),
    new Link(200, 10, 0.3, "reorder 10%"),
    new Link(200, 10, 1, "loss 10% reorder 10%"),
    new Link(100, 160, 1, "reorder 1% 100ms"),
  };

  private static final int FAIR_FROM_SECOND = 3;
  private static final int FAIR_TO_SECOND = 33;

  /** In clear; sealed packets have twelve bytes more for the same payload. */
  private static final int SEALED_EXTRA_BYTES = 12;

  private PerformanceTable() {}

  /**
   * Goodput of a bulk transfer for each controller under loss.
   *
   * @param datagramBytes the largest, sealed
   */
  public static void printBulk(int seeds, int datagramBytes) {
    System.out.println("| RTT | loss | NEW_RENO | CUBIC | ADAPTIVE | its queue | its own loss |");
    System.out.println("|---|---|---|---|---|---|---|");
    int packetBytes = datagramBytes - SEALED_EXTRA_BYTES;
    for (double rttMillis : new double[] {20, 100}) {
      for (double loss : LOSSES) {
        bulk(Link.of(rttMillis, loss), row(rttMillis, loss + " %"), packetBytes, seeds);
      }
      for (int loss : BURSTS) {
        String name = loss + " % in bursts of " + BURST_PACKETS;
        Link link = Link.bursts(rttMillis, loss, BURST_PACKETS);
        bulk(link, row(rttMillis, name), packetBytes, seeds);
      }
    }
  }

  /**
   * The same where the delay varies or packets overtake each other.
   *
   * @param datagramBytes the largest, sealed
   */
  public static void printRough(int seeds, int datagramBytes) {
    System.out.println("| link | NEW_RENO | CUBIC | ADAPTIVE | its queue | its own loss |");
    System.out.println("|---|---|---|---|---|---|");
    for (Link link : ROUGH) {
      bulk(link, "`" + link.conditions() + "`", datagramBytes - SEALED_EXTRA_BYTES, seeds);
    }
  }

  /**
   * How flows share a bottleneck.
   *
   * @param datagramBytes the largest, sealed
   */
  public static void printFair(int seeds, int datagramBytes) {
    System.out.println("| RTT | queue | flows | Jain's index | Mbit/s | mean queue | lost there |");
    System.out.println("|---|---|---|---|---|---|---|");
    int packetBytes = datagramBytes - SEALED_EXTRA_BYTES;
    for (double rttMillis : new double[] {20, 100}) {
      for (double queueBdp : new double[] {1, 0.5}) {
        Link link = new Link(100, rttMillis, queueBdp, "");
        fair(link, CongestionControl.ADAPTIVE, 2, 0, packetBytes, seeds);
        fair(link, CongestionControl.ADAPTIVE, 4, 0, packetBytes, seeds);
        fair(link, CongestionControl.ADAPTIVE, 1, 1, packetBytes, seeds);
        fair(link, CongestionControl.ADAPTIVE, 2, 2, packetBytes, seeds);
        fair(link, CongestionControl.CUBIC, 1, 1, packetBytes, seeds);
        fair(link, CongestionControl.CUBIC, 4, 0, packetBytes, seeds);
      }
    }
  }

  private static String row(double rttMillis, String loss) {
    return String.format(Locale.ROOT, "%.0f ms | %s", rttMillis, loss);
  }

  private static void bulk(Link link, String name, int packetBytes, int seeds) {
    double[] queues = new double[seeds];
    double[] drops = new double[seeds];
    StringBuilder row = new StringBuilder();
    for (CongestionControl control : CongestionControl.values()) {
      double[] rates = new double[seeds];
      for (int seed = 0; seed < seeds; seed++) {
        SharedLink run =
            new SharedLink(link, seed + 1).posthorn(control, packetBytes, 0).run(SECONDS);
        rates[seed] = run.megabits(0, 0, SECONDS);
        queues[seed] = run.queueShare();
        drops[seed] = run.queueLoss();
      }
      row.append(String.format(Locale.ROOT, " %.1f |", median(rates)));
    }
    System.out.printf(
        Locale.ROOT, "| %s |%s %.2f | %.2f %% |%n", name, row, median(queues), 100 * median(drops));
  }

  private static void fair(
      Link link, CongestionControl control, int own, int cubic, int packetBytes, int seeds) {
    double[] jain = new double[seeds];
    double[] queues = new double[seeds];
    double[] drops = new double[seeds];
    double[] total = new double[seeds];
    for (int seed = 0; seed < seeds; seed++) {
      SharedLink run = new SharedLink(link, seed + 1);
      for (int i = 0; i < own; i++) {
        run.posthorn(control, packetBytes, 700L * i);
      }
      for (int i = 0; i < cubic; i++) {
        run.tcpCubic(seed % 2 == 0 ? 1_100L * (i + 1) : 0);
      }
      run.run(FAIR_TO_SECOND);
      jain[seed] = run.jain(FAIR_FROM_SECOND, FAIR_TO_SECOND);
      queues[seed] = run.queueShare();
      drops[seed] = run.queueLoss();
      for (int i = 0; i < run.flows(); i++) {
        total[seed] += run.megabits(i, FAIR_FROM_SECOND, FAIR_TO_SECOND);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %.0f ms | %s BDP | %d %s%s | %.3f (least %.3f) | %.1f | %.2f | %.2f %% |%n",
        link.rttMillis(),
        link.queueBdp(),
        own,
        control,
        cubic == 0 ? "" : " + " + cubic + " TCP CUBIC",
        median(jain),
        Arrays.stream(jain).min().orElse(0),
        median(total),
        median(queues),
        100 * median(drops));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
