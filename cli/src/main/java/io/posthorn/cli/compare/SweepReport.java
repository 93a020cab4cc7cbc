package io.posthorn.cli.compare;

import io.posthorn.cli.JsonText;
import io.posthorn.simulation.LinkConditions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What comparisons at several rates of loss have shown, for people and for programs. */
public final class SweepReport {
  private static final int COLUMNS_EACH = 2;

  private SweepReport() {}

  /**
   * What is about to be compared, and where.
   *
   * @param plan what is compared, its loss aside
   * @param arena what the place is
   * @param isHost whether all transports share one real network
   * @param losses each way, 0 to 1
   * @return two lines
   */
  public static List<String> heading(
      ComparePlan plan, String arena, boolean isHost, List<Double> losses) {
    LinkConditions rest = plan.conditions().withLoss(0);
    List<String> rates = new ArrayList<>();
    for (double loss : losses) {
      rates.add(Figures.percent(loss));
    }
    return List.of(
        CompareReport.messages(plan)
            + (isHost ? ", seed " : "; each transport over its own network, seed ")
            + plan.seed()
            + ",",
        (rest.equals(LinkConditions.NONE) ? "" : rest + " and ")
            + "loss of "
            + String.join(", ", rates)
            + " each way; "
            + arena);
  }

  /**
   * The table and what it means at its last rate of loss.
   *
   * @param steps what was compared; one or more
   * @return lines
   */
  public static List<String> lines(List<SweepStep> steps) {
    Transport[] transports = Transport.values();
    List<String[]> rows = new ArrayList<>();
    String[] head = new String[1 + COLUMNS_EACH * transports.length];
    head[0] = "loss";
    for (Transport transport : transports) {
      int at = 1 + COLUMNS_EACH * transport.ordinal();
      head[at] = CompareTable.title(steps.get(0).comparison(), transport);
      head[at + 1] = "p99";
    }
    rows.add(head);
    for (SweepStep step : steps) {
      String[] row = new String[head.length];
      row[0] = step.lossText();
      for (Transport transport : transports) {
        int at = 1 + COLUMNS_EACH * transport.ordinal();
        row[at] = delivered(step.comparison(), transport);
        row[at + 1] =
            Figures.text(step.comparison().median(transport, Metric.P99), Metric.Unit.TIME);
      }
      rows.add(row);
    }
    List<String> lines = new ArrayList<>(CompareTable.aligned(rows));
    lines.add("");
    SweepStep last = steps.get(steps.size() - 1);
    lines.add(
        "Of each transport: what was delivered, and within what time 99 % of all messages came.");
    lines.add("At " + last.lossText() + " loss: " + Verdict.of(last.comparison()));
    Set<String> remarks = new LinkedHashSet<>();
    for (SweepStep step : steps) {
      for (String remark : CompareReport.remarks(step.comparison())) {
        remarks.add(remark.contains(": n/a, for ") ? remark : step.lossText() + " loss, " + remark);
      }
    }
    lines.addAll(remarks);
    return lines;
  }

  private static String delivered(Comparison comparison, Transport transport) {
    return comparison.has(transport)
        ? Figures.percent(comparison.deliveredShare(transport))
        : "n/a";
  }

  /**
   * The same as one JSON object: an array of comparisons, each as without a sweep.
   *
   * @param steps what was compared
   * @param arena what the place is
   * @param asserted what became of a claim; null if there was none
   * @return one line
   */
  public static String json(
      List<SweepStep> steps, String arena, @Nullable AssertionResult asserted) {
    JsonText json = new JsonText().beginObject().beginArray("sweep");
    for (SweepStep step : steps) {
      JsonText element = new JsonText().beginObject().put("loss", step.loss());
      json.add(CompareReport.members(element, step.comparison(), arena).endObject());
    }
    json.endArray();
    if (asserted != null) {
      asserted.write(json, true);
    }
    return json.endObject().toString();
  }

  /**
   * A title for a progress bar.
   *
   * @param loss 0 to 1
   * @return such as {@code loss 5 %, }
   */
  public static String label(double loss) {
    return String.format(Locale.ROOT, "loss %s, ", Figures.percent(loss));
  }
}
