package io.posthorn.cli.bench;

import io.posthorn.cli.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The words and the JSON of a test at the client. For one thread. */
public final class BenchReport {
  private static final int SUM = -1;

  private final BenchPlan plan;
  private final BenchTransport transport;
  private final String server;
  private final int streams;
  private final FlowSample[] last;
  private final List<JsonText> intervals = new ArrayList<>();
  private double lastSeconds;

  /** Nothing measured yet. */
  public BenchReport(BenchPlan plan, BenchTransport transport, String server, int streams) {
    this.plan = plan;
    this.transport = transport;
    this.server = server;
    this.streams = streams;
    this.last = new FlowSample[streams];
    java.util.Arrays.fill(last, FlowSample.NONE);
  }

  /** What is going to be done. */
  public String heading() {
    return String.format(
        Locale.ROOT,
        "%s, %s, %d stream%s of %d-byte messages, %s%s",
        server,
        transport.word(),
        streams,
        streams == 1 ? "" : "s",
        plan.messageBytes(),
        plan.up() && plan.down() ? "both ways" : plan.up() ? "to the server" : "from the server",
        plan.bitsPerSecond() == 0 ? "" : ", " + BenchUnits.rate(plan.bitsPerSecond()) + " each");
  }

  /** The figures since the last interval, a line for each stream and direction, and sums. */
  public List<String> interval(BenchRun run, double seconds) {
    List<String> lines = new ArrayList<>();
    FlowSample[] since = take(run);
    FlowSample sum = FlowSample.NONE;
    for (int stream = 0; stream < streams; stream++) {
      addLines(lines, stream, since[stream], seconds);
      sum = sum.plus(since[stream]);
    }
    if (streams > 1) {
      addLines(lines, SUM, sum, seconds);
    }
    lastSeconds = seconds;
    return lines;
  }

  private FlowSample[] take(BenchRun run) {
    FlowSample[] since = new FlowSample[streams];
    for (int stream = 0; stream < streams; stream++) {
      FlowSample now = run.sample(stream);
      since[stream] = now.minus(last[stream]);
      last[stream] = now.withMissingOf(last[stream]);
    }
    return since;
  }

  private void addLines(List<String> lines, int stream, FlowSample since, double seconds) {
    double span = Math.max(1e-9, seconds - lastSeconds);
    String start =
        String.format(
            Locale.ROOT,
            "[%3s] %5.1f-%-5.1f s ",
            stream == SUM ? "SUM" : Integer.toString(stream + 1),
            lastSeconds,
            seconds);
    if (plan.up()) {
      StringBuilder line = new StringBuilder(start).append("up   ");
      append(line, (double) since.sentBytes(), (double) since.sent(), span);
      LinkState link = since.link();
      if (link.rttNanos() > 0) {
        line.append(
            String.format(
                Locale.ROOT,
                "  rtt %s, window %s, sent again %s",
                BenchUnits.millis(link.rttNanos()),
                BenchUnits.bytes((double) link.windowBytes()),
                BenchUnits.bytes((double) link.retransmittedBytes())));
      }
      lines.add(line.toString());
    }
    if (plan.down()) {
      FlowReport got = since.received();
      StringBuilder line = new StringBuilder(start).append("down ");
      append(line, (double) got.bytes(), (double) got.unique(), span);
      if (transport == BenchTransport.PLAIN) {
        line.append(
            String.format(
                Locale.ROOT,
                "  %d lost, jitter %s",
                got.missing(),
                BenchUnits.millis(got.jitterNanos())));
      }
      lines.add(line.toString());
    }
  }

  private static void append(StringBuilder line, double bytes, double messages, double span) {
    line.append(
        String.format(
            Locale.ROOT,
            "%9s  %12s  %9s messages/s",
            BenchUnits.bytes(bytes),
            BenchUnits.rate(bytes * 8 / span),
            BenchUnits.figure(messages / span)));
  }

  /** The figures since the last interval as JSON, which is kept for the whole. */
  public String intervalJson(BenchRun run, double seconds) {
    JsonText json = new JsonText().beginObject();
    writeInterval(json, take(run), seconds);
    json.endObject();
    intervals.add(json);
    lastSeconds = seconds;
    return json.toString();
  }

  private void writeInterval(JsonText json, FlowSample[] since, double seconds) {
    double span = Math.max(1e-9, seconds - lastSeconds);
    json.put("start", lastSeconds).put("end", seconds);
    json.beginArray("streams");
    FlowSample sum = FlowSample.NONE;
    for (int stream = 0; stream < streams; stream++) {
      json.beginObject().put("stream", stream + 1);
      writeSample(json, since[stream], span);
      json.endObject();
      sum = sum.plus(since[stream]);
    }
    json.endArray().beginObject("sum");
    writeSample(json, sum, span);
    json.endObject();
  }

  private void writeSample(JsonText json, FlowSample sample, double span) {
    if (plan.up()) {
      json.beginObject("up")
          .put("messages", sample.sent())
          .put("bytes", sample.sentBytes())
          .put("bitsPerSecond", sample.sentBytes() * 8 / span);
      LinkState link = sample.link();
      if (link.rttNanos() > 0) {
        json.put("rttMs", link.rttNanos() / 1e6)
            .put("windowBytes", link.windowBytes())
            .put("retransmittedBytes", link.retransmittedBytes())
            .put("limitedBy", link.limitedBy());
      }
      json.endObject();
    }
    if (plan.down()) {
      FlowReport got = sample.received();
      json.beginObject("down")
          .put("messages", got.unique())
          .put("bytes", got.bytes())
          .put("bitsPerSecond", got.bytes() * 8 / span)
          .put("missing", got.missing())
          .put("duplicates", got.duplicates())
          .put("outOfOrder", got.outOfOrder())
          .put("jitterMs", got.jitterNanos() / 1e6)
          .endObject();
    }
  }

  /** The end: what came of it, a line for each stream and direction, and sums. */
  public List<String> result(BenchRun run) {
    List<String> lines = new ArrayList<>();
    addResults(lines, "up", plan.up(), run, true);
    addResults(lines, "down", plan.down(), run, false);
    return lines;
  }

  private void addResults(
      List<String> lines, String way, boolean asked, BenchRun run, boolean isUp) {
    for (int stream = 0; asked && streams > 1 && stream < streams; stream++) {
      DirectionResult result = isUp ? run.up(stream) : run.down(stream);
      lines.add(
          String.format(Locale.ROOT, "[%3d] %s: ", stream + 1, way)
              + (result == null ? "the server never said what came" : result.text()));
    }
    DirectionResult sum = asked ? run.sum(isUp) : null;
    if (asked) {
      lines.add(way + ": " + (sum == null ? "the server never said what came" : sum.text()));
    }
  }

  /** The end as JSON; whole: with the plan and all intervals, else alone. */
  public String resultJson(BenchRun run, boolean whole) {
    JsonText json = new JsonText().beginObject();
    if (whole) {
      writePlan(json);
      json.beginArray("intervals");
      for (JsonText interval : intervals) {
        json.add(interval);
      }
      json.endArray();
    }
    json.beginObject("result");
    writeResult(json, "up", run, true);
    writeResult(json, "down", run, false);
    return json.endObject().endObject().toString();
  }

  /** What is going to be done as JSON. */
  public String planJson() {
    JsonText json = new JsonText().beginObject();
    writePlan(json);
    return json.endObject().toString();
  }

  private void writePlan(JsonText json) {
    json.beginObject("plan")
        .put("server", server)
        .put("transport", transport.word())
        .put("streams", streams)
        .put("messageBytes", plan.messageBytes())
        .put("seconds", plan.seconds())
        .put("messages", plan.messages())
        .put("bitsPerSecond", plan.bitsPerSecond())
        .put("up", plan.up())
        .put("down", plan.down())
        .endObject();
  }

  private void writeResult(JsonText json, String way, BenchRun run, boolean isUp) {
    DirectionResult sum = run.sum(isUp);
    if (sum == null) {
      return;
    }
    sum.write(json.beginObject(way));
    json.beginArray("streams");
    for (int stream = 0; stream < streams; stream++) {
      DirectionResult one = isUp ? run.up(stream) : run.down(stream);
      if (one != null) {
        one.write(json.beginObject().put("stream", stream + 1)).endObject();
      }
    }
    json.endArray().endObject();
  }
}
