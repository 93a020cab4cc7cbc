package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.posthorn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code posthorn proxy} as a person uses it. */
@Timeout(180)
class ProxyProgramTest {
  private static final String ANY = "127.0.0.1:0";

  private static void ping(String port, int count, String lost) throws Exception {
    String patience = lost.contains(" 0 received") ? "0.3" : "3";
    try (RunningProgram ping =
        posthorn(
            "ping", "-u", "127.0.0.1:" + port, "-c", "" + count, "-i", "0.001", "-W", patience)) {
      ping.exit();
      assertTrue(ping.output().contains(lost), ping.output() + ping.errors());
    }
  }

  @Test
  void conditionsChangeWhileItRunsAndFiguresAreTold() throws Exception {
    try (RunningProgram echo = posthorn("listen", "--plain", "--echo", "-o", "/dev/null", ANY)) {
      try (RunningProgram proxy = posthorn("proxy", ANY, "127.0.0.1", echo.port(), "-i", "0.1")) {
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

  @Test
  void recordedFatesAreDoneAgain(@TempDir Path folder) throws Exception {
    String file = folder.resolve("fates").toString();
    try (RunningProgram echo = posthorn("listen", "--plain", "--echo", "-o", "/dev/null", ANY)) {
      String target = "127.0.0.1:" + echo.port();
      String summary;
      try (RunningProgram proxy =
          posthorn("proxy", ANY, target, "--up", "loss 30%", "--record", file, "-i", "0")) {
        ping(proxy.port(), 40, "40 sent");
        proxy.type("quit\n");
        assertEquals(0, proxy.exit(), proxy::errors);
        summary = proxy.output().substring(proxy.output().indexOf("in all:"));
      }
      assertTrue(summary.contains("lost"), summary);
      assertEquals("posthorn-recording 1", Files.readAllLines(Path.of(file)).get(0));
      try (RunningProgram proxy =
          posthorn("proxy", ANY, target, "--replay", file, "--seed", "5", "-i", "0")) {
        ping(proxy.port(), 40, "40 sent");
        proxy.type("quit\n");
        assertEquals(0, proxy.exit(), proxy::errors);
        assertEquals(summary, proxy.output());
      }
    }
    try (RunningProgram compare =
        posthorn("compare", "--simulated", "-n", "30", "--runs", "1", "--replay", file)) {
      assertEquals(0, compare.exit(), compare::errors);
      assertTrue(compare.output().contains("replay " + file), compare.output());
    }
  }

  @Test
  void tcCommandsAreResults() throws Exception {
    try (RunningProgram proxy =
        posthorn("proxy", "--print-tc", "veth1", "--up", "delay 40ms loss 5%", "--down", "@wifi")) {
      assertEquals(0, proxy.exit(), proxy::errors);
      assertTrue(
          proxy.output().contains("dev veth1 root netem delay 40ms loss 5%\n"), proxy.output());
      assertTrue(proxy.output().contains("loss gemodel 0.15% 30% rate 50mbit"), proxy.output());
    }
  }

  @Test
  void whatIsWrongIsSaidWithItsStatus(@TempDir Path folder) throws Exception {
    String absent = folder.resolve("absent").toString();
    try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram one = posthorn("proxy", "9001");
        RunningProgram spec = posthorn("proxy", ANY, "127.0.0.1:9", "--impair", "loss 5");
        RunningProgram replay = posthorn("proxy", ANY, "127.0.0.1:9", "--replay", absent);
        RunningProgram record =
            posthorn("proxy", ANY, "127.0.0.1:9", "--record", absent + "/deeper");
        RunningProgram port =
            posthorn("proxy", "127.0.0.1:" + taken.getLocalPort(), "127.0.0.1:9")) {
      assertEquals(64, one.exit());
      assertTrue(one.errors().contains("1 addresses where 2 belong"), one.errors());
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
