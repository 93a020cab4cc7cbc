package io.posthorn.cli.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What all runs of a comparison have shown. Not thread-safe. */
public final class Comparison {
  private final ComparePlan plan;
  private final Map<Transport, List<Measurement>> runs = new EnumMap<>(Transport.class);
  private final Map<Transport, String> notAvailable = new EnumMap<>(Transport.class);
  private boolean cutShort;

  /**
   * A comparison of which nothing has run yet.
   *
   * @param plan what is compared
   */
  public Comparison(ComparePlan plan) {
    this.plan = plan;
  }

  /**
   * Notes that a transport cannot be measured here.
   *
   * @param transport which
   * @param reason why, in words for the user
   */
  public void notAvailable(Transport transport, String reason) {
    notAvailable.put(transport, reason);
  }

  /**
   * Notes one run.
   *
   * @param transport which
   * @param measurement what it has shown
   */
  public void add(Transport transport, Measurement measurement) {
    runs.computeIfAbsent(transport, any -> new ArrayList<>()).add(measurement);
  }

  /**
   * Notes the first run, which was cut short, of all transports; no other can follow it.
   *
   * @param measured what it has shown, of the messages that were sent
   */
  public void addCutShort(Map<Transport, Measurement> measured) {
    cutShort = true;
    measured.forEach(this::add);
  }

  /**
   * Whether the figures are those of a run that was cut short.
   *
   * @return whether they are of the messages sent until then
   */
  public boolean isCutShort() {
    return cutShort;
  }

  /**
   * How many messages were due in each run of a transport.
   *
   * @param transport which
   * @return those of the plan; of a run that was cut short, those sent
   */
  public int due(Transport transport) {
    return cutShort && has(transport) ? runs(transport).get(0).summary().due() : plan.messages();
  }

  /**
   * Whether nothing was measured.
   *
   * @return whether there is no figure at all
   */
  public boolean isEmpty() {
    return runs.isEmpty();
  }

  /**
   * What is compared.
   *
   * @return the plan
   */
  public ComparePlan plan() {
    return plan;
  }

  /**
   * Whether there are figures for a transport.
   *
   * @param transport which
   * @return whether it ran
   */
  public boolean has(Transport transport) {
    return runs.containsKey(transport);
  }

  /**
   * Why there are no figures for a transport.
   *
   * @param transport which
   * @return in words for the user; empty if there are
   */
  public String whyNot(Transport transport) {
    return notAvailable.getOrDefault(transport, "");
  }

  /**
   * The runs of a transport.
   *
   * @param transport which
   * @return in their order; none if it is not available
   */
  public List<Measurement> runs(Transport transport) {
    return runs.getOrDefault(transport, List.of());
  }

  /**
   * How many whole runs are noted; all transports that can be measured have as many.
   *
   * @return 0 if none is
   */
  public int complete() {
    return cutShort ? 0 : runs.values().stream().mapToInt(List::size).max().orElse(0);
  }

  /**
   * What governed the rate of a transport.
   *
   * @param transport which
   * @return the name of a congestion controller; empty if nothing did, or no connection opened
   */
  public String congestionController(Transport transport) {
    return runs(transport).stream()
        .map(Measurement::congestionController)
        .filter(name -> !name.isEmpty())
        .findFirst()
        .orElse("");
  }

  /**
   * The median over the runs.
   *
   * @param transport which
   * @param metric which
   * @return in the metric's unit; NaN if not known in every run
   */
  public double median(Transport transport, Metric metric) {
    double[] sorted = sorted(transport, metric);
    int middle = sorted.length / 2;
    if (sorted.length == 0 || Double.isNaN(sorted[sorted.length - 1])) {
      return Double.NaN;
    }
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * The share of the messages due that arrived, the median over the runs.
   *
   * @param transport of which
   * @return 0 to 1; NaN if not known
   */
  public double deliveredShare(Transport transport) {
    return median(transport, Metric.DELIVERED) / due(transport);
  }

  /**
   * The smallest figure of all runs.
   *
   * @param transport which
   * @param metric which
   * @return in the metric's unit; NaN if there is none
   */
  public double least(Transport transport, Metric metric) {
    double[] sorted = sorted(transport, metric);
    return sorted.length == 0 ? Double.NaN : sorted[0];
  }

  /**
   * The largest figure of all runs.
   *
   * @param transport which
   * @param metric which
   * @return in the metric's unit; NaN if there is none
   */
  public double most(Transport transport, Metric metric) {
    double[] sorted = sorted(transport, metric);
    return sorted.length == 0 ? Double.NaN : sorted[sorted.length - 1];
  }

  /** Ascending; what is not known comes last, as NaN. */
  private double[] sorted(Transport transport, Metric metric) {
    double[] values =
        runs(transport).stream().mapToDouble(measured -> measured.value(metric)).toArray();
    Arrays.sort(values);
    return values;
  }

  /**
   * Whether a transport kept all that reliable mode promises, in every run.
   *
   * @param transport which
   * @return whether every message arrived once, whole and in order
   */
  public boolean isPerfect(Transport transport) {
    return has(transport) && perfectRuns(transport) == runs(transport).size();
  }

  /**
   * In how many runs a transport kept all that reliable mode promises.
   *
   * @param transport which
   * @return 0 to the number of its runs
   */
  public int perfectRuns(Transport transport) {
    return (int) runs(transport).stream().filter(Measurement::isPerfect).count();
  }
}
