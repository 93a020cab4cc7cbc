package io.posthorn.cli.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The comparison as a table: a row for each metric, a column for each transport. */
public final class CompareTable {
  private static final int GAP = 3;

  private CompareTable() {}

  /**
   * The table.
   *
   * @param comparison what the runs have shown
   * @return its lines
   */
  public static List<String> lines(Comparison comparison) {
    List<String[]> rows = new ArrayList<>();
    Transport[] transports = Transport.values();
    String[] head = new String[transports.length + 1];
    head[0] = "";
    for (int column = 0; column < transports.length; column++) {
      head[column + 1] = title(comparison, transports[column]);
    }
    rows.add(head);
    for (Metric metric : Metric.values()) {
      String[] row = new String[transports.length + 1];
      row[0] = metric.label();
      for (int column = 0; column < transports.length; column++) {
        row[column + 1] = cell(comparison, transports[column], metric);
      }
      rows.add(row);
    }
    return aligned(rows);
  }

  /** The head of a transport's column. */
  static String title(Comparison comparison, Transport transport) {
    String controller = comparison.congestionController(transport);
    String name = transport == Transport.TCP ? "TCP" : transport.word();
    return controller.isEmpty() ? name : name + " (" + readable(controller) + ")";
  }

  static String readable(String controller) {
    return controller.toLowerCase(Locale.ROOT).replace("_", "");
  }

  private static String cell(Comparison comparison, Transport transport, Metric metric) {
    if (!comparison.has(transport)) {
      return "n/a";
    }
    String median = Figures.text(comparison.median(transport, metric), metric.unit());
    String least = Figures.text(comparison.least(transport, metric), metric.unit());
    String most = Figures.text(comparison.most(transport, metric), metric.unit());
    return least.equals(most) ? median : median + " (" + shortened(least, most) + "-" + most + ")";
  }

  /** "30.1" before "-35.2 ms": the unit is said once if it is the same. */
  private static String shortened(String least, String most) {
    int unitOfLeast = least.indexOf(' ');
    int unitOfMost = most.indexOf(' ');
    boolean same =
        unitOfLeast > 0
            && unitOfMost > 0
            && least.substring(unitOfLeast).equals(most.substring(unitOfMost));
    return same ? least.substring(0, unitOfLeast) : least;
  }

  /** Rows of cells as lines, each column as wide as its widest cell. */
  static List<String> aligned(List<String[]> rows) {
    int columns = rows.get(0).length;
    int[] width = new int[columns];
    for (String[] row : rows) {
      for (int column = 0; column < columns; column++) {
        width[column] = Math.max(width[column], row[column].length());
      }
    }
    List<String> lines = new ArrayList<>();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < columns; column++) {
        line.append(row[column]);
        if (column < columns - 1) {
          line.append(" ".repeat(width[column] - row[column].length() + GAP));
        }
      }
      lines.add(line.toString());
    }
    return lines;
  }
}
