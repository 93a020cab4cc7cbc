package io.posthorn.protocol.handshake;

import static io.posthorn.protocol.handshake.Handshakes.hex;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every published Noise vector for the two patterns in use; the data names its sources. */
class NoiseVectorsTest {
  private record Vector(Map<String, String> fields, List<byte[][]> messages) {
    byte[] field(String name) {
      return hex(fields.getOrDefault(name, ""));
    }

    NoiseXX end(boolean initiator, String side) {
      return new NoiseXX(
          initiator,
          StaticKey.of(field(side + "_static")),
          field(side + "_ephemeral"),
          field(side + "_prologue"),
          fields.containsKey("psk") ? field("psk") : null);
    }
  }

  @TestFactory
  List<DynamicTest> bothEndsGiveThePublishedBytes() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Vector vector : vectors()) {
      String name = vector.fields.get("name") + " of " + vector.fields.get("source");
      tests.add(DynamicTest.dynamicTest(name, () -> run(vector)));
    }
    assertEquals(4, tests.size(), "vectors found");
    return tests;
  }

  private static void run(Vector vector) {
    NoiseXX initiator = vector.end(true, "init");
    NoiseXX responder = vector.end(false, "resp");
    assertEquals(vector.fields.containsKey("psk") ? 48 : 32, initiator.firstBytes(), "M1 body");
    byte[] out = new byte[1000];
    byte[] payload = new byte[1000];

    byte[][] first = vector.messages.get(0);
    int length = initiator.writeFirst(first[0], first[0].length, out, 0);
    assertArrayEquals(first[1], Arrays.copyOf(out, length), "message 1");
    length = responder.readFirst(first[1], 0, first[1].length, payload);
    assertArrayEquals(first[0], Arrays.copyOf(payload, length));

    byte[][] second = vector.messages.get(1);
    length = responder.writeSecond(second[0], second[0].length, out, 0);
    assertArrayEquals(second[1], Arrays.copyOf(out, length), "message 2");
    length = initiator.readSecond(second[1], 0, second[1].length, payload);
    assertArrayEquals(second[0], Arrays.copyOf(payload, length));

    byte[][] third = vector.messages.get(2);
    length = initiator.writeThird(third[0], third[0].length, out, 0);
    assertArrayEquals(third[1], Arrays.copyOf(out, length), "message 3");
    length = responder.readThird(third[1], 0, third[1].length, payload);
    assertArrayEquals(third[0], Arrays.copyOf(payload, length));

    assertArrayEquals(
        StaticKey.of(vector.field("resp_static")).publicKey(), initiator.remoteStatic());
    assertArrayEquals(
        StaticKey.of(vector.field("init_static")).publicKey(), responder.remoteStatic());
    if (vector.fields.containsKey("handshake_hash")) {
      assertArrayEquals(vector.field("handshake_hash"), initiator.handshakeHash());
      assertArrayEquals(vector.field("handshake_hash"), responder.handshakeHash());
    }
    transport(vector, initiator.splitSecrets(), responder.splitSecrets());
  }

  /** The messages after the handshake, through the keys of Split. */
  private static void transport(Vector vector, byte[][] atInitiator, byte[][] atResponder) {
    assertTrue(vector.messages.size() > 3);
    NoiseCipherState[] sealing = {cipher(atInitiator[0]), cipher(atResponder[1])};
    NoiseCipherState[] opening = {cipher(atResponder[0]), cipher(atInitiator[1])};
    for (int i = 3; i < vector.messages.size(); i++) {
      byte[][] message = vector.messages.get(i);
      int direction = i % 2;
      byte[] out = new byte[1000];
      int length = sealing[direction].encrypt(hex(""), message[0], 0, message[0].length, out, 0);
      assertArrayEquals(message[1], Arrays.copyOf(out, length), "message " + (i + 1));
      length = opening[direction].decrypt(hex(""), message[1], 0, message[1].length, out, 0);
      assertArrayEquals(message[0], Arrays.copyOf(out, length));
    }
  }

  private static NoiseCipherState cipher(byte[] key) {
    NoiseCipherState cipher = new NoiseCipherState();
    cipher.initializeKey(key, 0);
    return cipher;
  }

  private static List<Vector> vectors() throws IOException {
    List<Vector> vectors = new ArrayList<>();
    try (InputStream in = NoiseVectorsTest.class.getResourceAsStream("/vectors/noise-xx.txt")) {
      String text = new String(requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      for (String line : text.lines().toList()) {
        if (line.isEmpty() || line.startsWith("#")) {
          continue;
        }
        int space = line.indexOf(' ');
        String name = line.substring(0, space);
        String value = line.substring(space + 1);
        if (name.equals("source")) {
          vectors.add(new Vector(new HashMap<>(), new ArrayList<>()));
        }
        Vector vector = vectors.get(vectors.size() - 1);
        if (name.equals("message")) {
          int middle = value.indexOf(' ');
          String payload = value.substring(0, middle);
          vector.messages.add(
              new byte[][] {
                hex(payload.equals("-") ? "" : payload), hex(value.substring(middle + 1))
              });
        } else {
          vector.fields.put(name, value);
        }
      }
    }
    return vectors;
  }
}
