package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static io.posthorn.e2e.RunningProgram.posthorn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the commands say with {@code --json} and {@code --json-stream} is as cli/JSON.md has it. */
@Timeout(180)
class JsonProgramTest {
  private static final String ANY = "127.0.0.1:0";

  private final JsonShapes shapes;

  JsonProgramTest() throws Exception {
    shapes = JsonShapes.read();
  }

  /** Every line of a stream is one of the command's. */
  private void assertListed(String command, RunningProgram program, int least) {
    long lines = program.output().lines().count();
    assertTrue(lines >= least, command + ": " + program.output() + program.errors());
    program
        .output()
        .lines()
        .forEach(line -> assertEquals("", shapes.complaint(command, "out", line)));
    program
        .errors()
        .lines()
        .forEach(line -> assertEquals("", shapes.complaint(command, "err", line)));
  }

  @Test
  void messagesAndPings() throws Exception {
    try (RunningProgram listen = posthorn("listen", ANY, "--json")) {
      String to = "127.0.0.1:" + listen.port();
      try (RunningProgram send = here("send", to, "hi", "--receipt", "-J");
          RunningProgram ping =
              here("ping", to, "-c", "2", "-i", "0.05", "-W", "30", "--json-stream");
          RunningProgram mtu = here("ping", "-M", to, "--json");
          RunningProgram doctor = here("doctor", to, "--nat", "1", "--json-stream");
          RunningProgram wrong = here("ping", "--json", "nowhere")) {
        assertEquals(0, send.exit(), send::errors);
        assertTrue(send.errors().contains("\"receipt\""), send.errors());
        assertListed("send", send, 0);
        assertEquals(0, ping.exit(), ping::errors);
        assertListed("ping", ping, 3);
        assertEquals(0, mtu.exit(), mtu::errors);
        assertListed("ping", mtu, 1);
        doctor.exit(); // this machine's own findings decide it
        assertListed("doctor", doctor, 10);
        assertEquals(64, wrong.exit());
        assertTrue(wrong.errors().contains("\"exit\":64"), wrong.errors());
        assertListed("ping", wrong, 0);
      }
      try (RunningProgram sockets = here("sockets", "-a", "--json");
          RunningProgram watch = here("sockets", "--watch", "0.1", "--json-stream")) {
        assertEquals(0, sockets.exit(), sockets::errors);
        assertListed("sockets", sockets, 1);
        watch.awaitOutput("\n{\"time\":");
        watch.signal("INT");
        assertEquals(130, watch.exit());
        assertListed("sockets", watch, 1);
      }
      listen.signal("INT");
      assertEquals(130, listen.exit());
      assertListed("listen", listen, 1);
    }
  }

  @Test
  void filesAndKeys(@TempDir Path folder) throws Exception {
    Path from = Files.createDirectory(folder.resolve("from"));
    Path to = Files.createDirectory(folder.resolve("to"));
    Files.writeString(from.resolve("a"), "content");
    Files.createSymbolicLink(from.resolve("dangling"), folder.resolve("absent"));
    try (RunningProgram receive = here("receive", ANY, to.toString(), "--json")) {
      String target = "127.0.0.1:" + receive.port();
      try (RunningProgram copy = here("copy", from.toString(), target, "--json-stream")) {
        assertEquals(66, copy.exit(), copy::errors);
        assertTrue(copy.errors().contains("{\"failed\":"), copy.errors());
        assertTrue(copy.output().contains("{\"progress\":"), copy.output());
        assertListed("copy", copy, 3);
      }
      Files.writeString(from.resolve("a"), "another");
      try (RunningProgram refused = here("copy", from + "/a", target + "/from", "--json")) {
        assertEquals(73, refused.exit(), refused::errors);
        assertListed("copy", refused, 1);
      }
      receive.awaitOutput("\"refused\":1");
      receive.signal("INT");
      receive.exit();
      assertListed("receive", receive, 2);
    }
    Path home = folder.resolve("home");
    try (RunningProgram make = RunningProgram.hereAt(home, "keys", "show", "--json");
        RunningProgram list = RunningProgram.hereAt(home, "keys", "list", "--json")) {
      assertEquals(0, make.exit(), make::errors);
      assertListed("keys", make, 1);
      assertEquals(0, list.exit(), list::errors);
      assertListed("keys", list, 0);
    }
  }

  @Test
  void figuresOfBenchProxyAndCompare() throws Exception {
    try (RunningProgram server = here("bench", "-s", ANY, "--json")) {
      String to = "127.0.0.1:" + server.port();
      try (RunningProgram whole =
              here("bench", to, "-u", "-n", "50", "-b", "1mbit", "-i", "0.1", "--json");
          RunningProgram stream =
              here(
                  "bench",
                  to,
                  "-t",
                  "0.5",
                  "-b",
                  "2mbit",
                  "-i",
                  "0.1",
                  "--bidir",
                  "--json-stream");
          RunningProgram proxy = here("proxy", ANY, to, "-i", "0.05", "--json");
          RunningProgram compare =
              here("compare", "--simulated", "-n", "30", "--runs", "2", "--json-stream");
          RunningProgram sweep =
              here("compare", "--simulated", "-n", "30", "--sweep", "0,9", "--json-stream");
          RunningProgram host =
              here("compare", "--host", to, "-n", "20", "--runs", "1", "--json-stream")) {
        assertEquals(0, whole.exit(), whole::errors);
        assertListed("bench", whole, 1);
        assertEquals(0, stream.exit(), stream::errors);
        assertListed("bench", stream, 3);
        proxy.type("\n");
        proxy.awaitOutput("\"systemErrors\"");
        proxy.type("quit\n");
        assertEquals(0, proxy.exit(), proxy::errors);
        assertListed("proxy", proxy, 2);
        assertEquals(0, compare.exit(), compare::errors);
        assertListed("compare", compare, 5);
        assertEquals(0, sweep.exit(), sweep::errors);
        assertListed("compare", sweep, 5);
        assertEquals(0, host.exit(), host::errors);
        assertListed("compare", host, 4);
      }
      server.signal("INT");
      server.exit();
      assertListed("bench", server, 2);
    }
  }

  @Test
  void claimsAboutComparisons() throws Exception {
    String[] claims = {"reliable.lost==0", "reliable.lost>0", "tcp.lost==0"};
    int[] exits = {0, 1, 69};
    String[] holds = {"true", "false,\"falseRun\":1", "null"};
    for (int i = 0; i < claims.length; i++) {
      try (RunningProgram one =
              here(
                  "compare",
                  "--simulated",
                  "-n",
                  "30",
                  "--runs",
                  "1",
                  "--json",
                  "--assert",
                  claims[i]);
          RunningProgram swept =
              here(
                  "compare",
                  "--simulated",
                  "-n",
                  "30",
                  "--sweep",
                  "0,9",
                  "--json",
                  "--assert",
                  claims[i])) {
        for (RunningProgram program : new RunningProgram[] {one, swept}) {
          assertEquals(exits[i], program.exit(), program::errors);
          assertListed("compare", program, 1);
          String told = "\"assertion\":{\"claim\":\"" + claims[i] + "\",\"holds\":" + holds[i];
          assertTrue(program.output().contains(told), program.output());
        }
      }
    }
  }

  @Test
  void tracesAndCaptures(@TempDir Path folder) throws Exception {
    String trace = folder.resolve("t.sqlog").toString();
    String capture = folder.resolve("c.pcapng").toString();
    String secrets = folder.resolve("secrets").toString();
    try (RunningProgram listen = here("listen", ANY, "-o", "/dev/null")) {
      String to = "127.0.0.1:" + listen.port();
      try (RunningProgram send =
          here("send", "--trace", trace, "--pcap", capture, "--keylog", secrets, to, "hi")) {
        assertEquals(0, send.exit(), send::errors);
      }
      // A disk that is full is said in one line, and is not the message's trouble.
      try (RunningProgram send = posthorn("send", "-u", "--pcap", "/dev/full", to, "hi")) {
        assertEquals(0, send.exit(), send::errors);
        assertTrue(
            send.errors().contains("posthorn: /dev/full is incomplete: No space left on device"),
            send.errors());
        assertEquals(2, send.errors().lines().count(), send.errors());
      }
    }
    try (RunningProgram events = here("trace", trace, "--json", "-v");
        RunningProgram packets = here("trace", capture, "--keylog", secrets, "--json");
        RunningProgram written =
            here("trace", capture, "--keylog", secrets, "-o", capture + ".clear", "-J")) {
      assertEquals(0, events.exit(), events::errors);
      assertListed("trace", events, 10);
      assertEquals(0, packets.exit(), packets::errors);
      assertListed("trace", packets, 5);
      assertTrue(packets.output().contains("\"type\":\"CHANNEL_DATA\""), packets.output());
      assertEquals(0, written.exit(), written::errors);
      assertListed("trace", written, 1);
    }
  }
}
