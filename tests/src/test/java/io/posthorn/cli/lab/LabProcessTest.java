package io.posthorn.cli.lab;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.cli.compare.DeliverySummary;
import io.posthorn.cli.compare.MessageSchedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Real packets through a real lab. Where none can be had, each test asserts instead that the lab
 * says why.
 */
class LabProcessTest {
  private static final LabProbe PROBE = LabProbe.check();
  private static final Duration LIFE = Duration.ofMinutes(3);
  private static final long TIMEOUT_NANOS = 20_000_000_000L;

  private static @Nullable LabProcess lab;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    lab = PROBE.possible() ? LabProcess.start(PROBE, LIFE) : null;
  }

  @AfterAll
  static void stop() {
    LabProcess running = lab;
    if (running != null) {
      running.close();
    }
  }

  /** The lab, or null after it was asserted that starting one says why there is none. */
  private static @Nullable LabProcess lab() {
    if (!PROBE.possible()) {
      LabUnavailableException refused =
          assertThrows(LabUnavailableException.class, () -> LabProcess.start(PROBE, LIFE));
      assertEquals(PROBE.reason(), refused.getMessage());
      assertFalse(PROBE.reason().isEmpty());
      // Not skipped, for where no lab can be had that is as it should be; but to be seen.
      System.out.println(
          "LabProcessTest: no packet crossed a lab here, only its refusal was tested: "
              + PROBE.reason());
    }
    return lab;
  }

  private static FlowRequest request(
      LabTransport transport, int count, int bytes, String conditions, String controller) {
    return new FlowRequest(
        transport,
        new MessageSchedule(count, 500),
        bytes,
        TIMEOUT_NANOS,
        1,
        conditions,
        conditions,
        controller);
  }

  private static FlowResult run(LabProcess lab, FlowRequest request)
      throws IOException, InterruptedException {
    return lab.run(request, (sent, delivered) -> assertTrue(sent >= 0 && delivered >= 0));
  }

  @Test
  void tcpRepairsWhatItsNetworkLoses() throws IOException, InterruptedException {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    FlowResult result = run(here, request(LabTransport.TCP, 200, 64, "delay 20ms loss 5%", "reno"));
    DeliverySummary summary = result.summary();
    assertEquals("", result.failure());
    assertEquals(200, summary.sent());
    assertEquals(200, summary.delivered());
    assertEquals(0, summary.duplicated() + summary.outOfOrder() + summary.corrupted());
    assertTrue(result.retransmissions() > 0, result::toString);
    assertTrue(result.up().deliveredDatagrams() < result.up().sentDatagrams(), result::toString);
    assertTrue(summary.p50Nanos() >= 20_000_000, result::toString);
    assertEquals("reno", result.congestionController());
    assertTrue(here.congestionControllers().contains("reno"));
    assertTrue(here.congestionControllers().contains(here.congestionController()));
  }

  @Test
  void udpLosesTheSameMessagesEachTime() throws IOException, InterruptedException {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    FlowRequest request =
        request(LabTransport.UDP, 300, 100, "delay 5ms loss 10% duplicate 5% corrupt 3%", "");
    FlowResult first = run(here, request);
    FlowResult second = run(here, request);
    assertEquals("", first.failure());
    assertEquals(300, first.up().sentDatagrams());
    assertEquals(300L * (100 + 28), first.up().sentBytes());
    assertTrue(first.summary().lost() > 0, first::toString);
    assertTrue(first.summary().duplicated() > 0, first::toString);
    assertEquals(0, first.summary().corrupted());
    // The kernel's checksum drops what was damaged, so less is handed over than the link let out.
    assertTrue(
        first.summary().delivered() + first.summary().duplicated()
            < first.up().deliveredDatagrams(),
        first::toString);
    if (first.overloadDrops() == 0 && second.overloadDrops() == 0) {
      assertEquals(first.up(), second.up());
      assertEquals(first.summary().delivered(), second.summary().delivered());
      assertEquals(first.summary().duplicated(), second.summary().duplicated());
    }
  }

  @Test
  void fragmentsOfLargeDatagramsTravelTogether() throws IOException, InterruptedException {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    FlowResult result = run(here, request(LabTransport.UDP, 50, 4_000, "delay 5ms", ""));
    assertEquals(50, result.summary().delivered(), result::toString);
    assertEquals(150, result.up().sentDatagrams());
  }

  @Test
  void aBlackHoleDeliversNothingAndEnds() throws IOException, InterruptedException {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    FlowResult result = run(here, request(LabTransport.UDP, 20, 1_000, "mtu 500", ""));
    assertEquals(20, result.summary().sent());
    assertEquals(0, result.summary().delivered());
    assertEquals(20, result.up().sentDatagrams());
    assertEquals(0, result.up().deliveredDatagrams());
  }

  @Test
  void aRebindingBreaksTcp() throws IOException, InterruptedException {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    FlowResult result = run(here, request(LabTransport.TCP, 2_500, 64, "rebind 300ms", ""));
    assertFalse(result.failure().isEmpty());
    assertTrue(result.summary().delivered() < 2_500, result::toString);
  }

  @Test
  void severalRunsShareOneLab() throws Exception {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<FlowResult> tcp =
          threads.submit(() -> run(here, request(LabTransport.TCP, 200, 64, "delay 5ms", "")));
      Future<FlowResult> udp =
          threads.submit(() -> run(here, request(LabTransport.UDP, 200, 64, "delay 5ms", "")));
      assertEquals(200, tcp.get(60, TimeUnit.SECONDS).summary().delivered());
      assertEquals(200, udp.get(60, TimeUnit.SECONDS).summary().delivered());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void nothingToSendIsARunToo() throws IOException, InterruptedException {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    for (LabTransport transport : LabTransport.values()) {
      FlowResult result = run(here, request(transport, 0, 64, "delay 5ms", ""));
      assertEquals("", result.failure());
      assertEquals(0, result.summary().due());
    }
  }

  @Test
  void whatCannotRunSaysWhy() throws IOException, InterruptedException {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    IOException words =
        assertThrows(
            IOException.class, () -> run(here, request(LabTransport.UDP, 1, 64, "los 5%", "")));
    assertNotNull(words.getMessage());
    assertTrue(words.getMessage().contains("los"), words.getMessage());
    assertThrows(IOException.class, () -> run(here, request(LabTransport.UDP, 1, 3, "none", "")));
    FlowResult controller = run(here, request(LabTransport.TCP, 1, 64, "none", "no-such-control"));
    assertTrue(controller.failure().contains("no-such-control"), controller.failure());
    assertEquals(0, controller.summary().delivered());
  }

  @Test
  void aConnectionThatDoesNotOpenSaysWhoDidNotAnswerAndForHowLong() throws Exception {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    for (LabTransport transport : new LabTransport[] {LabTransport.TCP, LabTransport.RELIABLE}) {
      FlowResult result =
          run(
              here,
              new FlowRequest(
                  transport,
                  new MessageSchedule(3, 500),
                  64,
                  300_000_000L,
                  1,
                  "loss 100%",
                  "none",
                  ""));
      assertTrue(result.failure().contains("no answer from 10."), result.failure());
      assertTrue(result.failure().contains(" in 300 ms"), result.failure());
      assertEquals(0, result.summary().delivered());
      assertTrue(result.up().sentDatagrams() > 0, result::toString);
    }
  }

  @Test
  void aRunThatIsCutShortAnswersWithWhatWasSent() throws Exception {
    if (lab() == null) {
      return;
    }
    try (LabProcess another = LabProcess.start(PROBE, LIFE)) {
      for (LabTransport transport : LabTransport.values()) {
        FlowRequest endless =
            new FlowRequest(
                transport,
                new MessageSchedule(1_000_000, 100),
                64,
                TIMEOUT_NANOS,
                1,
                "none",
                "none",
                "");
        FlowResult result =
            another.run(
                endless,
                (sent, delivered) -> {
                  if (delivered > 2) {
                    assertDoesNotThrow(another::endSending);
                  }
                });
        assertEquals("", result.failure());
        assertTrue(result.summary().due() < 1_000_000, result::toString);
        assertEquals(result.summary().due(), result.summary().sent());
      }
    }
  }

  /** What is typed at a terminal, such as Ctrl-C, goes to a whole process group. */
  @Test
  void theSecondProcessIsOutOfReachOfTheTerminal() throws Exception {
    LabProcess here = lab();
    if (here == null) {
      return;
    }
    long second = here.handle().pid();
    assertEquals(second, processGroup(second));
    assertFalse(second == processGroup(ProcessHandle.current().pid()));
  }

  /** The fifth field of proc(5)'s stat; the second, a name in parentheses, may hold blanks. */
  private static long processGroup(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[2]);
  }

  @Test
  void aSecondProcessThatDoesNotGetReadyIsNoLab() throws Exception {
    // Reads on until its input ends, and says nothing.
    LabProbe silent = stub("while read line; do :; done");
    String reason =
        String.valueOf(
            assertThrows(
                    LabUnavailableException.class,
                    () -> LabProcess.start(silent, LIFE, Duration.ofMillis(100)))
                .getMessage());
    assertEquals("the lab's process did not get ready within 0.1 s", reason);
  }

  @Test
  void aSecondProcessThatEndsOrDoesNotStartIsNoLab() throws Exception {
    LabProbe failing = stub("echo no room >&2; exit 3");
    assertTrue(refusal(failing).contains("ended at its start: no room"), refusal(failing));
    LabProbe absent = new LabProbe(true, "", List.of("/no/such/program"));
    assertTrue(refusal(absent).contains("does not start: "), refusal(absent));
  }

  private static String refusal(LabProbe probe) {
    return String.valueOf(
        assertThrows(LabUnavailableException.class, () -> LabProcess.start(probe, LIFE))
            .getMessage());
  }

  private static LabProbe stub(String script) {
    return new LabProbe(true, "", List.of("sh", "-c", script, "sh"));
  }

  @Test
  void theSecondProcessEndsWithItsLab() throws Exception {
    if (lab() == null) {
      return;
    }
    LabProcess another = LabProcess.start(PROBE, LIFE);
    ProcessHandle handle = another.handle();
    assertTrue(handle.isAlive());
    another.close();
    handle.onExit().get(30, TimeUnit.SECONDS);
    assertThrows(
        IOException.class,
        () -> another.run(request(LabTransport.UDP, 1, 64, "none", ""), (sent, delivered) -> {}));
  }

  @Test
  void theSecondProcessEndsWhenItsLifeIsOver() throws Exception {
    if (lab() == null) {
      return;
    }
    try (LabProcess another = startFor(Duration.ofSeconds(1))) {
      another.handle().onExit().get(30, TimeUnit.SECONDS);
      IOException ended =
          assertThrows(
              IOException.class, () -> run(another, request(LabTransport.UDP, 1, 64, "none", "")));
      assertNotNull(ended.getMessage());
    }
  }

  /** On a busy machine a short life is over before it began; then a longer one. */
  private static LabProcess startFor(Duration life) throws Exception {
    try {
      return LabProcess.start(PROBE, life);
    } catch (LabUnavailableException over) {
      if (life.compareTo(LIFE) > 0) {
        throw over;
      }
      return startFor(life.multipliedBy(2));
    }
  }
}
