package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static io.posthorn.e2e.RunningProgram.posthorn;
import static io.posthorn.e2e.RunningProgram.posthornIn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Ipv6Loopback;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code posthorn proxy} as a person uses it. */
@Timeout(180)
class ProxyProgramTest {
  private static final String ANY = "127.0.0.1:0";

  /** Waits longer for answers that all have to come than where some are lost. */
  private static void ping(String port, int count, String lost) throws Exception {
    String patience =
        lost.contains(count + " received") ? "30" : lost.contains(" 0 received") ? "2" : "5";
    try (RunningProgram ping =
        here("ping", "-u", "127.0.0.1:" + port, "-c", "" + count, "-i", "0.001", "-W", patience)) {
      ping.exit();
      assertTrue(ping.output().contains(lost), ping.output() + ping.errors());
    }
  }

  @Test
  void conditionsChangeWhileItRunsAndFiguresAreTold() throws Exception {
    try (RunningProgram echo = here("listen", "--plain", "--echo", "-o", "/dev/null", ANY)) {
      try (RunningProgram proxy = here("proxy", ANY, "127.0.0.1", echo.port(), "-i", "0.1")) {
        String port = proxy.port();
        ping(port, 20, "20 sent, 20 received, 0% lost");
        proxy.awaitOutput("1 client\n");
        proxy.type("up loss 100%\n");
        proxy.awaitError("up: loss 100%; down: none");
        ping(port, 5, "5 sent, 0 received");
        proxy.type("both none\ncut\n");
        proxy.awaitError("cut: nothing passes");
        ping(port, 5, "5 sent, 0 received");
        proxy.type("mend\nup loss 500%\nnonsense\n");
        proxy.awaitError("expected a percentage");
        proxy.awaitError("no order \"nonsense\"");
        ping(port, 5, "5 sent, 5 received");
        proxy.signal("TERM");
        assertEquals(143, proxy.exit());
        assertTrue(
            proxy.output().contains("in all: up 35 in, 25 out, 5 lost, 5 in an outage; down 25 in"),
            proxy.output());
      }
    }
  }

  /** The lines on the way tell of parts; who asks by another program is told of all as well. */
  @Test
  void statisticsThatAreAskedForAreOfAllSinceTheStart() throws Exception {
    try (RunningProgram echo = here("listen", "--plain", "--echo", "-o", "/dev/null", ANY);
        RunningProgram proxy = here("proxy", ANY, "127.0.0.1", echo.port(), "-i", "0")) {
      for (int pings = 3; pings <= 6; pings += 3) {
        ping(proxy.port(), 3, "3 sent, 3 received");
        proxy.type("statistics\n");
        proxy.awaitOutput("in all: up " + pings + " in, " + pings + " out; down ");
      }
    }
  }

  private static String change(Map<String, String> runtime, int status, String... words)
      throws Exception {
    List<String> arguments = new ArrayList<>(List.of("proxy", "--change"));
    arguments.addAll(List.of(words));
    try (RunningProgram change = posthornIn(runtime, arguments.toArray(String[]::new))) {
      assertEquals(status, change.exit(), change::errors);
      return change.output() + change.errors();
    }
  }

  /** In the background nobody can type to it; so another program of the user tells it. */
  @Test
  void aProxyInTheBackgroundIsChangedFromElsewhere(@TempDir Path folder) throws Exception {
    Ipv6Loopback.assumeThere();
    Map<String, String> runtime = Map.of("XDG_RUNTIME_DIR", folder.toString());
    String none = change(runtime, 69, "cut");
    assertTrue(none.contains("no proxy of this user is running; start one"), none);
    Path fates = folder.resolve("fates; cut");
    Files.writeString(fates, "posthorn-recording 1\n1 up 1 0 60 lost\n");
    try (RunningProgram echo = posthorn("listen", "--plain", "--echo", "-o", "/dev/null", ANY)) {
      try (RunningProgram proxy = posthornIn(runtime, "proxy", ANY, "127.0.0.1", echo.port());
          RunningProgram other = posthornIn(runtime, "proxy", "[::1]:0", "[::1]:9", "-6")) {
        proxy.endInput();
        String port = proxy.port();
        other.port();
        String at = "127.0.0.1:" + port + " (process " + proxy.pid() + "): ";
        assertEquals(
            at + "up: loss 100% (was none); down: none\n",
            change(runtime, 0, port, "up", "loss", "100%"));
        proxy.awaitError("up: loss 100% (was none); down: none");
        ping(port, 3, "3 sent, 0 received");
        assertEquals(
            at + "up: none (was loss 100%); down: delay 1ms (was none)\n",
            change(runtime, 0, "" + proxy.pid(), "--up", "none", "--down", "delay 1ms"));
        ping(port, 3, "3 sent, 3 received");
        assertEquals(
            at + "up: none; down: delay 1ms; cut\n", change(runtime, 0, "127.0.0.1", port, "cut"));
        ping(port, 3, "3 sent, 0 received");
        String mended = change(runtime, 0, "127.0.0.1:" + port, "--json", "mend");
        assertTrue(
            mended.contains("\"before\":{\"up\":\"none\",\"down\":\"delay 1ms\",\"cut\":true}"),
            mended);
        assertEquals("", JsonShapes.read().complaint("proxy", "out", mended.strip()));
        ping(port, 3, "3 sent, 3 received");
        String replayed = change(runtime, 0, port, "up", "replay", fates.toString());
        assertTrue(replayed.startsWith(at + "up: replay " + fates + " (was none)"), replayed);

        String which = change(runtime, 64, "both", "none");
        assertTrue(which.contains("2 proxies may be meant: "), which);
        assertTrue(which.contains("name one by its process"), which);
        String nobody = change(runtime, 69, "1", "cut");
        assertTrue(nobody.contains("no proxy \"1\" of this user is running; there is "), nobody);
        String asked = change(runtime, 0);
        assertEquals(2, asked.lines().count(), asked);
        assertTrue(asked.contains("]:" + other.port() + " (process " + other.pid()), asked);
        String figures = change(runtime, 0, "statistics");
        assertTrue(figures.contains(at + "in all: up 12 in, 6 out, 3 lost, 3 in an"), figures);
        assertEquals(
            "[::1]:" + other.port() + " (process " + other.pid() + "): it ends\n",
            change(runtime, 0, "::1", other.port(), "quit"));
        assertEquals(0, other.exit(), other::errors);
        proxy.signal("KILL");
        proxy.exit();
        assertTrue(change(runtime, 69).contains("no proxy of this user"));
      }
    }
    try (var left = Files.list(folder.resolve("posthorn"))) {
      assertTrue(left.noneMatch(file -> file.toString().endsWith(".orders")));
    }
  }

  @Test
  void recordedFatesAreDoneAgain(@TempDir Path folder) throws Exception {
    String file = folder.resolve("fates").toString();
    try (RunningProgram echo = here("listen", "--plain", "--echo", "-o", "/dev/null", ANY)) {
      String target = "127.0.0.1:" + echo.port();
      String summary;
      try (RunningProgram proxy =
          here("proxy", ANY, target, "--up", "loss 30%", "--record", file, "-i", "0")) {
        ping(proxy.port(), 40, "40 sent");
        proxy.type("quit\n");
        assertEquals(0, proxy.exit(), proxy::errors);
        summary = proxy.output().substring(proxy.output().indexOf("in all:"));
      }
      assertTrue(summary.contains("lost"), summary);
      assertEquals("posthorn-recording 1", Files.readAllLines(Path.of(file)).get(0));
      try (RunningProgram proxy =
          here("proxy", ANY, target, "--replay", file, "--seed", "5", "-i", "0")) {
        ping(proxy.port(), 40, "40 sent");
        proxy.type("quit\n");
        assertEquals(0, proxy.exit(), proxy::errors);
        assertEquals(summary, proxy.output());
      }
    }
    try (RunningProgram compare =
        here("compare", "--simulated", "-n", "30", "--runs", "1", "--replay", file)) {
      assertEquals(0, compare.exit(), compare::errors);
      assertTrue(compare.output().contains("replay " + file), compare.output());
    }
  }

  @Test
  void tcCommandsAreResults() throws Exception {
    try (RunningProgram proxy =
        here("proxy", "--print-tc", "veth1", "--up", "delay 40ms loss 5%", "--down", "@wifi")) {
      assertEquals(0, proxy.exit(), proxy::errors);
      assertTrue(
          proxy.output().contains("dev veth1 root netem delay 40ms loss 5% limit 65536\n"),
          proxy.output());
      assertTrue(proxy.output().contains("loss gemodel 0.15% 30% rate 50mbit"), proxy.output());
    }
  }

  @Test
  void whatIsWrongIsSaidWithItsStatus(@TempDir Path folder) throws Exception {
    String absent = folder.resolve("absent").toString();
    try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram one = here("proxy", "9001");
        RunningProgram spec = here("proxy", ANY, "127.0.0.1:9", "--impair", "loss 5");
        RunningProgram replay = here("proxy", ANY, "127.0.0.1:9", "--replay", absent);
        RunningProgram record = here("proxy", ANY, "127.0.0.1:9", "--record", absent + "/deeper");
        RunningProgram port = here("proxy", "127.0.0.1:" + taken.getLocalPort(), "127.0.0.1:9")) {
      assertEquals(64, one.exit());
      assertTrue(one.errors().contains("whom to talk to is missing"), one.errors());
      assertEquals(64, spec.exit());
      assertTrue(spec.errors().contains("column 6"), spec.errors());
      assertEquals(66, replay.exit());
      assertTrue(replay.errors().contains("no such file"), replay.errors());
      assertEquals(73, record.exit());
      assertTrue(record.errors().contains("cannot create"), record.errors());
      assertEquals(75, port.exit());
      assertTrue(port.errors().contains("the port is in use"), port.errors());
    }
  }
}
