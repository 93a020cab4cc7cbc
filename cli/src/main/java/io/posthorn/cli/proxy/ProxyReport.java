package io.posthorn.cli.proxy;

import io.posthorn.cli.JsonText;
import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.RelayStatistics;

/** The figures of a proxy, from one telling to the next and in all. For one thread. */
public final class ProxyReport {
  private LinkCounters lastUp = LinkCounters.ZERO;
  private LinkCounters lastDown = LinkCounters.ZERO;
  private int lastClients;

  /** Nothing told yet. */
  public ProxyReport() {}

  /** Whether anything has happened since the last telling. */
  public boolean isNews(RelayStatistics now) {
    return !now.up().equals(lastUp) || !now.down().equals(lastDown) || now.clients() != lastClients;
  }

  /** What happened since the last telling, as a line. */
  public String interval(RelayStatistics now, double seconds, boolean json) {
    LinkCounters up = now.up().minus(lastUp);
    LinkCounters down = now.down().minus(lastDown);
    lastUp = now.up();
    lastDown = now.down();
    lastClients = now.clients();
    return json
        ? json(new JsonText().beginObject(), up, down, now, seconds).endObject().toString()
        : text(up, down, now, Math.round(seconds) + " s");
  }

  /** What happened in all, as a line. */
  public static String total(RelayStatistics now, double seconds, boolean json) {
    if (json) {
      JsonText text = new JsonText().beginObject().beginObject("summary");
      return json(text, now.up(), now.down(), now, seconds).endObject().endObject().toString();
    }
    return text(now.up(), now.down(), now, "in all");
  }

  private static String text(LinkCounters up, LinkCounters down, RelayStatistics now, String when) {
    StringBuilder line = new StringBuilder(when).append(": up ");
    append(line, up);
    line.append("; down ");
    append(line, down);
    line.append("; ").append(now.clients()).append(now.clients() == 1 ? " client" : " clients");
    also(line, now.refusedClients(), "refused");
    also(line, now.icmpErrors(), "times port unreachable");
    also(line, now.socketErrors(), "not taken by the system");
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

  private static JsonText json(
      JsonText text, LinkCounters up, LinkCounters down, RelayStatistics now, double seconds) {
    text.put("seconds", Math.rint(seconds * 1_000) / 1_000).put("clients", now.clients());
    put(text.beginObject("up"), up);
    put(text.beginObject("down"), down);
    return text.put("refused", now.refusedClients())
        .put("portUnreachable", now.icmpErrors())
        .put("systemErrors", now.socketErrors());
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
