package io.posthorn.cli.sockets;

import io.posthorn.cli.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The rows as people and programs read them. */
public final class SocketTable {
  private static final List<String> HEADINGS =
      List.of(
          "PROTO",
          "STATE",
          "LOCAL",
          "REMOTE",
          "PORT",
          "RTT",
          "WINDOW",
          "FLIGHT",
          "SENT",
          "RECEIVED",
          "LOST",
          "OVERFLOWS",
          "AGE",
          "ID",
          "PROCESS");

  private final PortNames names;

  /** A table that names ports with these names. */
  public SocketTable(PortNames names) {
    this.names = names;
  }

  /** A line of headings and one for each row; a column that says nothing is left out. */
  public List<String> lines(List<SocketRow> rows) {
    List<List<String>> cells = new ArrayList<>();
    cells.add(HEADINGS);
    for (SocketRow row : rows) {
      cells.add(cells(row));
    }
    int[] widths = new int[HEADINGS.size()];
    for (int column = 0; column < widths.length; column++) {
      for (List<String> line : cells.subList(1, cells.size())) {
        widths[column] = Math.max(widths[column], line.get(column).length());
      }
      if (widths[column] > 0 || column < 4) {
        widths[column] = Math.max(widths[column], HEADINGS.get(column).length());
      }
    }
    List<String> lines = new ArrayList<>();
    for (List<String> line : cells) {
      StringBuilder text = new StringBuilder();
      for (int column = 0; column < widths.length; column++) {
        if (widths[column] > 0) {
          text.append(line.get(column))
              .append(" ".repeat(widths[column] - line.get(column).length() + 2));
        }
      }
      lines.add(text.toString().stripTrailing());
    }
    return lines;
  }

  private List<String> cells(SocketRow row) {
    return List.of(
        row.protocol(),
        row.state(),
        row.local(),
        row.remote().isEmpty() ? "-" : row.remote(),
        portText(row),
        row.rttNanos() <= 0 ? "" : time(row.rttNanos()),
        size(row.windowBytes()),
        size(row.inFlightBytes()),
        count(row.sent()),
        count(row.received()),
        count(row.lost()),
        row.receiveOverflows() <= 0 ? "" : count(row.receiveOverflows()),
        row.ageNanos() < 0 ? "" : time(row.ageNanos()),
        row.connectionId(),
        row.process() < 0 ? "" : row.process() + " " + row.program());
  }

  /** The port that says most: the remote one where something listens there, else the local one. */
  private String portText(SocketRow row) {
    int local = row.localPort();
    int remote = SocketRow.port(row.remote());
    boolean remoteSpeaks =
        remote > 0
            && names.classOf(local).equals("ephemeral")
            && !names.classOf(remote).equals("ephemeral");
    int port = remoteSpeaks ? remote : local;
    if (port < 0) {
      return "";
    }
    String service = names.service(row.protocol(), port);
    return port + " " + names.classOf(port) + (service.isEmpty() ? "" : " " + service);
  }

  private static String count(long value) {
    return value < 0 ? "" : Long.toString(value);
  }

  private static String size(long bytes) {
    if (bytes < 0) {
      return "";
    }
    if (bytes < 10_000) {
      return bytes + " B";
    }
    return bytes < 10_000_000 ? bytes / 1_000 + " kB" : bytes / 1_000_000 + " MB";
  }

  private static String time(long nanos) {
    double seconds = nanos / 1e9;
    if (seconds < 1) {
      return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }
    long whole = (long) seconds;
    if (whole < 60) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    return whole < 3_600
        ? String.format(Locale.ROOT, "%d:%02d min", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d h", whole / 3_600, whole / 60 % 60);
  }

  /** A row as a JSON object; what is not known is null. */
  public JsonText json(SocketRow row) {
    JsonText json = new JsonText().beginObject();
    for (Map.Entry<String, Object> member : row.members().entrySet()) {
      if (member.getValue() instanceof Long number) {
        if (number < 0) {
          json.putNull(member.getKey());
        } else {
          json.put(member.getKey(), number);
        }
      } else {
        json.put(member.getKey(), member.getValue().toString());
      }
    }
    putPort(json, "local", row.protocol(), row.localPort());
    putPort(json, "remote", row.protocol(), SocketRow.port(row.remote()));
    return json.endObject();
  }

  private void putPort(JsonText json, String side, String protocol, int port) {
    if (port >= 0) {
      json.put(side + "PortClass", names.classOf(port))
          .put(side + "Service", names.service(protocol, port));
    }
  }
}
