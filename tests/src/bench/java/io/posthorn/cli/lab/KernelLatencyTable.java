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
 * order, in order on ten channels and without redundancy, with the IP bytes of the sender as a
 * multiple of the same messages in bare UDP datagrams. Contenders and seeds are interleaved.
 */
final class KernelLatencyTable {
  private static final String PATH = "delay 25ms ";
  private static final double MESSAGES_PER_SECOND = 1_000;
  private static final int HEADER_BYTES = 28;
  private static final double NEVER_MILLIS = 1e9;
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
        if (style == DeliveryCarrier.Style.ORDERED
            || contender.transport() == LabTransport.RELIABLE) {
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
      double[][] bytes = new double[columns.size()][seeds];
      long late = 0;
      for (int seed = 0; seed < seeds; seed++) {
        for (int i = 0; i < columns.size(); i++) {
          Column column = columns.get(i);
          DeliveryLog log = new DeliveryLog(schedule, KernelRig.SMALL_BYTES);
          KernelRig.Thin thin =
              rig.thin(
                  column.contender,
                  column.style,
                  PATH + KernelTable.words(loss),
                  seed + 1,
                  schedule,
                  log);
          late = Math.max(late, thin.lateP99Nanos());
          bytes[i][seed] =
              (double) thin.sentBytes()
                  / ((long) schedule.count() * (KernelRig.SMALL_BYTES + HEADER_BYTES));
          for (int at = 0; at < PERCENTS.length; at++) {
            millis[i][at][seed] = log.percentileNanos(PERCENTS[at]) / 1e6;
          }
        }
      }
      StringBuilder line = new StringBuilder("| " + loss + " % |");
      for (int i = 0; i < millis.length; i++) {
        line.append(
            String.format(
                Locale.ROOT,
                " %s / %s / %s, %.1f× |",
                millis("%.1f", millis[i][0]),
                millis("%.0f", millis[i][1]),
                millis("%.0f", millis[i][2]),
                KernelTable.median(bytes[i])));
      }
      System.out.printf(Locale.ROOT, "%s %.1f ms |%n", line, late / 1e6);
    }
  }

  /** The median; where it is of messages that never arrived, that. */
  private static String millis(String format, double[] values) {
    double median = KernelTable.median(values);
    return median > NEVER_MILLIS ? "∞" : String.format(Locale.ROOT, format, median);
  }
}
