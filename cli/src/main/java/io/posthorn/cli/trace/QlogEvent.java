package io.posthorn.cli.trace;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.posthorn.cli.trace.TraceEvent.Flow;
import io.posthorn.cli.trace.TraceEvent.Way;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Events of a qlog file that are no packets, in few words. */
final class QlogEvent {
  private QlogEvent() {}

  static TraceEvent of(long nanos, Flow flow, String name, JsonObject data) {
    Map<String, Object> details = new LinkedHashMap<>();
    String what =
        switch (name) {
          case "recovery:packet_lost" -> lost(data, details);
          case "recovery:loss_timer_updated" -> probeTimeout(data, details);
          case "recovery:congestion_state_updated" -> state("congestion", data, details);
          case "connectivity:connection_started" -> started(data, details);
          case "connectivity:connection_state_updated" -> state("state", data, details);
          case "connectivity:connection_closed" -> closed(data, details);
          case "connectivity:path_assigned" -> path(data, details);
          case "connectivity:mtu_updated" -> mtu(data, details);
          default -> other(name, data, details);
        };
    return new TraceEvent(nanos, flow, Way.NONE, what, details, List.of());
  }

  private static String lost(JsonObject data, Map<String, Object> details) {
    QlogReader.number(details, "number", JsonValues.object(data, "header").get("packet_number"));
    QlogReader.number(details, "bytes", JsonValues.object(data, "raw").get("length"));
    text(details, "reason", JsonValues.text(data, "trigger").replace('_', ' '));
    return "lost";
  }

  private static String probeTimeout(JsonObject data, Map<String, Object> details) {
    QlogReader.number(details, "count", data.get("pto_count"));
    return "probe timeout";
  }

  private static String state(String what, JsonObject data, Map<String, Object> details) {
    text(details, "now", JsonValues.text(data, "new").replace('_', ' '));
    text(details, "before", JsonValues.text(data, "old").replace('_', ' '));
    return what;
  }

  private static String started(JsonObject data, Map<String, Object> details) {
    text(details, "remote", address(JsonValues.object(data, "remote")));
    text(details, "by", JsonValues.text(data, "src_ip").equals("local") ? "local" : "remote");
    return "opening";
  }

  private static String closed(JsonObject data, Map<String, Object> details) {
    text(details, "by", JsonValues.text(data, "owner"));
    QlogReader.number(details, "code", data.get("error_code"));
    text(details, "reason", JsonValues.text(data, "reason"));
    return "closed";
  }

  private static String path(JsonObject data, Map<String, Object> details) {
    text(details, "now", address(JsonValues.object(data, "path_remote")));
    text(details, "before", address(JsonValues.object(data, "old_path_remote")));
    return "path";
  }

  private static String mtu(JsonObject data, Map<String, Object> details) {
    QlogReader.number(details, "now", data.get("new"));
    QlogReader.number(details, "before", data.get("old"));
    return "datagram size";
  }

  /** All values, those of inner objects too. */
  private static String other(String name, JsonObject data, Map<String, Object> details) {
    for (String key : data.keySet()) {
      JsonElement each = data.get(key);
      Object value = JsonValues.scalar(each);
      if (value != null) {
        details.put(JsonValues.camelCase(key), value);
      } else if (each.isJsonObject()) {
        JsonObject inner = each.getAsJsonObject();
        for (String innerName : inner.keySet()) {
          Object innerValue = JsonValues.scalar(inner.get(innerName));
          if (innerValue != null) {
            details.put(JsonValues.camelCase(key + "_" + innerName), innerValue);
          }
        }
      }
    }
    return name.equals("recovery:metrics_updated")
        ? "metrics"
        : name.substring(name.indexOf(':') + 1).replace('_', ' ').toLowerCase(Locale.ROOT);
  }

  private static String address(JsonObject json) {
    String four = JsonValues.text(json, "ip_v4");
    return four.isEmpty()
        ? json.has("ip_v6")
            ? "[" + JsonValues.text(json, "ip_v6") + "]:" + JsonValues.text(json, "port_v6")
            : ""
        : four + ":" + JsonValues.text(json, "port_v4");
  }

  private static void text(Map<String, Object> details, String name, String value) {
    if (!value.isEmpty()) {
      details.put(name, value);
    }
  }
}
