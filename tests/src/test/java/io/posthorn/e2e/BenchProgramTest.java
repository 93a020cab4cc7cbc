package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code posthorn bench} as a person uses it. */
@Timeout(180)
class BenchProgramTest {
  private static final String ANY = "127.0.0.1:0";

  // An interval ends when its figures are taken: on a busy machine later than they are due.
  private static final Pattern SUM_UP = Pattern.compile("\\[SUM\\] +\\d+\\.\\d-\\d+\\.\\d +s up");
  private static final Pattern FIRST_INTERVAL =
      Pattern.compile("\"intervals\":\\[\\{\"start\":0,\"end\":([0-9.]+)");

  private static void assertSum(String text) {
    Matcher sum = Pattern.compile("(\\d+) sent = (\\d+) received \\+ (\\d+) lost").matcher(text);
    assertTrue(sum.find(), text);
    do {
      assertEquals(
          Long.parseLong(sum.group(1)),
          Long.parseLong(sum.group(2)) + Long.parseLong(sum.group(3)),
          text);
    } while (sum.find());
  }

  @Test
  void plainReliableAndTcpAtOnePort() throws Exception {
    try (RunningProgram server = here("bench", "-s", ANY)) {
      String to = "127.0.0.1:" + server.port();
      try (RunningProgram reliable =
              here("bench", to, "-t", "4", "-P", "2", "--bidir", "-i", "0.5", "-b", "8mbit");
          RunningProgram plain = here("bench", to, "-u", "-n", "77", "-b", "2mbit", "--bidir");
          RunningProgram tcp = here("bench", to, "--tcp", "-n", "100", "-R", "-l", "5000")) {
        assertEquals(0, reliable.exit(), reliable::errors);
        assertTrue(SUM_UP.matcher(reliable.output()).find(), reliable.output());
        assertTrue(reliable.output().contains("rtt "), reliable.output());
        assertSum(reliable.output());
        assertEquals(0, plain.exit(), plain::errors);
        assertTrue(plain.output().contains("77 sent = "), plain.output());
        assertSum(plain.output());
        assertEquals(0, tcp.exit(), tcp::errors);
        assertTrue(tcp.output().contains("down: 500 kB in"), tcp.output());
        assertTrue(tcp.output().contains("100 sent = 100 received + 0 lost"), tcp.output());
      }
      server.awaitOutput("100 sent = 100 received");
      server.signal("INT");
      assertEquals(130, server.exit());
      assertSum(server.output());
    }
  }

  @Test
  void plainAsJson() throws Exception {
    try (RunningProgram server = here("bench", "-s", "-u", "-1", ANY, "--json")) {
      String to = "127.0.0.1:" + server.port();
      try (RunningProgram client =
          here(
              "bench",
              to,
              "-u",
              "-n",
              "60",
              "-b",
              "960kbit",
              "-i",
              "0.2",
              "--json",
              "--impair",
              "loss 20%",
              "--seed",
              "5")) {
        assertEquals(0, client.exit(), client::errors);
        String output = client.output();
        assertEquals(1, output.lines().count(), output);
        assertTrue(output.startsWith("{\"plan\":{\"server\":\"" + to + "\""), output);
        Matcher first = FIRST_INTERVAL.matcher(output);
        assertTrue(first.find() && Double.parseDouble(first.group(1)) >= 0.2, output);
        assertTrue(output.contains("\"result\":{\"up\":{\"sent\":60,"), output);
      }
      assertEquals(0, server.exit(), server::errors);
      assertTrue(
          server.output().startsWith("{\"stream\":{\"client\":\"127.0.0.1:"), server.output());
    }
  }

  @Test
  void jsonStreamTellsEachIntervalAsItEnds() throws Exception {
    try (RunningProgram server = here("bench", "-s", ANY);
        RunningProgram client =
            here(
                "bench",
                "127.0.0.1",
                server.port(),
                "-t",
                "1h",
                "-b",
                "1mbit",
                "-i",
                "0.1",
                "--json-stream")) {
      client.awaitOutputMatching("\\{\"start\":[^\n]*\n\\{\"start\":[^\n]*\n"); // however late
      client.signal("INT");
      assertEquals(130, client.exit(), client::errors);
      String[] lines = client.output().strip().split("\n", -1);
      assertTrue(lines[0].startsWith("{\"plan\":"), lines[0]);
      assertTrue(lines[1].startsWith("{\"start\":0,"), lines[1]);
      assertTrue(lines[lines.length - 1].startsWith("{\"result\":"), client.output());
    }
  }

  @Test
  void aServerThatIsStoppedIsAnErrorToTryAgainAfter() throws Exception {
    try (RunningProgram server = here("bench", "-s", ANY);
        RunningProgram client =
            here("bench", "127.0.0.1", server.port(), "-R", "-b", "1mbit", "-i", "0.1")) {
      client.awaitOutput(" messages/s");
      server.signal("INT");
      assertEquals(75, client.exit(), client::errors);
    }
  }

  @Test
  void wrongUseAndNobodyThereHaveTheirStatus() throws Exception {
    int dead = FreePorts.next();
    String to = "127.0.0.1:" + dead;
    try (RunningProgram plain = here("bench", to, "-u", "-w", "0.3");
        RunningProgram tcp = here("bench", to, "--tcp", "-w", "0.3");
        RunningProgram reliable = here("bench", to, "-w", "0.3", "--json");
        RunningProgram both = here("bench", to, "-u", "--tcp");
        RunningProgram none = here("bench")) {
      assertEquals(69, plain.exit());
      assertTrue(plain.errors().contains("bench -s " + dead), plain.errors());
      assertEquals(69, tcp.exit());
      assertTrue(tcp.errors().contains("over TCP"), tcp.errors());
      assertEquals(69, reliable.exit());
      assertTrue(reliable.errors().contains("\"exit\":69"), reliable.errors());
      assertEquals(64, both.exit());
      assertEquals(64, none.exit());
    }
  }
}
