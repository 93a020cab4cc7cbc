package io.posthorn.cli;

import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.compare.Transport;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The progress bar of a comparison; nothing where nobody looks. Safe for all threads. */
final class CompareProgress {
  private static final int BAR_CHARS = 24;

  private final Output output;
  private final String label;
  private final ComparePlan plan;
  private final int run;
  private final Map<Transport, Integer> sent = new EnumMap<>(Transport.class);
  private final Map<Transport, Integer> delivered = new EnumMap<>(Transport.class);

  /**
   * The bar for one run.
   *
   * @param label what is measured, before the number of the run; may be empty
   * @param run 0 to {@code plan.runs() - 1}
   * @param transports which take part
   */
  CompareProgress(
      Output output, String label, ComparePlan plan, int run, List<Transport> transports) {
    this.output = output;
    this.label = label;
    this.plan = plan;
    this.run = run;
    for (Transport transport : transports) {
      sent.put(transport, 0);
      delivered.put(transport, 0);
    }
    show();
  }

  /** A transport got so far. */
  synchronized void update(Transport transport, int sentSoFar, int deliveredSoFar) {
    sent.put(transport, sentSoFar);
    delivered.put(transport, deliveredSoFar);
    show();
  }

  private synchronized void show() {
    if (!output.showsProgress()) {
      return;
    }
    long sentByAll = 0;
    for (int count : sent.values()) {
      sentByAll += count;
    }
    double share = sentByAll / ((double) plan.messages() * sent.size());
    int filled = (int) Math.round(BAR_CHARS * (run + share) / plan.runs());
    StringBuilder line = new StringBuilder("[");
    line.append("#".repeat(filled)).append("-".repeat(BAR_CHARS - filled));
    line.append("] ")
        .append(label)
        .append("run ")
        .append(run + 1)
        .append(" of ")
        .append(plan.runs());
    delivered.forEach(
        (transport, count) -> line.append("  ").append(transport.word()).append(' ').append(count));
    output.progress(line.toString());
  }
}
