package io.posthorn.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.Security;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dissector for Wireshark, run by tshark over captures of simulated conversations. */
class DissectorTest {
  private static final Path SCRIPT = Path.of("transport/wireshark/posthorn.lua");
  private static final String CONDITIONS = "delay 20ms 5ms loss 5%";

  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void tsharkIsThere() {
    for (String path : String.valueOf(System.getenv("PATH")).split(":", -1)) {
      if (Files.isExecutable(Path.of(path, "tshark"))) {
        return;
      }
    }
    assumeTrue(false, "tshark is not installed");
  }

  private static Path script() {
    Path here = Path.of("").toAbsolutePath();
    Path root = Files.exists(here.resolve(SCRIPT)) ? here : here.getParent();
    return root.resolve(SCRIPT);
  }

  private Path write(List<CapturedDatagram> datagrams) throws IOException {
    Path file = folder.resolve("capture.pcapng");
    try (CaptureWriter out = new CaptureWriter(file)) {
      for (CapturedDatagram each : datagrams) {
        out.write(each);
      }
    }
    return file;
  }

  /** The lines that tshark prints of a file. */
  private List<String> tshark(Path file, String... more) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of("tshark", "-n", "-X", "lua_script:" + script(), "-r", file.toString()));
    command.addAll(List.of(more));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("tshark did not end");
    }
    assertEquals(0, process.exitValue(), Files.readString(err));
    assertFalse(Files.readString(err).contains("Lua"), Files.readString(err));
    return Files.readAllLines(out, StandardCharsets.UTF_8);
  }

  private static void assertShown(List<String> lines, String... words) {
    for (String each : words) {
      assertTrue(lines.stream().anyMatch(line -> line.contains(each)), each + " in " + lines);
    }
  }

  @Test
  void aClearConversationIsShownFrameByFrame() throws Exception {
    Path file = write(CapturedConversation.run(5, CONDITIONS, Security.none()).datagrams);
    List<String> summary = tshark(file);
    assertTrue(summary.stream().allMatch(line -> line.contains("Posthorn")), summary.toString());
    assertShown(summary, "suite clear", "M2 to", "M3 to", "CHANNEL_DATA(ch=0 off=0 len=20)");
    assertTrue(
        summary.stream().anyMatch(line -> line.matches(".* ACK(_ECN)?\\(\\d.*")),
        summary.toString());
    assertShown(summary, "MESSAGE(id=0 ch=1 len=12)", "MESSAGE_PART(", "MESSAGE_LATEST(", "key=7");
    assertShown(summary, "DATAGRAM(ch=4 len=7)", "DATAGRAM_SEQUENCED(ch=5 seq=0 len=17)");
    assertShown(summary, "NEW_CONNECTION_ID(", "CONFIRM(", "CLOSE(APPLICATION)", "PADDING");
    assertEquals(
        List.of(), tshark(file, "-Y", "posthorn.malformed || posthorn.unknown_frame"), "all read");
    List<String> texts = tshark(file, "-Y", "posthorn.data", "-T", "fields", "-e", "posthorn.data");
    assertShown(texts, hex("the quick brown fox"), hex("an answer"));
    assertShown(tshark(file, "-O", "posthorn"), "(maxIdleTimeout)", "Key: 7", "the lazy dog");
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void aSealedConversationShowsItsHandshakeAndOnceDecryptedItsFrames() throws Exception {
    CapturedConversation sealed = CapturedConversation.run(5, CONDITIONS, Security.ephemeral());
    List<String> before = tshark(write(sealed.datagrams));
    assertShown(before, "suite Noise_XX_25519_AESGCM_SHA256", "M3 to", "sealed");
    assertFalse(before.toString().contains("CHANNEL_DATA"));
    CaptureDecryptor decryptor = new CaptureDecryptor(sealed.secrets);
    List<CapturedDatagram> clear = new ArrayList<>();
    for (CapturedDatagram each : sealed.datagrams) {
      clear.addAll(decryptor.decrypt(each));
    }
    Path file = write(clear);
    List<String> after = tshark(file);
    assertFalse(after.toString().contains("sealed"));
    assertShown(after, "CHANNEL_DATA(ch=0 off=0 len=20)", "MESSAGE(id=0 ch=1 len=12)", "CLOSE(");
    // The handshake too: what the two announced, and who they are.
    assertShown(after, "suite clear", "M3 to");
    assertEquals(
        List.of(), tshark(file, "-Y", "posthorn.malformed || posthorn.unknown_frame"), "all read");
    String[] handshake = {"-Y", "posthorn.handshake_body", "-O", "posthorn"};
    assertShown(tshark(file, handshake), "(maxIdleTimeout)", "(maxUdpPayload)");
    assertShown(
        tshark(file, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"),
        "decrypted, was of suite Noise_XX_25519_AESGCM_SHA256",
        "decrypted, from SHA256:");
    assertShown(
        tshark(file, "-Y", "posthorn.data", "-T", "fields", "-e", "posthorn.data"),
        hex("the quick brown fox"),
        hex("an answer"));
  }

  /** Control packets are the shortest of all, and an M3 is known by the least that its body has. */
  @Test
  void theShortestPacketsAreShown() throws Exception {
    CapturedDatagram first =
        CapturedConversation.run(5, "delay 20ms", Security.none()).datagrams.get(0);
    byte[] id = Arrays.copyOfRange(first.payload(), 6, 14);
    byte[] refused = HexFormat.of().parseHex("0703" + HexFormat.of().formatHex(id) + "09");
    byte[] retry = HexFormat.of().parseHex("0701" + HexFormat.of().formatHex(id) + "0177");
    byte[] noThird = HexFormat.of().parseHex("06" + HexFormat.of().formatHex(id) + "000400000000");
    Path file =
        write(
            List.of(
                first,
                new CapturedDatagram(first.nanos(), first.to(), first.from(), retry),
                new CapturedDatagram(first.nanos(), first.to(), first.from(), refused),
                new CapturedDatagram(first.nanos(), first.to(), first.from(), noThird)));
    List<String> lines = tshark(file);
    assertShown(lines, "Retry, id " + HexFormat.of().formatHex(id), "Refused, id ");
    assertFalse(lines.toString().contains("M3 to"), lines.toString());
    assertShown(tshark(file, "-O", "posthorn"), "REFUSED");
    assertEquals(List.of(), tshark(file, "-Y", "posthorn.malformed"));
  }

  @Test
  void piecesOfOneDatagramAreShownEach() throws Exception {
    List<CapturedDatagram> datagrams =
        CapturedConversation.run(5, "delay 20ms", Security.none()).datagrams;
    CapturedDatagram full =
        datagrams.stream()
            .filter(each -> each.payload().length == 1_472 && each.payload()[0] >= 8)
            .findFirst()
            .orElseThrow();
    byte[] twice = Arrays.copyOf(full.payload(), 2 * full.payload().length);
    System.arraycopy(full.payload(), 0, twice, full.payload().length, full.payload().length);
    List<String> lines =
        tshark(write(List.of(new CapturedDatagram(full.nanos(), full.from(), full.to(), twice))));
    assertTrue(lines.get(0).contains(" | Data "), lines.toString());
  }

  /** Whatever stands in a datagram, the script fails on none. */
  @Test
  void noiseAndDamageBreakNothing() throws Exception {
    java.util.SplittableRandom random = new java.util.SplittableRandom(11);
    List<CapturedDatagram> datagrams = new ArrayList<>();
    for (CapturedDatagram each :
        CapturedConversation.run(5, CONDITIONS, Security.none()).datagrams) {
      byte[] cut = Arrays.copyOf(each.payload(), random.nextInt(each.payload().length + 1));
      byte[] flipped = each.payload().clone();
      flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      if (noise.length > 0) {
        noise[0] = (byte) (4 + random.nextInt(12));
      }
      for (byte[] payload : List.of(each.payload(), cut, flipped, noise)) {
        datagrams.add(new CapturedDatagram(each.nanos(), each.from(), each.to(), payload));
      }
    }
    assertEquals(List.of(), tshark(write(datagrams), "-Y", "_ws.lua.error"));
  }
}
