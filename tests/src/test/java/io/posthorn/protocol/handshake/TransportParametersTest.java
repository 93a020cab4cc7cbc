package io.posthorn.protocol.handshake;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.posthorn.wire.GoldenVectors;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** PROTOCOL.md §7. */
class TransportParametersTest {
  static List<GoldenVectors.Vector> vectors() {
    return GoldenVectors.of("parameters.txt");
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void areReadAndWrittenAsTheirVectorSays(GoldenVectors.Vector vector) {
    byte[] bytes = vector.bytes();
    TransportParameters parameters = TransportParameters.decode(bytes, 0, bytes.length);
    if (vector.mark() == '!') {
      assertNull(parameters);
      return;
    }
    assertNotNull(parameters);
    assertEquals(vector.reading(), text(parameters));
    byte[] out = new byte[WireLimits.MAX_PARAMETERS_BYTES + 1];
    int length = parameters.encode(out, 1);
    if (vector.mark() == '=') {
      assertArrayEquals(bytes, Arrays.copyOfRange(out, 1, 1 + length));
    } else {
      assertEquals(vector.reading(), text(TransportParameters.decode(out, 1, length)));
    }
  }

  /** A text for two keys would have to agree with itself under both in all of these bytes. */
  @Test
  void fault58_theFirstTwelveBytesAreGiven() {
    byte[] bytes = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    TransportParameters own = new TransportParameters();
    own.maxWholeMessageBytes = 1 << 20;
    int length = own.encode(bytes, 0);
    assertNotNull(TransportParameters.decode(bytes, 0, length));
    for (int at : new int[] {0, 1, 10, 11}) {
      for (int value = 0; value < 256; value++) {
        byte[] other = bytes.clone();
        other[at] = (byte) value;
        boolean isSame = other[at] == bytes[at];
        assertEquals(isSame, TransportParameters.decode(other, 0, length) != null, at + "");
      }
    }
  }

  private static String text(@Nullable TransportParameters p) {
    if (p == null) {
      return "";
    }
    return "id %016x instance %016x token %s "
            .formatted(p.connectionId, p.instanceId, hex(p.resetToken))
        + "idle %d delay %d ".formatted(p.maxIdleTimeoutMillis, p.maxAckDelayMicros)
        + "channelData %d channels %d ".formatted(p.initialMaxChannelDataBytes, p.maxChannels)
        + "messages %d ".formatted(p.initialMaxMessages)
        + "messageData %d ".formatted(p.initialMaxMessageDataBytes)
        + "whole %d payload %d ".formatted(p.maxWholeMessageBytes, p.maxUdpPayloadBytes)
        + "buffer %d ids %d ".formatted(p.receiveBufferBytes, p.activeConnectionIdLimit)
        + "fingerprint %s ".formatted(hex(p.registrationFingerprint))
        + "datagram %d".formatted(p.maxDatagramMessageBytes)
        + (p.application == null ? "" : " application " + hex(p.application));
  }

  private static String hex(byte @Nullable [] bytes) {
    return bytes == null ? "-" : HexFormat.of().formatHex(bytes);
  }
}
