package io.posthorn.cli.lab;

import io.posthorn.cli.compare.DeliveryLog;
import io.posthorn.cli.compare.MessageSchedule;
import io.posthorn.cli.lab.KernelRig.Contender;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Prints how late the messages of a thin flow arrive, 64 bytes each and 1,000 a second over a round
 * trip of 50 ms: of the kernel's TCP in its one order, of Posthorn's real stack in order, without
 * order and in order on ten channels. Contenders and seeds are interleaved.
 */
final class KernelLatencyTable {
  private static final String PATH = "delay 25ms ";
  private static final double MESSAGES_PER_SECOND = 1_000;
  private static final double[] PERCENTS = {50, 99, 99.9};

  private final KernelRig rig;
  private final List<String> contenders;

  KernelLatencyTable(KernelRig rig, List<String> contenders) {
    this.rig = rig;
    this.contenders = contenders;
  }

  /** Who sends, and how. */
  private record Column(Contender contender, DeliveryCarrier.Style style, String title) {}

  private List<Column> columns() {
    List<Column> columns = new ArrayList<>();
    for (String name : contenders) {
      Contender contender = Contender.of(name);
      for (DeliveryCarrier.Style style : DeliveryCarrier.Style.values()) {
        if (style == DeliveryCarrier.Style.ORDERED || contender.transport() != LabTransport.TCP) {
          columns.add(new Column(contender, style, name + ", " + style.words()));
        }
      }
    }
    return columns;
  }

  /** Prints a row for each loss, written as {@link KernelTable#words} takes it. */
  void print(List<String> losses, int seeds, int seconds) throws IOException, InterruptedException {
    List<Column> columns = columns();
    StringBuilder heading = new StringBuilder("| loss |");
    for (Column column : columns) {
      heading.append(' ').append(column.title).append(" |");
    }
    System.out.println(heading + " late (p99) |");
    System.out.println("|---|" + "---|".repeat(columns.size()) + "---|");
    MessageSchedule schedule =
        new MessageSchedule((int) (seconds * MESSAGES_PER_SECOND), MESSAGES_PER_SECOND);
    for (String loss : losses) {
      double[][][] millis = new double[columns.size()][PERCENTS.length][seeds];
      long late = 0;
      for (int seed = 0; seed < seeds; seed++) {
        for (int i = 0; i < columns.size(); i++) {
          Column column = columns.get(i);
          DeliveryLog log = new DeliveryLog(schedule, KernelRig.SMALL_BYTES);
          late =
              Math.max(
                  late,
                  rig.thin(
                      column.contender,
                      column.style,
                      PATH + KernelTable.words(loss),
                      seed + 1,
                      schedule,
                      log));
          for (int at = 0; at < PERCENTS.length; at++) {
            millis[i][at][seed] = log.percentileNanos(PERCENTS[at]) / 1e6;
          }
        }
      }
      StringBuilder line = new StringBuilder("| " + loss + " % |");
      for (double[][] of : millis) {
        line.append(
            String.format(
                Locale.ROOT,
                " %.1f / %.0f / %.0f |",
                KernelTable.median(of[0]),
                KernelTable.median(of[1]),
                KernelTable.median(of[2])));
      }
      System.out.printf(Locale.ROOT, "%s %.1f ms |%n", line, late / 1e6);
    }
  }
}
