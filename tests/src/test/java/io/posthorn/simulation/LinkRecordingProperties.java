package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.testkit.jqwik.NetworkArbitraries;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

/** What was recorded is done again to the last bit and nanosecond. */
class LinkRecordingProperties {
  private static final int DATAGRAMS = 60;
  private static final Path FOLDER = folder();

  private static Path folder() {
    try {
      return Files.createTempDirectory("posthorn-recording");
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  @AfterContainer
  static void removeFolder() throws IOException {
    try (var files = Files.list(FOLDER)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(FOLDER);
  }

  @Provide
  Arbitrary<LinkConditions> links() {
    return NetworkArbitraries.links();
  }

  /** All that comes out of a link, with the times, the fates and the counters. */
  private static List<String> run(
      SimulatedLink<Integer> link, int direction, long seed, LinkRecorder recorder) {
    List<String> log = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(seed);
    long now = 0;
    for (int i = 0; i < DATAGRAMS; i++) {
      now += random.nextLong(20_000_000);
      poll(link, now, log);
      byte[] bytes = new byte[random.nextInt(1_500)];
      random.nextBytes(bytes);
      DatagramFate fate = link.offer(ByteBuffer.wrap(bytes), i, now);
      if (recorder != null) {
        recorder.onOffered(0, direction, link, fate, bytes.length, now);
      }
      log.add(fate + " " + link.lastDuplicated() + link.lastCorrupted() + link.lastReordered());
    }
    poll(link, SimulatedLink.NEVER - 1, log);
    log.add(link.counters().toString());
    return log;
  }

  private static void poll(SimulatedLink<Integer> link, long now, List<String> log) {
    while (link.nextDeliveryNanos() <= now) {
      long due = link.nextDeliveryNanos();
      ByteBuffer datagram = link.poll(due);
      byte[] bytes = new byte[datagram.remaining()];
      datagram.get(bytes);
      log.add(due + " " + link.polledMeta() + " " + java.util.Arrays.hashCode(bytes));
    }
  }

  @Property(tries = 60)
  void aReplayDoesWhatWasRecorded(@ForAll("links") LinkConditions conditions, @ForAll long seed)
      throws IOException {
    Path file = FOLDER.resolve("a recording");
    for (int direction = 0; direction < 2; direction++) {
      SimulatedLink<Integer> link = new SimulatedLink<>(conditions, seed, direction, 28, 0);
      List<String> recorded;
      try (LinkRecorder recorder = LinkRecorder.create(file, List.of("up: " + conditions))) {
        recorded = run(link, direction, seed, recorder);
      }
      LinkConditions again = LinkConditions.parse("replay " + file);
      assertEquals("replay " + file, again.toString());
      assertEquals(
          recorded,
          run(new SimulatedLink<>(again, ~seed, direction, 28, 0), direction, seed, null));
    }
  }

  @Example
  void afterTheLastTheFirstComesAgain() throws IOException {
    LinkRecording recording =
        read(
            "0 up 1 0 10 passed 5\n0 up 2 7 10 lost\n1 up 1 0 1 passed 9 copy 9 bit 8 reordered\n");
    assertEquals(2, recording.flows());
    assertEquals(2, recording.datagrams(0, 0));
    assertEquals(0, recording.datagrams(0, 1));
    SimulatedLink<String> link =
        new SimulatedLink<>(LinkConditions.replaying(recording), 1, 0, 28, 0);
    List<DatagramFate> fates = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      fates.add(link.offer(ByteBuffer.allocate(1), "", 100));
    }
    assertEquals(
        List.of(DatagramFate.PASSED, DatagramFate.LOST, DatagramFate.PASSED, DatagramFate.LOST),
        fates);
    assertEquals(105, link.nextDeliveryNanos());
  }

  @Example
  void aWayThatNothingWasRecordedOfIsPerfect() throws IOException {
    LinkRecording recording = read("0 up 1 0 10 lost\n");
    SimulatedLink<String> down =
        new SimulatedLink<>(LinkConditions.replaying(recording), 1, 1, 28, 0);
    assertEquals(DatagramFate.PASSED, down.offer(ByteBuffer.allocate(1), "", 3));
    assertEquals(3, down.nextDeliveryNanos());
  }

  /** It would be without effect, and gone from the text. */
  @Example
  void nothingCanBeAddedToARecording() throws IOException {
    LinkConditions replay = LinkConditions.replaying(read("0 up 1 0 10 lost\n"));
    List<UnaryOperator<LinkConditions>> more =
        List.of(
            link -> link.withLoss(0.05),
            link -> link.withBurstLoss(0.1, 0.5),
            link -> link.withDelay(Duration.ofMillis(5)),
            link -> link.withDuplicate(0.1, Duration.ZERO),
            link -> link.withCorrupt(0.1),
            link -> link.withRate(1_000_000),
            link -> link.withMtu(1_400),
            link -> link.withOutage(Duration.ZERO, Duration.ofSeconds(1)),
            link -> link.withRebind(Duration.ofSeconds(1), LinkConditions.Rebinding.PORT),
            link -> link.withEcn(LinkConditions.EcnTreatment.BLEACH));
    for (UnaryOperator<LinkConditions> one : more) {
      String words = one.apply(LinkConditions.NONE).toString();
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> one.apply(replay), words);
      assertTrue(refused.getMessage().startsWith("\"" + words + "\" beside"), words);
    }
    assertEquals(replay, replay.withLoss(0));
  }

  @Example
  void whatIsRecordedOfManyFlowsCanBeRead() throws IOException {
    Path file = FOLDER.resolve("of many");
    try (LinkRecorder recorder = LinkRecorder.create(file, List.of())) {
      for (int flow = 65_534; flow < 65_539; flow++) {
        SimulatedLink<String> link = new SimulatedLink<>(LinkConditions.NONE, flow, 0, 28, 0);
        DatagramFate fate = link.offer(ByteBuffer.allocate(1), "", 0);
        recorder.onOffered(flow, 0, link, fate, 1, 0);
      }
    }
    LinkRecording recording = LinkRecording.read(file);
    assertEquals(65_536, recording.flows());
    assertEquals(1, recording.datagrams(65_535, 0));
    assertEquals(
        List.of(
            "65534 up 1 0 1 passed 0",
            "65535 up 1 0 1 passed 0",
            "# flows from 65536 on are left out"),
        Files.readAllLines(file).subList(1, 4));
    assertEquals(4, Files.readAllLines(file).size());
  }

  @Example
  void whatIsNoRecordingIsRefusedByFileAndLine() throws IOException {
    String[][] wrong = {
      {"0 up 1 0 10\n", "line 2: expected flow"},
      {"x up 1 0 10 lost\n", "line 2: expected the number of a flow"},
      {"99999999 up 1 0 10 lost\n", "a flow below"},
      {"0 left 1 0 10 lost\n", "up or down"},
      {"0 up 1 0 10 lost\n0 up 3 0 10 lost\n", "line 3: expected number 2"},
      {"0 up 1 0 10 stolen\n", "a fate"},
      {"0 up 1 0 10 delivered\n", "a fate"},
      {"0 up 1 0 10 passed\n", "the delay"},
      {"0 up 1 0 10 passed -5\n", "nanoseconds"},
      {"0 up 1 0 10 passed 999999999999999999\n", "at most a year"},
      {"0 up 1 0 10 passed 5 copy\n", "nanoseconds"},
      {"0 up 1 0 10 passed 5 bit x\n", "a bit"},
      {"0 up 1 0 10 passed 5 burnt\n", "copy, bit or reordered"},
      {"# nothing\n", "no datagram"},
      {"0 up 1 0 10 passed 5 \u00e9\n", "plain text"},
    };
    for (String[] one : wrong) {
      IOException refused = assertThrows(IOException.class, () -> read(one[0]), one[0]);
      assertTrue(refused.getMessage().contains(one[1]), refused.getMessage());
      assertTrue(refused.getMessage().contains("made by hand"), refused.getMessage());
    }
    Path absent = FOLDER.resolve("absent");
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> LinkConditions.parse("replay " + absent));
    assertTrue(refused.getMessage().contains(absent + ": no such file"), refused.getMessage());
    refused =
        assertThrows(
            IllegalArgumentException.class, () -> LinkConditions.parse("replay " + FOLDER));
    assertTrue(refused.getMessage().contains("replay " + FOLDER + ": "), refused.getMessage());
    assertThrows(IllegalArgumentException.class, () -> LinkConditions.parse("replay"));
    assertThrows(IllegalArgumentException.class, () -> LinkConditions.parse("loss 1% replay x"));
  }

  private static LinkRecording read(String lines) throws IOException {
    Path file = FOLDER.resolve("made by hand");
    Files.write(file, ("posthorn-recording 1\n" + lines).getBytes(StandardCharsets.UTF_8));
    return LinkRecording.read(file);
  }
}
