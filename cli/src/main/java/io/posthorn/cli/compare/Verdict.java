package io.posthorn.cli.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleBiFunction;

/** What a comparison means, in one plain sentence. */
public final class Verdict {
  private static final double CLEARLY = 1.1;

  /** Less is 0.0 % when it is rounded. */
  private static final double LEAST_SHARE = 0.000_5;

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
    if (comparison.isCutShort()) {
      return "Stopped in the first run: these figures are of the messages sent until then, and of what"
          + " arrived by a moment later.";
    }
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
    if (comparison.isPerfect(Transport.PLAIN)) {
      return "plain delivered every message, once and in order, for this network spared them";
    }
    List<String> faults = faults(Transport.PLAIN, comparison::median);
    return faults.isEmpty() ? uneven(Transport.PLAIN, "plain") : "plain " + join(faults);
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
    String within = ", 99 % of them within " + Figures.time(theirs);
    if (!comparison.isPerfect(Transport.RELIABLE)) {
      return name + " delivered every one" + within; // what did not arrive is not later either
    }
    double mine = median(Transport.RELIABLE, Metric.P99);
    return name + " delivered every one too" + within + latenessOfTcp(theirs, mine);
  }

  private static String latenessOfTcp(double theirs, double mine) {
    if (theirs > mine * CLEARLY) {
      return ", " + later(theirs, mine);
    }
    return mine > theirs * CLEARLY
        ? ", where reliable was " + later(mine, theirs)
        : ", about as soon";
  }

  /** By how much; nothing is a number of times as late as what took no time at all. */
  private static String later(double nanos, double thanNanos) {
    return thanNanos > 0
        ? String.format(Locale.ROOT, "%.1f times as late", nanos / thanNanos)
        : "later";
  }

  /** What is to be said of a transport that did not keep its promise in every run. */
  private String broken(Transport transport, String name) {
    List<String> faults = faults(transport, comparison::median);
    if (faults.isEmpty()) {
      return uneven(transport, name);
    }
    boolean through = median(transport, Metric.LOST) == 0;
    return name
        + (through ? " broke its promise: it " : " did not get through: it ")
        + join(faults);
  }

  /** Of a transport with faults in some runs that the medians do not show. */
  private String uneven(Transport transport, String name) {
    int perfect = comparison.perfectRuns(transport);
    return name
        + " delivered every message, once and in order, in "
        + (perfect == 0 ? "none" : perfect)
        + " of "
        + comparison.runs(transport).size()
        + " runs, and at worst "
        + join(faults(transport, comparison::most));
  }

  private List<String> faults(Transport transport, ToDoubleBiFunction<Transport, Metric> figure) {
    List<String> faults = new ArrayList<>();
    double lost = figure.applyAsDouble(transport, Metric.LOST);
    if (lost > 0) {
      faults.add("lost " + share(lost));
    }
    addFault(faults, "delivered", figure.applyAsDouble(transport, Metric.DUPLICATED), "twice");
    addFault(faults, "had", figure.applyAsDouble(transport, Metric.OUT_OF_ORDER), "out of order");
    addFault(faults, "handed over", figure.applyAsDouble(transport, Metric.CORRUPTED), "damaged");
    return faults;
  }

  /** So many of all messages: a share, unless so few would look like none, or like all. */
  private String share(double count) {
    int all = comparison.plan().messages();
    double share = count / all;
    return share < LEAST_SHARE || (share > 1 - LEAST_SHARE && count < all)
        ? Figures.count(count) + " of " + Figures.count(all) + " messages"
        : Figures.percent(share) + " of the messages";
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
}
