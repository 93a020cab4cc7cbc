package io.posthorn.cli.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a comparison means, in one plain sentence. */
public final class Verdict {
  private static final double CLEARLY = 1.1;

  private final Comparison comparison;

  private Verdict(Comparison comparison) {
    this.comparison = comparison;
  }

  /**
   * The sentence.
   *
   * @param comparison what the runs have shown
   * @return with its full stop
   */
  public static String of(Comparison comparison) {
    Verdict verdict = new Verdict(comparison);
    List<String> parts = new ArrayList<>();
    parts.add(verdict.plain());
    parts.add(verdict.reliable());
    parts.add(verdict.tcp());
    String sentence = String.join("; ", parts) + ".";
    return sentence.substring(0, 1).toUpperCase(Locale.ROOT) + sentence.substring(1);
  }

  private double median(Transport transport, Metric metric) {
    return comparison.median(transport, metric);
  }

  private String plain() {
    if (!comparison.has(Transport.PLAIN)) {
      return "plain could not be measured here";
    }
    List<String> faults = faults(Transport.PLAIN);
    return faults.isEmpty()
        ? "plain delivered every message, once and in order, for this network spared them"
        : "plain " + join(faults);
  }

  private List<String> faults(Transport transport) {
    List<String> faults = new ArrayList<>();
    double lost = median(transport, Metric.LOST);
    int all = comparison.plan().messages();
    if (lost > 0) {
      faults.add("lost " + Figures.percent(lost / all) + " of the messages");
    }
    addFault(faults, "delivered", median(transport, Metric.DUPLICATED), "twice");
    addFault(faults, "had", median(transport, Metric.OUT_OF_ORDER), "out of order");
    addFault(faults, "handed over", median(transport, Metric.CORRUPTED), "damaged");
    return faults;
  }

  private static void addFault(List<String> faults, String verb, double count, String what) {
    if (count > 0) {
      faults.add(verb + " " + Figures.count(count) + " " + what);
    }
  }

  private static String join(List<String> parts) {
    int last = parts.size() - 1;
    return last == 0
        ? parts.get(0)
        : String.join(", ", parts.subList(0, last)) + " and " + parts.get(last);
  }

  private String reliable() {
    if (!comparison.has(Transport.RELIABLE)) {
      return "reliable could not be measured here";
    }
    if (!comparison.isPerfect(Transport.RELIABLE)) {
      return broken(Transport.RELIABLE, "reliable");
    }
    String text = "reliable delivered every one, once and in order, 99 % of them within ";
    text += Figures.time(median(Transport.RELIABLE, Metric.P99));
    double bytes = median(Transport.RELIABLE, Metric.BYTES) / median(Transport.PLAIN, Metric.BYTES);
    return Double.isNaN(bytes) || Double.isInfinite(bytes)
        ? text
        : text + String.format(Locale.ROOT, ", for %.1f times plain's bytes", bytes);
  }

  private String broken(Transport transport, String name) {
    List<String> faults = faults(transport);
    return faults.isEmpty()
        ? name + " kept its promise in most runs, but not in all"
        : name + " did not get through: it " + join(faults);
  }

  private String tcp() {
    if (!comparison.has(Transport.TCP)) {
      return "TCP could not be put through the same network here";
    }
    String controller = comparison.congestionController(Transport.TCP);
    String name = controller.isEmpty() ? "TCP" : "TCP (" + CompareTable.readable(controller) + ")";
    if (!comparison.isPerfect(Transport.TCP)) {
      return broken(Transport.TCP, name);
    }
    double theirs = median(Transport.TCP, Metric.P99);
    if (!comparison.has(Transport.RELIABLE)) {
      return name + " delivered every one, 99 % of them within " + Figures.time(theirs);
    }
    double mine = median(Transport.RELIABLE, Metric.P99);
    String text = name + " delivered every one too, 99 % of them within " + Figures.time(theirs);
    if (theirs > mine * CLEARLY) {
      return text + String.format(Locale.ROOT, ", %.1f times as late", theirs / mine);
    }
    return mine > theirs * CLEARLY
        ? text
            + String.format(Locale.ROOT, ", where reliable was %.1f times as late", mine / theirs)
        : text + ", about as soon";
  }
}
