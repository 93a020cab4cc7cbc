package io.posthorn.protocol.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.protection.AesGcmProtection;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.protection.PacketProtection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The handshakes published for other implementations, transport/vectors/handshakes.txt, come out of
 * the same keys byte for byte, and so do the first packets under their keys.
 */
class HandshakeVectorsTest {
  private static final HexFormat HEX = HexFormat.of();

  /** The blocks of the file: names and values in order. */
  static List<Map<String, String>> vectors() throws IOException {
    Path file =
        Path.of(System.getProperty("posthorn.root"), "transport", "vectors", "handshakes.txt");
    List<Map<String, String>> vectors = new ArrayList<>();
    Map<String, String> current = new LinkedHashMap<>();
    try (Stream<String> lines = Files.lines(file)) {
      for (String line : lines.filter(l -> !l.startsWith("#")).toList()) {
        if (line.isBlank()) {
          if (!current.isEmpty()) {
            vectors.add(current);
            current = new LinkedHashMap<>();
          }
          continue;
        }
        int space = line.indexOf(' ');
        current.put(line.substring(0, space), line.substring(space + 1).strip());
      }
    }
    if (!current.isEmpty()) {
      vectors.add(current);
    }
    return vectors;
  }

  /** All that follows from the given values of a vector, by the names of the file. */
  static Map<String, String> computed(Map<String, String> given) {
    int suite = Integer.parseInt(given.get("suite"));
    long id = Long.parseUnsignedLong(given.get("initiator-connection-id"), 16);
    byte[] secret = suite == 2 ? bytes(given, "pre-shared-key") : null;
    byte[] prologue = Prologue.of(suite, id);
    NoiseXX initiator =
        new NoiseXX(
            true,
            StaticKey.of(bytes(given, "initiator-static")),
            bytes(given, "initiator-ephemeral"),
            prologue,
            secret);
    NoiseXX responder =
        new NoiseXX(
            false,
            StaticKey.of(bytes(given, "responder-static")),
            bytes(given, "responder-ephemeral"),
            prologue,
            secret);
    Map<String, String> out = new LinkedHashMap<>(given);
    out.put("prologue", HEX.formatHex(prologue));
    byte[] buffer = new byte[1200];
    byte[] payload = new byte[1200];
    byte[] first = Arrays.copyOf(buffer, initiator.writeFirst(buffer, 0));
    out.put("body-1", HEX.formatHex(first));
    assertTrue(responder.readFirst(first, 0, first.length));
    byte[] parameters = bytes(given, "responder-parameters");
    byte[] second =
        Arrays.copyOf(buffer, responder.writeSecond(parameters, parameters.length, buffer, 0));
    out.put("body-2", HEX.formatHex(second));
    assertEquals(parameters.length, initiator.readSecond(second, 0, second.length, payload));
    parameters = bytes(given, "initiator-parameters");
    byte[] third =
        Arrays.copyOf(buffer, initiator.writeThird(parameters, parameters.length, buffer, 0));
    out.put("body-3", HEX.formatHex(third));
    assertEquals(parameters.length, responder.readThird(third, 0, third.length, payload));
    out.put("transcript-hash", HEX.formatHex(initiator.handshakeHash()));
    byte[][] ours = initiator.splitSecrets();
    byte[][] theirs = responder.splitSecrets();
    for (int i = 0; i < 2; i++) {
      assertEquals(HEX.formatHex(ours[i]), HEX.formatHex(theirs[i]));
    }
    out.put("initiator-secret", HEX.formatHex(ours[0]));
    out.put("responder-secret", HEX.formatHex(ours[1]));
    byte[] frames = bytes(given, "frames");
    long number = Long.parseLong(given.get("packet-number"));
    long destination = Long.parseUnsignedLong(given.get("destination-connection-id"), 16);
    PacketProtection from = new AesGcmProtection(ours[0], ours[1], KeyLimits.DEFAULT);
    PacketProtection to = new AesGcmProtection(theirs[1], theirs[0], KeyLimits.DEFAULT);
    for (boolean forth : new boolean[] {true, false}) {
      PacketProtection seals = forth ? from : to;
      int length = seals.seal(destination, number, 2, frames, 0, frames.length, buffer, 0);
      out.put(
          forth ? "packet-of-initiator" : "packet-of-responder",
          HEX.formatHex(Arrays.copyOf(buffer, length)));
      int opened = (forth ? to : from).open(buffer, 0, length, number - 1, 0, payload, 0);
      assertEquals(HEX.formatHex(frames), HEX.formatHex(Arrays.copyOf(payload, opened)));
    }
    return out;
  }

  private static byte[] bytes(Map<String, String> given, String name) {
    return HEX.parseHex(given.get(name));
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void theSameKeysGiveTheSameBytes(Map<String, String> vector) {
    assertEquals(vector, computed(vector));
  }

  @Test
  void eachSuiteWithKeysHasVectors() throws IOException {
    assertEquals(List.of("1", "1", "2", "2"), vectors().stream().map(v -> v.get("suite")).toList());
  }
}
