package io.posthorn.cli.trace;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.posthorn.cli.trace.TraceEvent.Flow;
import io.posthorn.cli.trace.TraceEvent.Way;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the events of a qlog file, record by record (JSON text sequences, RFC 7464), in memory that
 * does not grow with the file. Not thread-safe.
 */
public final class QlogReader implements Closeable {
  private static final int RECORD_SEPARATOR = 0x1e;
  private static final int LONGEST_RECORD_BYTES = 1 << 20;
  private static final double NANOS_PER_MILLI = 1_000_000;

  private final String name;
  private final InputStream in;
  private long records;
  private boolean cut;
  private String began = "";

  /**
   * Opens a file.
   *
   * @throws IOException if it cannot be read
   */
  public QlogReader(Path path) throws IOException {
    this(Files.newInputStream(path), path.toString());
  }

  /**
   * Reads events as they come.
   *
   * @param stream closed with this reader
   * @param name for the words of exceptions
   */
  public QlogReader(InputStream stream, String name) {
    this.name = name;
    this.in = new BufferedInputStream(stream, 1 << 16);
  }

  /**
   * Whether a stream begins like one; it stands at its beginning again afterwards.
   *
   * @param stream one that takes marks
   */
  public static boolean isQlog(InputStream stream) throws IOException {
    stream.mark(1);
    int first = stream.read();
    stream.reset();
    return first == RECORD_SEPARATOR || first == '{';
  }

  /** When the trace began, in RFC 3339's format; empty if the file does not say, or not yet. */
  public String began() {
    return began;
  }

  /**
   * Whether the file was cut off in the middle of a record; false until {@link #next} has come to
   * its end.
   */
  public boolean isCut() {
    return cut;
  }

  /**
   * Reads the next event.
   *
   * @return null at the end; also where the file {@linkplain #isCut was cut off}
   * @throws TraceFileException if the file is damaged, or is no trace
   */
  public @Nullable TraceEvent next() throws IOException {
    while (true) {
      byte[] record = record();
      if (record == null) {
        return null;
      }
      records++;
      JsonObject json = parsed(record);
      if (json == null) {
        return null;
      }
      if (json.has("qlog_version") || json.has("qlog_format") || json.has("file_schema")) {
        if (json.has("traces")) {
          throw new TraceFileException(
              name + " is qlog in one piece: only JSON text sequences (.sqlog) can be listed");
        }
        began =
            JsonValues.text(
                JsonValues.object(
                    JsonValues.object(JsonValues.object(json, "trace"), "common_fields"),
                    "reference_time"),
                "wall_clock_time");
      } else if (json.has("name") && json.has("time")) {
        return event(json);
      } else {
        throw damaged("neither an event nor the head of a trace");
      }
    }
  }

  private TraceFileException damaged(String what) {
    return new TraceFileException(name + ", record " + records + ": " + what);
  }

  /** The bytes of the next record; null at the end. */
  private byte @Nullable [] record() throws IOException {
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    while (true) {
      int next = in.read();
      boolean ends = next < 0 || next == '\n' || next == RECORD_SEPARATOR;
      if (!ends) {
        record.write(next);
        if (record.size() > LONGEST_RECORD_BYTES) {
          records++;
          throw damaged("longer than " + LONGEST_RECORD_BYTES + " bytes");
        }
      } else if (record.size() > 0) {
        return record.toByteArray();
      } else if (next < 0) {
        return null;
      }
    }
  }

  /** Null if this is the last record, and was cut off. */
  private @Nullable JsonObject parsed(byte[] record) throws IOException {
    try {
      JsonElement json = JsonParser.parseString(new String(record, StandardCharsets.UTF_8));
      if (json.isJsonObject()) {
        return json.getAsJsonObject();
      }
    } catch (JsonParseException | NumberFormatException wrong) {
      if (records > 1 && in.read() < 0) {
        cut = true; // whoever wrote was ended in the middle of it
        return null;
      }
    }
    throw damaged("no JSON object");
  }

  private static TraceEvent event(JsonObject json) {
    String group = JsonValues.text(json, "group_id");
    Flow flow = new Flow(group.equals("endpoint") ? "" : group, "", "");
    long nanos = Math.round(JsonValues.decimal(json.get("time")) * NANOS_PER_MILLI);
    JsonObject data = JsonValues.object(json, "data");
    String name = JsonValues.text(json, "name");
    return switch (name) {
      case "transport:packet_sent" -> packet(nanos, flow, Way.SENT, data);
      case "transport:packet_received" -> packet(nanos, flow, Way.RECEIVED, data);
      case "transport:packet_dropped" -> packet(nanos, flow, Way.DROPPED, data);
      default -> QlogEvent.of(nanos, flow, name, data);
    };
  }

  private static TraceEvent packet(long nanos, Flow flow, Way way, JsonObject data) {
    JsonObject header = JsonValues.object(data, "header");
    String type = JsonValues.text(header, "packet_type");
    String kind =
        switch (JsonValues.text(header, "posthorn_kind")) {
          case "FIRST_MESSAGE" -> "M1";
          case "SECOND_MESSAGE" -> "M2";
          case "THIRD_MESSAGE" -> "M3";
          case "CONTROL" -> "control";
          default -> type.equals("1RTT") ? "data" : type;
        };
    Map<String, Object> details = new LinkedHashMap<>();
    number(details, "number", header.get("packet_number"));
    number(details, "bytes", JsonValues.object(data, "raw").get("length"));
    number(details, "keyPhase", header.get("key_phase"));
    String reason = JsonValues.text(JsonValues.object(data, "details"), "reason");
    if (!reason.isEmpty()) {
      details.put("reason", reason);
    }
    return new TraceEvent(
        nanos, flow, way, kind, details, QlogFrame.all(JsonValues.array(data, "frames")));
  }

  /** Puts a number, if it is one. */
  static void number(Map<String, Object> details, String name, @Nullable JsonElement value) {
    long number = JsonValues.number(value);
    if (number >= 0) {
      details.put(name, number);
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
