package io.posthorn.cli.compare;

import io.posthorn.cli.JsonText;
import io.posthorn.simulation.LinkConditions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The whole answer of a comparison, for people and for programs. */
public final class CompareReport {
  private CompareReport() {}

  /**
   * What is about to be compared, and where.
   *
   * @param plan what is compared
   * @param arena what the place is
   * @return one line or two
   */
  public static List<String> heading(ComparePlan plan, String arena) {
    return List.of(
        messages(plan) + "; each transport over its own network, seed " + plan.seed() + ",",
        plan.conditions() + " each way; " + arena);
  }

  /**
   * What is about to be compared over a real network.
   *
   * @param plan what is compared
   * @param arena what the place is
   * @return two lines
   */
  public static List<String> headingOfHost(ComparePlan plan, String arena) {
    boolean impaired = !plan.conditions().equals(LinkConditions.NONE);
    return List.of(
        messages(plan) + ",",
        impaired ? plan.conditions() + " each way, seed " + plan.seed() + ", " + arena : arena);
  }

  static String messages(ComparePlan plan) {
    return String.format(
        Locale.ROOT,
        "%,d messages of %,d bytes, %s a second, %s",
        plan.messages(),
        plan.messageBytes(),
        Figures.count(Math.round(plan.schedule().messagesPerSecond() * 10) / 10.0),
        plan.runs() == 1 ? "1 run" : plan.runs() + " runs, medians (and ranges)");
  }

  /**
   * The table, the sentence, and what else must be said.
   *
   * @param comparison what the runs have shown
   * @return lines
   */
  public static List<String> lines(Comparison comparison) {
    List<String> lines = new ArrayList<>(CompareTable.lines(comparison));
    lines.add("");
    lines.add(Verdict.of(comparison));
    lines.addAll(remarks(comparison));
    return lines;
  }

  /** What else must be said: transports without figures, and runs that are not to be trusted. */
  static List<String> remarks(Comparison comparison) {
    List<String> lines = new ArrayList<>();
    for (Transport transport : Transport.values()) {
      if (!comparison.whyNot(transport).isEmpty()) {
        lines.add(transport.word() + ": n/a, for " + comparison.whyNot(transport));
      }
      lines.addAll(remarks(comparison, transport));
    }
    return lines;
  }

  private static Set<String> remarks(Comparison comparison, Transport transport) {
    Set<String> remarks = new LinkedHashSet<>();
    List<Measurement> runs = comparison.runs(transport);
    for (int run = 0; run < runs.size(); run++) {
      Measurement measured = runs.get(run);
      String where = transport.word() + ", run " + (run + 1) + ": ";
      if (!measured.failure().isEmpty()) {
        remarks.add(where + "ended early: " + measured.failure());
      }
      if (!measured.warning().isEmpty()) {
        remarks.add(where + "do not trust the figures, for " + measured.warning());
      }
    }
    return remarks;
  }

  /**
   * The same as one JSON object. Times are milliseconds, null where something never arrived.
   *
   * @param comparison what the runs have shown
   * @param arena what the place is
   * @param asserted what became of a claim; null if there was none
   * @return one line
   */
  public static String json(
      Comparison comparison, String arena, @Nullable AssertionResult asserted) {
    JsonText json = members(new JsonText().beginObject(), comparison, arena);
    if (asserted != null) {
      asserted.write(json, false);
    }
    return json.endObject().toString();
  }

  /** Puts all that a comparison has shown into an object that has begun. */
  static JsonText members(JsonText json, Comparison comparison, String arena) {
    ComparePlan plan = comparison.plan();
    json.beginObject("plan")
        .put("messages", plan.messages())
        .put("bytes", plan.messageBytes())
        .put("bitsPerSecond", plan.bitsPerSecond())
        .put("runs", plan.runs())
        .put("seed", plan.seed())
        .put("impair", plan.conditions().toString())
        .put("network", arena)
        .endObject();
    for (Transport transport : Transport.values()) {
      json.beginObject(transport.word());
      if (!comparison.has(transport)) {
        json.put("notAvailable", comparison.whyNot(transport)).endObject();
        continue;
      }
      json.put("congestionControl", comparison.congestionController(transport));
      json.beginObject("median");
      for (Metric metric : Metric.values()) {
        put(json, metric, comparison.median(transport, metric));
      }
      json.endObject().beginArray("runs");
      for (Measurement measured : comparison.runs(transport)) {
        put(json.beginObject(), measured).endObject();
      }
      json.endArray().endObject();
    }
    return json.put("meaning", Verdict.of(comparison));
  }

  /**
   * One run as a JSON object.
   *
   * @param transport of which
   * @param number from 1 on
   * @param measured what it has shown
   * @param loss of the network in a sweep, 0 to 1; null where there is none
   * @return one line
   */
  public static String runJson(
      Transport transport, int number, Measurement measured, @Nullable Double loss) {
    JsonText json = new JsonText().beginObject().beginObject("run");
    if (loss != null) {
      json.put("loss", (double) loss);
    }
    json.put("number", number);
    put(json.put("transport", transport.word()), measured);
    return json.endObject().endObject().toString();
  }

  private static JsonText put(JsonText json, Measurement measured) {
    for (Metric metric : Metric.values()) {
      put(json, metric, measured.value(metric));
    }
    return json.put("failure", measured.failure()).put("warning", measured.warning());
  }

  private static void put(JsonText json, Metric metric, double value) {
    switch (metric.unit()) {
      case TIME -> json.put(metric.word() + "Ms", value / 1e6);
      case RATE -> json.put(metric.word() + "BitsPerSecond", value);
      case SHARE, COUNT -> json.put(metric.word(), value);
    }
  }
}
