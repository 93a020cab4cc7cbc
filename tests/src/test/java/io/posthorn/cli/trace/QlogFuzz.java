package io.posthorn.cli.trace;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.TypeAdapter;
import io.posthorn.fuzz.FuzzFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A trace file is read to its end or refused by its name; each event is a line, and JSON. */
public final class QlogFuzz {
  private static final FuzzFile FILE = new FuzzFile("trace.sqlog");
  private static final TypeAdapter<JsonObject> STRICT = new Gson().getAdapter(JsonObject.class);

  private QlogFuzz() {}

  /** Takes the content of the file. */
  public static void fuzzerTestOneInput(byte[] content) {
    FILE.write(content);
    try (QlogReader reader = new QlogReader(FILE.path())) {
      for (TraceEvent event = reader.next(); event != null; event = reader.next()) {
        String json = TraceJson.of(event);
        try {
          JsonObject unused = STRICT.fromJson(json);
        } catch (IOException | RuntimeException wrong) {
          throw new AssertionError("no JSON: " + json, wrong);
        }
        assertFalse(TraceText.of(event).isBlank());
      }
    } catch (TraceFileException refused) {
      FILE.assertNamed(refused);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Inputs that say something; a quotation mark stands as an apostrophe here. */
  public static List<byte[]> seeds() {
    String head =
        "\u001e{'qlog_version':'0.4','trace':{'common_fields':{'reference_time':"
            + "{'wall_clock_time':'2026-01-01T00:00:00Z'}}}}\n";
    return List.of(
        bytes(
            head
                + "\u001e{'time':1.5,'name':'transport:packet_sent','group_id':'0a','data':{'header':"
                + "{'packet_type':'1RTT','packet_number':7,'key_phase':1},'raw':{'length':60},"
                + "'frames':[{'frame_type':'ack','ack_delay':0.5,'acked_ranges':[[1,2],[5]],'ce':1},"
                + "{'frame_type':'stream','stream_id':0,'length':5,'fin':true},"
                + "{'frame_type':'connection_close','error_space':'application','error_code':3}]}}\n"),
        bytes(
            head
                + "\u001e{'time':2,'name':'recovery:packet_lost','data':{'trigger':'time_threshold',"
                + "'header':{'packet_number':1}}}\n"
                + "\u001e{'time':3,'name':'connectivity:path_assigned','data':{'path_remote':"
                + "{'ip_v6':'::1','port_v6':5}}}\n"),
        bytes(
            head
                + "\u001e{'time':4,'name':'connectivity:connection_closed','data':{'owner':'remote',"
                + "'reason':'say \\\"over\\\", \\\\ \\u001b[2J\\u0007\\n'}}\n"),
        bytes("\u001e{'time':1e999,'name':'x:a_b','data':{'a_b':1e400,'c':{'d':-1}}}"),
        bytes("{'qlog_format':'JSON','traces':[]}"),
        bytes(head + "\u001e{'time':1,'na"),
        bytes("[1]"));
  }

  private static byte[] bytes(String text) {
    return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }
}
