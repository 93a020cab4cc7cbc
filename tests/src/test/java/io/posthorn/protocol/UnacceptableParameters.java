package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.posthorn.cli.JsonText;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.vectors.VectorText;
import java.util.Arrays;
import java.util.List;

/** PROTOCOL.md §7: parameters that can be read, and that no end accepts all the same. */
public final class UnacceptableParameters {
  private static final long ID = 0x0102030405060708L;

  private UnacceptableParameters() {}

  /** Each with the reason. */
  public static List<JsonText> all() {
    long least = Deliveries.SMALLEST_WHOLE_LIMIT_BYTES;
    bytes(least, true);
    return List.of(
        vector(bytes(least - 1, false), "whole message 65,535"),
        vector(Arrays.copyOf(bytes(0, false), 20), "no whole message"));
  }

  private static byte[] bytes(long maxWholeMessageBytes, boolean acceptable) {
    TransportParameters parameters = new TransportParameters();
    parameters.connectionId = ID;
    parameters.instanceId = ~ID;
    parameters.maxWholeMessageBytes = maxWholeMessageBytes;
    byte[] out = new byte[200];
    byte[] bytes = Arrays.copyOf(out, parameters.encode(out, 0));
    assertAcceptable(acceptable, bytes);
    return bytes;
  }

  private static void assertAcceptable(boolean acceptable, byte[] bytes) {
    TransportParameters read = TransportParameters.decode(bytes, 0, bytes.length);
    assertNotNull(read);
    assertEquals(acceptable, Opening.areAcceptable(read, ID));
  }

  private static JsonText vector(byte[] bytes, String because) {
    assertAcceptable(false, bytes);
    return new JsonText()
        .beginObject()
        .put("bytes", VectorText.hex(bytes))
        .put("close", "PARAMETERS")
        .put("because", because)
        .endObject();
  }
}
