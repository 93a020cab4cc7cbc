package io.posthorn.vectors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.posthorn.cli.JsonText;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.GoldenVectors;
import java.util.ArrayList;
import java.util.List;

/** PROTOCOL.md §5: payloads and the frames in them, or the reason that ends the connection. */
final class FrameVectors {
  /** Longer ones say nothing more to another implementation. */
  private static final int LONGEST = 1_500;

  private FrameVectors() {}

  static List<JsonText> good() {
    List<JsonText> out = new ArrayList<>();
    for (GoldenVectors.Vector vector : GoldenVectors.of("frames.txt")) {
      byte[] bytes = vector.bytes();
      if (vector.mark() == '!' || bytes.length > LONGEST) {
        continue;
      }
      FrameJson frames = new FrameJson();
      assertNull(new FrameReader().read(bytes, 0, bytes.length, frames), vector.line());
      JsonText json = new JsonText().beginObject().put("bytes", VectorText.hex(bytes));
      json.put("canonical", vector.mark() == '=').beginArray("frames");
      frames.frames().forEach(json::add);
      out.add(json.endArray().endObject());
    }
    return out;
  }

  static List<JsonText> bad() {
    List<JsonText> out = new ArrayList<>();
    for (GoldenVectors.Vector vector : GoldenVectors.of("frames.txt")) {
      byte[] bytes = vector.bytes();
      if (vector.mark() != '!' || bytes.length > LONGEST) {
        continue;
      }
      CloseReason reason = new FrameReader().read(bytes, 0, bytes.length, new FrameJson());
      assertEquals(CloseReason.valueOf(vector.reading()), reason);
      out.add(
          new JsonText()
              .beginObject()
              .put("bytes", VectorText.hex(bytes))
              .put("close", vector.reading())
              .endObject());
    }
    return out;
  }
}
