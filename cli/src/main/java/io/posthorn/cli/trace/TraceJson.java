package io.posthorn.cli.trace;

import io.posthorn.cli.JsonText;
import io.posthorn.cli.trace.TraceEvent.Flow;
import java.util.List;
import java.util.Map;

/** Events as JSON objects, one a line. */
public final class TraceJson {
  private static final double NANOS_PER_SECOND = 1e9;

  private TraceJson() {}

  /** One line. */
  public static String of(TraceEvent event) {
    JsonText json = new JsonText().beginObject();
    json.put("seconds", event.nanos() / NANOS_PER_SECOND);
    Flow flow = event.flow();
    if (flow.from().isEmpty()) {
      json.put("connection", flow.connection());
    } else {
      json.put("from", flow.from()).put("to", flow.to());
    }
    if (!event.way().word().isEmpty()) {
      json.put("way", event.way().word());
    }
    json.put("what", event.what()).beginObject("details");
    event.details().forEach((name, value) -> put(json, name, value));
    json.endObject();
    if (!event.frames().isEmpty()) {
      json.beginArray("frames");
      for (TraceFrame frame : event.frames()) {
        json.add(object(frame));
      }
      json.endArray();
    }
    return json.endObject().toString();
  }

  private static JsonText object(TraceFrame frame) {
    JsonText json = new JsonText().beginObject().put("type", frame.type());
    frame.fields().forEach((name, value) -> put(json, name, value));
    return json.endObject();
  }

  private static void put(JsonText json, String name, Object value) {
    if (value instanceof Long number) {
      json.put(name, number);
    } else if (value instanceof Double number) {
      json.put(name, number);
    } else if (value instanceof Boolean flag) {
      json.put(name, flag);
    } else if (value instanceof List<?> list) {
      json.beginArray(name);
      for (Object each : list) {
        if (each instanceof Map<?, ?> inner) {
          JsonText object = new JsonText().beginObject();
          inner.forEach((key, of) -> put(object, String.valueOf(key), of));
          json.add(object.endObject());
        }
      }
      json.endArray();
    } else {
      json.put(name, String.valueOf(value));
    }
  }
}
