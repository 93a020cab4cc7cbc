package io.posthorn.vectors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.protocol.UnacceptableParameters;
import io.posthorn.protocol.channel.ChannelVectors;
import io.posthorn.protocol.handshake.HandshakeVectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@code transport/vectors} holds, byte for byte, what the code makes of the given values. {@code
 * -Dposthorn.vectors.write=true} writes the files anew; a change in them is a change of the
 * protocol.
 */
class VectorFilesTest {
  private static final Path FOLDER =
      Path.of(System.getProperty("posthorn.root"), "transport", "vectors");

  static Map<String, Supplier<VectorText>> files() {
    Map<String, Supplier<VectorText>> files = new TreeMap<>();
    files.put(
        "integers.json",
        () ->
            new VectorText()
                .list("varints", IntegerVectors.varints())
                .list("packetNumberLengths", IntegerVectors.numberLengths())
                .list("packetNumbers", IntegerVectors.expansions()));
    files.put("packets.json", () -> new VectorText().list("datagrams", PacketVectors.good()));
    files.put("frames.json", () -> new VectorText().list("payloads", FrameVectors.good()));
    files.put(
        "parameters.json", () -> new VectorText().list("parameters", ParameterVectors.good()));
    files.put("channels.json", () -> new VectorText().list("streams", ChannelVectors.good()));
    files.put(
        "handshakes.json",
        () ->
            new VectorText()
                .list("handshakes", HandshakeVectors.all())
                .list("preSharedKeys", HandshakeVectors.preSharedKeys()));
    files.put(
        "keys.json",
        () ->
            new VectorText()
                .list("phases", KeyVectors.phases())
                .list("sealed", KeyVectors.sealed())
                .list("clear", KeyVectors.clear()));
    files.put(
        "rejections.json",
        () ->
            new VectorText()
                .list("datagrams", PacketVectors.bad())
                .list("payloads", FrameVectors.bad())
                .list("parameters", ParameterVectors.bad())
                .list("unacceptable", UnacceptableParameters.all())
                .list("streams", ChannelVectors.bad())
                .list("handshakes", HandshakeVectors.forged())
                .list("packets", KeyVectors.refused()));
    return files;
  }

  static Stream<String> names() {
    return files().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void theFileHoldsWhatTheCodeMakes(String name) throws IOException {
    Path file = FOLDER.resolve(name);
    String text = Objects.requireNonNull(files().get(name)).get().toString();
    if (Boolean.getBoolean("posthorn.vectors.write")) {
      Files.writeString(file, text);
    }
    assertEquals(text, Files.readString(file), "-Dposthorn.vectors.write=true writes it anew");
  }

  @Test
  void noOtherFileLiesThere() throws IOException {
    try (Stream<Path> found = Files.list(FOLDER)) {
      assertEquals(
          new TreeSet<>(files().keySet()),
          new TreeSet<>(found.map(path -> String.valueOf(path.getFileName())).toList()));
    }
  }
}
