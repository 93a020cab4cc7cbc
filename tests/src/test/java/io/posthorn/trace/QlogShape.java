package io.posthorn.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Holds a trace to the shape that qlog's drafts give it: the file's first record, the fields of
 * each event and of each frame with their types. Fields that the drafts do not know must be
 * Posthorn's or of an older draft, and are listed as such.
 */
final class QlogShape {
  /** A field's type: n number, s string, b boolean, o object, a array, x hexadecimal string. */
  private record Fields(Map<String, Character> required, Map<String, Character> optional) {}

  private static final Map<String, Fields> EVENTS =
      Map.ofEntries(
          event(
              "connectivity:connection_started",
              "local o, remote o",
              "ip_version s, src_ip s, dst_ip s, src_port n, dst_port n"),
          event("connectivity:connection_state_updated", "new s", "old s"),
          event(
              "connectivity:connection_closed",
              "",
              "owner s, initiator s, connection_error s, application_error s, error_code n,"
                  + " reason s, trigger s"),
          event("connectivity:path_assigned", "path_id s", "path_remote o, old_path_remote o"),
          event("connectivity:mtu_updated", "new n", "old n, done b"),
          event("transport:packet_sent", "header o", "frames a, raw o"),
          event("transport:packet_received", "header o", "frames a, raw o"),
          event("transport:packet_dropped", "", "header o, raw o, details o, trigger s"),
          event("recovery:packet_lost", "header o", "raw o, trigger s"),
          event("recovery:loss_timer_updated", "event_type s", "timer_type s, pto_count n"),
          event(
              "recovery:metrics_updated",
              "",
              "min_rtt n, smoothed_rtt n, latest_rtt n, rtt_variance n, pto_count n,"
                  + " congestion_window n, bytes_in_flight n, ssthresh n, packets_in_flight n,"
                  + " pacing_rate n, packets_lost n, packets_spuriously_lost n"),
          event("recovery:congestion_state_updated", "new s", "old s, trigger s"),
          event("security:key_updated", "key_type s", "key_phase n, trigger s"),
          event("loglevel:warning", "", "code n, message s"));

  private static final Map<String, Fields> FRAMES =
      Map.ofEntries(
          event("ping", "frame_type s", ""),
          event("ack", "frame_type s, acked_ranges a", "ack_delay n, ect0 n, ect1 n, ce n"),
          event("stream", "frame_type s, stream_id n", "offset n, length n, fin b, raw o"),
          event("max_stream_data", "frame_type s, stream_id n, maximum n", ""),
          event("stream_data_blocked", "frame_type s, stream_id n, limit n", ""),
          event("datagram", "frame_type s", "length n, raw o, channel n, sequence n"),
          event(
              "new_connection_id",
              "frame_type s, sequence_number n, retire_prior_to n, connection_id x",
              ""),
          event("retire_connection_id", "frame_type s, sequence_number n", ""),
          event("path_challenge", "frame_type s", "data x"),
          event("path_response", "frame_type s", "data x"),
          event("connection_close", "frame_type s", "error_space s, error s, error_code n"),
          event(
              "ack_frequency",
              "frame_type s, sequence_number n, ack_eliciting_threshold n,"
                  + " requested_max_ack_delay n",
              ""),
          event("posthorn_max_messages", "frame_type s, maximum n", ""),
          event("posthorn_max_message_data", "frame_type s, maximum n", ""),
          event("posthorn_messages_blocked", "frame_type s, count n, bytes n", ""),
          event(
              "posthorn_message",
              "frame_type s, message_id n, channel n, total_length n, offset n, length n",
              "key n, raw o"),
          event("posthorn_message_abort", "frame_type s, message_id n, total_length n", ""),
          event(
              "posthorn_confirm_request",
              "frame_type s, ordered b, channel n, message_number n",
              ""),
          event("posthorn_confirm", "frame_type s, ordered b, channel n, message_number n", ""));

  private static final Fields HEADER =
      fields("packet_type s", "packet_number n, key_phase n, posthorn_kind s");

  private static final Set<String> PACKET_TYPES =
      Set.of("initial", "handshake", "1RTT", "retry", "unknown");

  private static final Set<String> DROP_TRIGGERS =
      Set.of(
          "internal_error",
          "rejected",
          "unsupported",
          "invalid",
          "duplicate",
          "connection_unknown",
          "decryption_failure",
          "key_unavailable",
          "general");

  private QlogShape() {}

  private static Map.Entry<String, Fields> event(String name, String required, String optional) {
    return Map.entry(name, fields(required, optional));
  }

  private static Fields fields(String required, String optional) {
    return new Fields(parse(required), parse(optional));
  }

  private static Map<String, Character> parse(String list) {
    Map<String, Character> fields = new TreeMap<>();
    for (String field : list.split(", ", -1)) {
      if (!field.isEmpty()) {
        fields.put(field.substring(0, field.length() - 2), field.charAt(field.length() - 1));
      }
    }
    return fields;
  }

  /** Checks a whole file, and answers its events. */
  static List<Map<String, Object>> check(byte[] file) {
    String text = new String(file, StandardCharsets.UTF_8);
    assertTrue(text.startsWith("\u001e{"), "begins with a record separator and an object");
    assertTrue(text.endsWith("}\n"), "ends with a line feed");
    String[] records = text.substring(1).split("\u001e", -1);
    head(Json.object(records[0]));
    List<Map<String, Object>> events = new ArrayList<>();
    double newest = 0;
    for (int i = 1; i < records.length; i++) {
      assertTrue(records[i].endsWith("}\n"), records[i]);
      Map<String, Object> event = Json.object(records[i]);
      double time = event(event, records[i]);
      assertTrue(time >= newest, "times ascend: " + records[i]);
      newest = time;
      events.add(event);
    }
    return events;
  }

  private static void head(Map<String, Object> head) {
    assertEquals("0.3", head.get("qlog_version"));
    assertEquals("JSON-SEQ", head.get("qlog_format"));
    assertEquals("urn:ietf:params:qlog:file:sequential", head.get("file_schema"));
    assertEquals("application/qlog+json-seq", head.get("serialization_format"));
    Map<String, Object> trace = Json.cast(head.get("trace"));
    assertTrue(trace.containsKey("event_schemas"));
    Map<String, Object> vantage = Json.cast(trace.get("vantage_point"));
    assertEquals("unknown", vantage.get("type"));
    Map<String, Object> common = Json.cast(trace.get("common_fields"));
    assertEquals("relative_to_epoch", common.get("time_format"));
    Map<String, Object> reference = Json.cast(common.get("reference_time"));
    assertEquals("monotonic", reference.get("clock_type"));
    assertEquals("unknown", reference.get("epoch"));
  }

  private static double event(Map<String, Object> event, String text) {
    assertEquals(Set.of("time", "name", "group_id", "data"), event.keySet(), text);
    String name = String.valueOf(event.get("name"));
    Fields fields = EVENTS.get(name);
    assertNotNull(fields, text);
    assertTrue(String.valueOf(event.get("group_id")).matches("endpoint|[0-9a-f]{16}"), text);
    Map<String, Object> data = Json.cast(event.get("data"));
    hold(fields, data, text);
    if (data.containsKey("header")) {
      Map<String, Object> header = Json.cast(data.get("header"));
      hold(HEADER, header, text);
      assertTrue(PACKET_TYPES.contains(header.get("packet_type")), text);
    }
    if (name.equals("transport:packet_dropped")) {
      assertTrue(DROP_TRIGGERS.contains(data.get("trigger")), text);
    }
    if (data.get("frames") instanceof List<?> frames) {
      for (Object each : frames) {
        Map<String, Object> frame = Json.cast(each);
        Fields known = FRAMES.get(String.valueOf(frame.get("frame_type")));
        assertNotNull(known, text);
        hold(known, frame, text);
        if (frame.get("acked_ranges") instanceof List<?> ranges) {
          ranges.forEach(range -> ackRange((List<?>) range, text));
        }
      }
    }
    return (Double) event.get("time");
  }

  private static void ackRange(List<?> range, String text) {
    assertTrue(range.size() == 1 || range.size() == 2, text);
    assertTrue((Double) range.get(0) <= (Double) range.get(range.size() - 1), text);
  }

  private static void hold(Fields fields, Map<String, Object> data, String text) {
    assertTrue(data.keySet().containsAll(fields.required.keySet()), text);
    data.forEach(
        (name, value) -> {
          Character type = fields.required.get(name);
          type = type == null ? fields.optional.get(name) : type;
          assertNotNull(type, "field " + name + " in " + text);
          boolean right =
              switch (type) {
                case 'n' -> value instanceof Double;
                case 's' -> value instanceof String;
                case 'b' -> value instanceof Boolean;
                case 'o' -> value instanceof Map;
                case 'a' -> value instanceof List;
                case 'x' -> value instanceof String hex && hex.matches("([0-9a-f]{2})+");
                default -> false;
              };
          assertTrue(right, "type of " + name + " in " + text);
        });
  }
}
