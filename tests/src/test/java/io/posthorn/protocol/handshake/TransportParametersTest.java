package io.posthorn.protocol.handshake;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.GoldenVectors;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
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

  @Property(tries = 300)
  void everyTruncationIsSmallerOrRefused(@ForAll long seed) {
    byte[] bytes = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    TransportParameters parameters = new TransportParameters();
    parameters.connectionId = seed;
    parameters.resetToken = new byte[WireLimits.RESET_TOKEN_BYTES];
    int length = parameters.encode(bytes, 0);
    for (int end = 0; end < length; end++) {
      TransportParameters shorter = TransportParameters.decode(bytes, 0, end);
      assertTrue(shorter == null || shorter.connectionId == seed);
      assertTrue(shorter == null || end >= 20);
    }
  }

  @Property(tries = 5000)
  void mutationsAndRandomBytesHaveAnAnswer(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 200) int length) {
    Random random = new Random(seed);
    byte[] bytes = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    if (random.nextBoolean()) {
      random.nextBytes(bytes);
    } else {
      int written = new TransportParameters().encode(bytes, 0);
      for (int i = random.nextInt(3); i >= 0; i--) {
        bytes[random.nextInt(written)] = (byte) random.nextInt(256);
      }
    }
    byte[] exact = Arrays.copyOf(bytes, length);
    String alone = text(TransportParameters.decode(exact, 0, length));
    for (byte fill : new byte[] {0, -1}) {
      byte[] amid = new byte[5 + length + 70];
      Arrays.fill(amid, fill);
      System.arraycopy(exact, 0, amid, 5, length);
      assertEquals(alone, text(TransportParameters.decode(amid, 5, length)));
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
