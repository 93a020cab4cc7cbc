package io.posthorn.vectors;

import static io.posthorn.vectors.VectorText.hex;
import static io.posthorn.vectors.VectorText.id;
import static io.posthorn.vectors.VectorText.integer;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.cli.JsonText;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.wire.GoldenVectors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** PROTOCOL.md §7: transport parameters with the defaults of those that are absent. */
final class ParameterVectors {
  private ParameterVectors() {}

  static List<JsonText> good() {
    List<JsonText> out = new ArrayList<>();
    for (GoldenVectors.Vector vector : GoldenVectors.of("parameters.txt")) {
      TransportParameters read = read(vector);
      assertEquals(vector.mark() == '!', read == null, vector.line());
      if (read != null) {
        out.add(json(vector, read));
      }
    }
    return out;
  }

  static List<JsonText> bad() {
    List<JsonText> out = new ArrayList<>();
    for (GoldenVectors.Vector vector : GoldenVectors.of("parameters.txt")) {
      if (read(vector) == null) {
        JsonText json = new JsonText().beginObject().put("bytes", hex(vector.bytes()));
        out.add(json.put("close", "PARAMETERS").put("because", vector.reading()).endObject());
      }
    }
    return out;
  }

  private static @Nullable TransportParameters read(GoldenVectors.Vector vector) {
    byte[] bytes = vector.bytes();
    return TransportParameters.decode(bytes, 0, bytes.length);
  }

  private static JsonText json(GoldenVectors.Vector vector, TransportParameters p) {
    JsonText json = new JsonText().beginObject().put("bytes", hex(vector.bytes()));
    json.put("canonical", vector.mark() == '=').beginObject("parameters");
    json.put("connectionId", id(p.connectionId)).put("instanceId", id(p.instanceId));
    bytes(json, "resetToken", p.resetToken);
    integer(json, "maxIdleTimeout", p.maxIdleTimeoutMillis);
    integer(json, "maxAckDelay", p.maxAckDelayMicros);
    integer(json, "initialMaxChannelData", p.initialMaxChannelDataBytes);
    integer(json, "maxChannels", p.maxChannels);
    integer(json, "initialMaxMessages", p.initialMaxMessages);
    integer(json, "initialMaxMessageData", p.initialMaxMessageDataBytes);
    integer(json, "maxWholeMessage", p.maxWholeMessageBytes);
    integer(json, "maxUdpPayload", p.maxUdpPayloadBytes);
    integer(json, "receiveBuffer", p.receiveBufferBytes);
    integer(json, "activeConnectionIdLimit", p.activeConnectionIdLimit);
    bytes(json, "registrationFingerprint", p.registrationFingerprint);
    integer(json, "maxDatagramMessage", p.maxDatagramMessageBytes);
    bytes(json, "application", p.application);
    return json.endObject().endObject();
  }

  private static void bytes(JsonText json, String name, byte @Nullable [] value) {
    if (value != null) {
      json.put(name, hex(value));
    }
  }
}
