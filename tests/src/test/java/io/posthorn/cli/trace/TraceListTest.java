package io.posthorn.cli.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.capture.CaptureDecryptor;
import io.posthorn.capture.CapturedConversation;
import io.posthorn.capture.CapturedDatagram;
import io.posthorn.cli.trace.TraceEvent.Way;
import io.posthorn.trace.PacketKind;
import io.posthorn.trace.QlogWriter;
import io.posthorn.trace.RecoveryMetrics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces and captures as lists: one conversation, seen from within and from the wire. */
class TraceListTest {
  private static final String CONDITIONS = "delay 20ms 5ms loss 10%";

  @TempDir private Path folder = Path.of("");

  private List<TraceEvent> read(byte[] trace) throws IOException {
    Path file = folder.resolve("trace.sqlog");
    Files.write(file, trace);
    List<TraceEvent> all = new ArrayList<>();
    try (QlogReader in = new QlogReader(file)) {
      for (TraceEvent next = in.next(); next != null; next = in.next()) {
        all.add(next);
      }
    }
    return all;
  }

  private static List<TraceEvent> read(List<CapturedDatagram> datagrams, CaptureDecryptor keys) {
    CaptureEvents events = new CaptureEvents();
    List<TraceEvent> all = new ArrayList<>();
    for (CapturedDatagram each : datagrams) {
      for (CapturedDatagram clear : keys.decrypt(each)) {
        all.addAll(events.of(clear));
      }
    }
    return all;
  }

  /** Packet numbers of one side with the frames in them. */
  private static Map<Object, List<TraceFrame>> frames(List<TraceEvent> packets) {
    Map<Object, List<TraceFrame>> all = new HashMap<>();
    for (TraceEvent each : packets) {
      if (each.what().equals("data")) {
        Object number = each.details().get("number");
        assertNotNull(number);
        all.put(number, each.frames());
      }
    }
    return all;
  }

  @Test
  void whatTheTraceTellsOfAPacketTheWireShows() throws Exception {
    for (Security security : List.of(Security.none(), Security.ephemeral())) {
      CapturedConversation talk = CapturedConversation.run(7, CONDITIONS, security);
      List<TraceEvent> told = read(talk.trace.toByteArray());
      List<TraceEvent> seen = read(talk.datagrams, new CaptureDecryptor(talk.secrets));
      String client = "10.0.0.1:40001";
      for (Way way : new Way[] {Way.SENT, Way.RECEIVED}) {
        Map<Object, List<TraceFrame>> within =
            frames(told.stream().filter(each -> each.way() == way).toList());
        Map<Object, List<TraceFrame>> wire =
            frames(
                seen.stream()
                    .filter(each -> each.flow().from().equals(client) == (way == Way.SENT))
                    .toList());
        assertTrue(wire.size() >= 5, way + ": " + wire.size());
        if (way == Way.SENT) {
          wire.forEach((number, frames) -> assertEquals(within.get(number), frames));
        } else {
          within.forEach((number, frames) -> assertEquals(frames, wire.get(number)));
        }
      }
      assertFalse(seen.stream().anyMatch(each -> each.what().equals("sealed")));
      assertTrue(
          seen.stream()
              .map(TraceEvent::what)
              .collect(Collectors.toSet())
              .containsAll(List.of("M1", "M2", "M3", "data")));
    }
  }

  @Test
  void aConversationIsToldLineByLine() throws Exception {
    CapturedConversation talk = CapturedConversation.run(7, CONDITIONS, Security.ephemeral());
    String text =
        read(talk.trace.toByteArray()).stream()
            .map(TraceText::of)
            .collect(Collectors.joining("\n"));
    String[] expected = {
      "(?m)^    0\\.000000  [0-9a-f]{16}      opening  remote 10\\.0\\.0\\.2:9000, by local$",
      "(?m)^ +\\d+\\.\\d{6}  [0-9a-f]{16}  ->  M1 +1200 B$",
      "(?m)^ .*  <-  M2 +\\d+ B$",
      "(?m)^ .*  ->  data 0 +\\d+ B  .*NEW_CONNECTION_ID\\(sequence 1 ",
      "(?m)^ .*  <-  data \\d+ +\\d+ B  ACK(_ECN)?\\([0-9,-]+ delayMs [0-9.]+[ )]",
      "(?m)^ .*CHANNEL_DATA\\(channel 0 offset 0 length 20\\)",
      "(?m)^ .*MESSAGE\\(id \\d+ channel 2 key 7 totalLength 17 offset 0 length 17\\)",
      "(?m)^ .*      state  handshake complete$",
      "(?m)^ .*      closed  by local, code 0, APPLICATION$",
    };
    for (String each : expected) {
      assertTrue(java.util.regex.Pattern.compile(each).matcher(text).find(), each + "\n" + text);
    }
    assertTrue(
        text.lines().allMatch(line -> line.matches(" {0,4}\\d+\\.\\d{6}  .*")), "a time first");
    String sealed =
        read(talk.datagrams, new CaptureDecryptor(List.of())).stream()
            .map(TraceText::of)
            .collect(Collectors.joining("\n"));
    assertTrue(
        sealed.startsWith(
            "    0.000000  10.0.0.1:40001 > 10.0.0.2:9000  M1          1200 B"
                + "  suite Noise_XX_25519_AESGCM_SHA256, initiator "),
        sealed);
    assertTrue(sealed.contains("  sealed "), sealed);
  }

  @Test
  void eachKindOfEventHasItsWords() throws Exception {
    ByteArrayOutputStream trace = new ByteArrayOutputStream();
    QlogWriter writer =
        new QlogWriter(
            (bytes, from, length) -> {
              trace.write(bytes, from, length);
              return true;
            },
            "by hand",
            null);
    InetSocketAddress peer = CapturedConversation.SERVER;
    RecoveryMetrics metrics = new RecoveryMetrics();
    metrics.congestionWindowBytes = 12_000;
    writer.connectionStarted(0, 10, peer, false);
    writer.packetDropped(1_000, 10, PacketKind.SECOND_MESSAGE, 99, "HANDSHAKE_FORGED");
    writer.packetDropped(2_000, 10, PacketKind.DATA, 40, "DUPLICATE");
    writer.packetLost(3_000, 10, 17, 1_200, true);
    writer.packetLost(4_000, 10, 18, 1_200, false);
    writer.probeTimeout(5_000, 10, 2);
    writer.metricsUpdated(6_000, 10, metrics);
    writer.congestionStateUpdated(7_000, 10, "slow_start", "recovery");
    writer.keyUpdated(8_000, 10, true, 1);
    writer.pathChanged(9_000, 10, peer, CapturedConversation.CLIENT);
    writer.mtuUpdated(10_000, 10, 1_200, 1_472);
    writer.connectionClosed(11_000, 10, peer, "IDLE_TIMEOUT", 256, true, 0);
    String id = "  000000000000000a";
    assertEquals(
        List.of(
            "    0.000000" + id + "      opening  remote 10.0.0.2:9000, by remote",
            "    0.000000" + id + "      state  handshake started",
            "    0.000001" + id + "  <x  M2            99 B  HANDSHAKE_FORGED",
            "    0.000002" + id + "  <x  data          40 B  DUPLICATE",
            "    0.000003" + id + "      lost 17     1200 B  reordering threshold",
            "    0.000004" + id + "      lost 18     1200 B  time threshold",
            "    0.000005" + id + "      probe timeout  count 2",
            "    0.000006"
                + id
                + "      metrics  ptoCount 0, congestionWindow 12000, bytesInFlight 0,"
                + " packetsInFlight 0, packetsLost 0, packetsSpuriouslyLost 0",
            "    0.000007" + id + "      congestion  recovery, before slow start",
            "    0.000008"
                + id
                + "      key updated  keyType posthorn_receive_secret, keyPhase 1,"
                + " trigger remote_update",
            "    0.000009" + id + "      path  10.0.0.1:40001, before 10.0.0.2:9000",
            "    0.000010" + id + "      datagram size  1472, before 1200",
            "    0.000011" + id + "      closed  by remote, code 256, IDLE_TIMEOUT"),
        read(trace.toByteArray()).stream().map(TraceText::of).toList());
  }

  @Test
  void aClearHandshakeShowsItsParameters() {
    CapturedConversation talk = CapturedConversation.run(7, "delay 5ms", Security.none());
    List<TraceEvent> seen = read(talk.datagrams, new CaptureDecryptor(List.of()));
    for (String message : new String[] {"M2", "M3"}) {
      TraceEvent event =
          seen.stream().filter(each -> each.what().equals(message)).findFirst().orElseThrow();
      assertEquals(30_000L, event.details().get("maxIdleTimeout"), message);
      assertEquals("16 bytes", event.details().get("resetToken"), "a secret");
    }
  }

  @Test
  void jsonHasTheSame() throws Exception {
    CapturedConversation talk = CapturedConversation.run(7, CONDITIONS, Security.ephemeral());
    String json =
        read(talk.trace.toByteArray()).stream()
            .map(TraceJson::of)
            .collect(Collectors.joining("\n"));
    for (String each :
        List.of(
            "\"way\":\"sent\",\"what\":\"M1\",\"details\":{\"bytes\":1200}",
            "{\"type\":\"CHANNEL_DATA\",\"channel\":0,\"offset\":0,\"length\":20}",
            "\"ranges\":[{\"first\":0,\"last\":")) {
      assertTrue(json.contains(each), each + "\n" + json);
    }
  }

  @Test
  void aTraceThatWasCutOffIsListedUpToThere() throws Exception {
    byte[] whole = CapturedConversation.run(7, "delay 5ms", Security.none()).trace.toByteArray();
    int events = read(whole).size();
    List<TraceEvent> cut = read(java.util.Arrays.copyOf(whole, whole.length - 7));
    assertEquals(events - 1, cut.size());
  }

  @Test
  void whatIsNoTraceIsSaid() throws Exception {
    String[][] wrong = {
      {"\u001e{\"qlog_version\":\"0.3\",\"traces\":[]}\n", "in one piece"},
      {"\u001e{}\n", "neither an event nor the head"},
      {"\u001e[1]\n\u001e[2]\n", "record 1: no JSON object"},
      {"\u001e{\"time\":1,\n\u001e{}\n", "record 1: no JSON object"},
      {"\u001e{\"time\":1,\"name\":\"" + "x".repeat(1 << 20) + "\"}\n", "longer than 1048576"},
    };
    for (String[] each : wrong) {
      TraceFileException thrown =
          assertThrows(
              TraceFileException.class, () -> read(each[0].getBytes(StandardCharsets.UTF_8)));
      assertTrue(String.valueOf(thrown.getMessage()).contains(each[1]), thrown.getMessage());
    }
  }

  /** Whatever stands in a file: events, or one exception that says where. */
  @Test
  void damagedTracesAreEventsOrAreSaid() throws Exception {
    byte[] whole = CapturedConversation.run(7, CONDITIONS, Security.none()).trace.toByteArray();
    byte[] start = java.util.Arrays.copyOf(whole, 6_000);
    SplittableRandom random = new SplittableRandom(5);
    int said = 0;
    for (int i = 0; i < 300; i++) {
      byte[] damaged = start.clone();
      for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(32, 127);
      }
      try {
        for (TraceEvent event : read(damaged)) {
          assertFalse(TraceText.of(event).isEmpty());
          assertFalse(TraceJson.of(event).isEmpty());
        }
      } catch (TraceFileException damage) {
        said++;
      }
    }
    assertTrue(said > 50 && said < 300, said + " of 300");
  }
}
