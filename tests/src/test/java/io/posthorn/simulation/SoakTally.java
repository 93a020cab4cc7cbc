package io.posthorn.simulation;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What soak runs went through, by name; sums of many runs, and a report of them. */
final class SoakTally {
  static final String RUNS = "runs";
  static final String HOSTILE = "time.hostile";
  static final String VIRTUAL = "time.virtual";
  static final String LINKS = "links.all";

  private static final double NANOS_PER_HOUR = 3.6e12;

  private final Map<String, Long> sums = new TreeMap<>();

  void add(String name, long amount) {
    sums.merge(name, amount, Long::sum);
  }

  void add(SoakTally that) {
    that.sums.forEach(this::add);
  }

  long get(String name) {
    return sums.getOrDefault(name, 0L);
  }

  double hostileHours() {
    return get(HOSTILE) / NANOS_PER_HOUR;
  }

  /** One line that {@link #parse} reads. */
  String line() {
    StringBuilder line = new StringBuilder();
    sums.forEach((name, sum) -> line.append(' ').append(name).append('=').append(sum));
    return line.substring(Math.min(1, line.length()));
  }

  static SoakTally parse(String line) {
    SoakTally tally = new SoakTally();
    for (String word : line.trim().split(" +", -1)) {
      int at = word.indexOf('=');
      if (at > 0) {
        tally.add(word.substring(0, at), Long.parseLong(word.substring(at + 1)));
      }
    }
    return tally;
  }

  /** For people. */
  String report() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%d runs, %.1f hours of virtual time, %.1f of them hostile%n",
            get(RUNS),
            get(VIRTUAL) / NANOS_PER_HOUR,
            hostileHours()));
    text.append("share of the links' hostile time with: ");
    shares(text, "link.", get(LINKS));
    text.append(System.lineSeparator());
    for (String group :
        new String[] {"datagram.", "deed.", "sent.", "received.", "outcome.", "told.", "host."}) {
      text.append(group.substring(0, group.length() - 1)).append(':');
      counts(text, group);
      text.append(System.lineSeparator());
    }
    return text.toString();
  }

  private void shares(StringBuilder text, String group, long whole) {
    String comma = "";
    for (Map.Entry<String, Long> each : sums.entrySet()) {
      if (each.getKey().startsWith(group)) {
        double share = whole == 0 ? 0 : 100.0 * each.getValue() / whole;
        text.append(comma)
            .append(
                String.format(
                    Locale.ROOT, "%s %.1f %%", each.getKey().substring(group.length()), share));
        comma = ", ";
      }
    }
  }

  private void counts(StringBuilder text, String group) {
    String comma = " ";
    for (Map.Entry<String, Long> each : sums.entrySet()) {
      if (each.getKey().startsWith(group)) {
        text.append(comma)
            .append(each.getKey().substring(group.length()))
            .append(' ')
            .append(each.getValue());
        comma = ", ";
      }
    }
  }
}
