package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static io.posthorn.e2e.RunningProgram.hereIn;
import static io.posthorn.e2e.RunningProgram.other;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.testkit.TestRelay;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The peer in {@code src/test/python}, written from transport/PROTOCOL.md alone: it reads and
 * writes the published vectors, and talks to the real program as initiator and as listener over a
 * network that loses, reorders, duplicates and damages packets. .ci/run installs what it needs.
 */
class IndependentPeerTest {
  private static final Path ROOT = Path.of(System.getProperty("posthorn.root"));
  private static final Path PEER = ROOT.resolve("tests/src/test/python/peer.py");
  private static final String ANY = "127.0.0.1:0";
  private static final LinkConditions BAD =
      LinkConditions.parse("delay 5ms 2ms loss 10% reorder 5% duplicate 3% corrupt 1%");

  /** A Python with the one package that the peer needs, or the test is skipped. */
  private static String python() throws InterruptedException {
    for (String candidate : List.of("python3", "/usr/bin/python3")) {
      if (hasCryptography(candidate)) {
        return candidate;
      }
    }
    assumeTrue(false, "no python3 with the package cryptography");
    return "";
  }

  private static boolean hasCryptography(String python) throws InterruptedException {
    try {
      Process probe = new ProcessBuilder(python, "-c", "import cryptography").start();
      return probe.waitFor(20, TimeUnit.SECONDS) && probe.exitValue() == 0;
    } catch (IOException notThere) {
      return false;
    }
  }

  private static RunningProgram peer(String... arguments) throws Exception {
    String[] command = new String[arguments.length + 3];
    command[0] = python();
    command[1] = "-B"; // leaves no compiled files in the sources
    command[2] = PEER.toString();
    System.arraycopy(arguments, 0, command, 3, arguments.length);
    return other(command);
  }

  /**
   * Messages of all sizes: some share a packet, one spans twenty and more than the peer's window.
   */
  private static String messages() {
    StringBuilder text = new StringBuilder();
    IntStream.range(0, 700)
        .forEach(i -> text.append(i).append(" x".repeat(i * 7919 % 97)).append('\n'));
    return text.append("y".repeat(20_000)).append("\nthe last one\n").toString();
  }

  private static long number(String json, String name) {
    Matcher matcher = Pattern.compile("\"" + name + "\": (\\d+)").matcher(json);
    assertTrue(matcher.find(), json);
    return Long.parseLong(matcher.group(1));
  }

  private static void assertLoss(TestRelay relay) {
    long lost = relay.countersUp().lost() + relay.countersDown().lost();
    assertTrue(lost > 0, "the network lost nothing: " + relay.countersUp());
  }

  @Test
  void publishedVectorsHold() throws Exception {
    Path script = PEER.resolveSibling("check_vectors.py");
    Path vectors = ROOT.resolve("transport/vectors");
    try (RunningProgram check = other(python(), "-B", script.toString(), vectors.toString())) {
      assertEquals(0, check.exit(), check::errors);
      assertTrue(check.output().contains("keys.json: "), check.output());
    }
  }

  /** What no vector shows, and this peer is to be the witness for. */
  @Test
  void itKeepsTheRules() throws Exception {
    Path script = PEER.resolveSibling("check_rules.py");
    try (RunningProgram check = other(python(), "-B", script.toString())) {
      assertEquals(0, check.exit(), check::errors);
      assertTrue(check.output().contains(" rules"), check.output());
    }
  }

  @Test
  void connectsToListenOverABadNetworkAndRenewsTheKeys() throws Exception {
    String messages = messages();
    try (RunningProgram listen = here("listen", "--echo", "--once", ANY);
        TestRelay relay = TestRelay.seeded(1, BAD)) {
      int port = relay.inFrontOf(Integer.parseInt(listen.port())).getPort();
      try (RunningProgram peer =
          peer(
              "connect",
              "127.0.0.1:" + port,
              "--replies",
              "702",
              "--window",
              "6000",
              "--update-every",
              "8")) {
        peer.type(messages).endInput();
        assertEquals(0, peer.exit(), peer::errors);
        assertEquals(messages, peer.output());
        // The program followed: packets under its new key came, and opened.
        assertTrue(number(peer.errors(), "receivePhase") > 0, peer.errors());
      }
      assertEquals(0, listen.exit(), listen::errors);
      assertEquals(messages, listen.output());
      assertLoss(relay);
    }
  }

  @Test
  void listensToSendOverABadNetwork() throws Exception {
    String messages = messages();
    try (RunningProgram peer = peer("listen", ANY, "--echo", "--window", "6000");
        TestRelay relay = TestRelay.seeded(2, BAD)) {
      int port = relay.inFrontOf(Integer.parseInt(peer.port())).getPort();
      try (RunningProgram send = here("send", "127.0.0.1:" + port, "-q", "15")) {
        send.type(messages).endInput();
        assertEquals(0, send.exit(), send::errors);
        assertEquals(messages, send.output());
        assertTrue(send.errors().contains("all acknowledged"), send.errors());
      }
      assertEquals(0, peer.exit(), peer::errors);
      assertEquals(messages, peer.output());
      assertLoss(relay);
    }
  }

  @Test
  void sharesASecretOfWords() throws Exception {
    Map<String, String> secret = Map.of("POSTHORN_SECRET", "correct horse battery staple");
    try (RunningProgram listen = hereIn(secret, "listen", "--echo", "--once", ANY)) {
      String port = listen.port();
      try (RunningProgram peer =
          peer(
              "connect",
              "127.0.0.1:" + port,
              "--replies",
              "1",
              "--words",
              "correct horse battery staple")) {
        peer.type("in confidence\n").endInput();
        assertEquals(0, peer.exit(), peer::errors);
        assertEquals("in confidence\n", peer.output());
      }
      assertEquals(0, listen.exit(), listen::errors);
    }
  }
}
