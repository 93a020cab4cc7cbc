package io.posthorn.cli.proxy;

import io.posthorn.cli.JsonText;
import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.RelayStatistics;

/** The figures of a proxy, from one telling to the next and in all. For one thread. */
public final class ProxyReport {
  private RelayStatistics last =
      new RelayStatistics(LinkCounters.ZERO, LinkCounters.ZERO, 0, 0, 0, 0);

  /** Nothing told yet. */
  public ProxyReport() {}

  /** Whether anything has happened since the last telling. */
  public boolean isNews(RelayStatistics now) {
    return !now.equals(last);
  }

  /** What happened since the last telling, as a line. */
  public String interval(RelayStatistics now, double seconds, boolean json) {
    RelayStatistics since =
        new RelayStatistics(
            now.up().minus(last.up()),
            now.down().minus(last.down()),
            now.clients(),
            now.refusedClients() - last.refusedClients(),
            now.icmpErrors() - last.icmpErrors(),
            now.socketErrors() - last.socketErrors());
    last = now;
    return json
        ? json(new JsonText().beginObject(), since, seconds).endObject().toString()
        : text(since, Math.round(seconds) + " s");
  }

  /** What happened in all, as a line. */
  public static String total(RelayStatistics now, double seconds, boolean json) {
    if (json) {
      JsonText text = new JsonText().beginObject().beginObject("summary");
      return json(text, now, seconds).endObject().endObject().toString();
    }
    return text(now, "in all");
  }

  private static String text(RelayStatistics what, String when) {
    StringBuilder line = new StringBuilder(when).append(": up ");
    append(line, what.up());
    line.append("; down ");
    append(line, what.down());
    line.append("; ").append(what.clients()).append(what.clients() == 1 ? " client" : " clients");
    also(line, what.refusedClients(), "refused");
    also(
        line, what.icmpErrors(), (what.icmpErrors() == 1 ? "time" : "times") + " port unreachable");
    also(line, what.socketErrors(), "not taken by the system");
    return line.toString();
  }

  private static void append(StringBuilder line, LinkCounters counters) {
    line.append(counters.offered()).append(" in, ").append(counters.delivered()).append(" out");
    also(line, counters.lost(), "lost");
    also(line, counters.duplicated(), "duplicated");
    also(line, counters.reordered(), "reordered");
    also(line, counters.corrupted(), "corrupted");
    also(line, counters.queueDropped(), "dropped by the queue");
    also(line, counters.outageDropped(), "in an outage");
    also(line, counters.mtuDropped(), "too large");
  }

  private static void also(StringBuilder line, long count, String what) {
    if (count > 0) {
      line.append(", ").append(count).append(' ').append(what);
    }
  }

  private static JsonText json(JsonText text, RelayStatistics what, double seconds) {
    text.put("seconds", Math.rint(seconds * 1_000) / 1_000).put("clients", what.clients());
    put(text.beginObject("up"), what.up());
    put(text.beginObject("down"), what.down());
    return text.put("refused", what.refusedClients())
        .put("portUnreachable", what.icmpErrors())
        .put("systemErrors", what.socketErrors());
  }

  private static void put(JsonText text, LinkCounters counters) {
    text.put("offered", counters.offered())
        .put("delivered", counters.delivered())
        .put("deliveredBytes", counters.deliveredBytes())
        .put("lost", counters.lost())
        .put("duplicated", counters.duplicated())
        .put("reordered", counters.reordered())
        .put("corrupted", counters.corrupted())
        .put("queueDropped", counters.queueDropped())
        .put("outageDropped", counters.outageDropped())
        .put("mtuDropped", counters.mtuDropped())
        .endObject();
  }
}
