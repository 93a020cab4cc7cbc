package io.posthorn.cli.trace;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Frames of a qlog file, under the names that the protocol has for them. */
final class QlogFrame {
  private static final String OWN = "posthorn_";

  /** Where a channel is a stream, and other borrowed words. */
  private static final Map<String, String> TYPES =
      Map.of(
          "stream", "CHANNEL_DATA",
          "max_stream_data", "MAX_CHANNEL_DATA",
          "stream_data_blocked", "CHANNEL_BLOCKED");

  private static final Map<String, String> FIELDS =
      Map.of(
          "stream_id", "channel",
          "message_id", "id",
          "message_number", "number",
          "sequence_number", "sequence",
          "ack_eliciting_threshold", "packets",
          "requested_max_ack_delay", "maxDelayMs",
          "ack_delay", "delayMs");

  private QlogFrame() {}

  static List<TraceFrame> all(JsonArray array) {
    List<TraceFrame> frames = new ArrayList<>();
    for (JsonElement each : array) {
      if (each.isJsonObject()) {
        frames.add(of(each.getAsJsonObject()));
      }
    }
    return frames;
  }

  private static TraceFrame of(JsonObject json) {
    String type = JsonValues.text(json, "frame_type");
    return switch (type) {
      case "ack" -> ack(json);
      case "connection_close" -> close(json);
      default -> new TraceFrame(name(type, json), fields(json));
    };
  }

  private static String name(String type, JsonObject json) {
    if (type.equals("stream") && json.has("fin")) {
      return "CHANNEL_FIN";
    }
    if (type.equals("datagram") && json.has("sequence")) {
      return "DATAGRAM_SEQUENCED";
    }
    String own = type.startsWith(OWN) ? type.substring(OWN.length()) : type;
    return TYPES.getOrDefault(type, own.toUpperCase(Locale.ROOT));
  }

  private static Map<String, Object> fields(JsonObject json) {
    Map<String, Object> fields = new LinkedHashMap<>();
    boolean end = json.has("fin");
    for (String key : json.keySet()) {
      Object value = JsonValues.scalar(json.get(key));
      boolean told = key.equals("frame_type") || key.equals("fin") || (end && key.equals("length"));
      if (value != null && !told) {
        boolean millis = key.equals("requested_max_ack_delay") && value instanceof Long;
        fields.put(
            FIELDS.getOrDefault(key, JsonValues.camelCase(key)),
            millis ? (Object) ((Long) value).doubleValue() : value);
      }
    }
    return fields;
  }

  private static TraceFrame ack(JsonObject json) {
    List<Map<String, Object>> ranges = new ArrayList<>();
    for (JsonElement each : JsonValues.array(json, "acked_ranges")) {
      JsonArray range = each.isJsonArray() ? each.getAsJsonArray() : new JsonArray();
      if (!range.isEmpty()) {
        long first = JsonValues.number(range.get(0));
        ranges.add(
            FrameList.range(first, range.size() > 1 ? JsonValues.number(range.get(1)) : first));
      }
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ranges", ranges);
    fields.put("delayMs", JsonValues.decimal(json.get("ack_delay")));
    boolean ecn = json.has("ce");
    for (String count : new String[] {"ect0", "ect1", "ce"}) {
      if (ecn) {
        fields.put(count, JsonValues.number(json.get(count)));
      }
    }
    return new TraceFrame(ecn ? "ACK_ECN" : "ACK", fields);
  }

  private static TraceFrame close(JsonObject json) {
    long code = JsonValues.number(json.get("error_code"));
    Map<String, Object> fields = new LinkedHashMap<>();
    if (JsonValues.text(json, "error_space").equals("application")) {
      fields.put("code", 0L);
      fields.put("applicationCode", code);
    } else {
      fields.put("code", code);
    }
    return new TraceFrame("CLOSE", fields);
  }
}
