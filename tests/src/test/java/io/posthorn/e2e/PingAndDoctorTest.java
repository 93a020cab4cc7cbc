package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.MessageTooLargeException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ping's further modes and {@code posthorn doctor} as a person uses them. */
@Timeout(180)
class PingAndDoctorTest {
  private static final String ANY = "127.0.0.1:0";

  /**
   * Runs it again if need be: a machine that is held up for a second looks like a bad way.
   *
   * @return what ran last, ended
   */
  private static RunningProgram untilSays(String regex, String... arguments) throws Exception {
    Pattern pattern = Pattern.compile(regex);
    for (int runs = 1; ; runs++) {
      try (RunningProgram program = here(arguments)) {
        program.exit();
        boolean says = pattern.matcher(program.output()).find();
        if (says || runs == 3) {
          assertTrue(says, program::output);
          return program;
        }
      }
    }
  }

  @Test
  void floodSendsAsFastAsAnswersComeAndShowsHowTheyAreSpread() throws Exception {
    try (RunningProgram listener = here("listen", ANY);
        RunningProgram ping =
            here(
                "ping",
                "127.0.0.1:" + listener.port(),
                "-f",
                "-c",
                "500",
                "-W",
                "30",
                "--histogram")) {
      assertEquals(0, ping.exit(), ping::errors);
      assertTrue(ping.output().contains("500 sent, 500 received"), ping.output());
      assertTrue(ping.output().contains("rtt percentiles 50/90/99/99.9 = "), ping.output());
      assertTrue(ping.output().contains(" ms  ") && ping.output().contains("#"), ping.output());
      assertEquals(0, ping.output().lines().filter(line -> line.contains("seq=")).count());
    }
  }

  /** A reliable ping is an unreliable message, whole in a packet that every path carries. */
  @Test
  void aReliablePingIsAsLargeAsOnePacketTakesAndNoLarger() throws Exception {
    int most = 1_159;
    try (RunningProgram listen = here("listen", ANY)) {
      String to = "127.0.0.1:" + listen.port();
      try (RunningProgram ping =
          here("ping", to, "-s", "" + most, "-c", "2", "-i", "0.01", "-W", "30")) {
        assertEquals(0, ping.exit(), ping::errors);
        assertTrue(ping.output().contains("2 sent, 2 received"), ping::output);
      }
      try (RunningProgram ping = here("ping", to, "-s", "" + (most + 1))) {
        assertEquals(64, ping.exit(), ping::errors);
        assertTrue(ping.errors().contains("16 to 1159 bytes in reliable mode"), ping::errors);
        assertEquals("", ping.output(), "nothing was begun");
      }
      // The limit is the socket's own, not one of the program.
      InetSocketAddress peer =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(listen.port()));
      try (MessageSocket socket = MessageSocket.builder().open()) {
        Message.Draft draft = socket.connect(peer).message().delivery(Delivery.UNRELIABLE);
        socket.send(draft.body(new byte[most]));
        assertThrows(
            MessageTooLargeException.class, () -> socket.send(draft.body(new byte[most + 1])));
      }
    }
  }

  @Test
  void aPlainPingIsAsLargeAsADatagramTakes() throws Exception {
    try (RunningProgram echo = here("listen", "-u", "--echo", "-o", "/dev/null", ANY)) {
      String to = "127.0.0.1:" + echo.port();
      RunningProgram ping =
          untilSays("2 sent, 2 received", "ping", "-u", to, "-s", "65507", "-c", "2", "-i", "0.01");
      assertEquals(0, ping.exit(), ping::errors);
      try (RunningProgram larger = here("ping", "-u", to, "-s", "65508")) {
        assertEquals(64, larger.exit(), larger::errors);
        assertTrue(larger.errors().contains("16 to 65507 bytes"), larger::errors);
      }
    }
  }

  @Test
  void pathMtuIsFoundThroughABadNetwork() throws Exception {
    try (RunningProgram echo = here("listen", "-u", "--echo", "-o", "/dev/null", ANY);
        RunningProgram proxy =
            here("proxy", ANY, "127.0.0.1:" + echo.port(), "--down", "mtu 1377 loss 2%")) {
      RunningProgram ping =
          untilSays(
              "\"mtuBytes\":1377\\b", "ping", "-u", "-M", "127.0.0.1:" + proxy.port(), "--json");
      assertEquals(0, ping.exit(), ping::errors);
    }
  }

  @Test
  void pathMtuOfAReliableConnection() throws Exception {
    try (RunningProgram listen = here("listen", ANY);
        RunningProgram proxy =
            here("proxy", ANY, "127.0.0.1:" + listen.port(), "--up", "mtu 1420 loss 1%")) {
      RunningProgram ping =
          untilSays(
              ": path MTU 1420 bytes: datagrams of up to 1392 bytes get there",
              "ping",
              "-M",
              "127.0.0.1:" + proxy.port());
      assertEquals(0, ping.exit(), ping::errors);
      assertEquals("", listen.output());
    }
  }

  @Test
  void howLongTheWayStaysOpenInSilenceIsFound() throws Exception {
    try (RunningProgram listen = here("listen", ANY);
        RunningProgram forgets =
            here("proxy", ANY, "127.0.0.1:" + listen.port(), "--idle", "2.5")) {
      // The proxy looks for silent clients now and then, so that it may be one step more.
      RunningProgram through =
          untilSays(
              "BAD  silence: the way is forgotten after (2 to 3|3 to 5) s",
              "doctor",
              "127.0.0.1:" + forgets.port(),
              "--nat",
              "5");
      assertEquals(1, through.exit(), through::errors);
      untilSays(
          "the way stays open for 2 s without traffic",
          "doctor",
          "127.0.0.1:" + listen.port(),
          "--nat",
          "2",
          "--json");
      try (RunningProgram noPeer = here("doctor", "--nat", "5")) {
        assertEquals(64, noPeer.exit());
      }
    }
  }

  @Test
  void mtuOfNobodyIsSaidSo() throws Exception {
    try (DatagramSocket closed = FreePorts.closed();
        DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram unreachable =
            here("ping", "-u", "-M", "127.0.0.1:" + closed.getLocalPort());
        RunningProgram quiet = here("ping", "-u", "-M", "127.0.0.1:" + silent.getLocalPort());
        RunningProgram reliable =
            here("ping", "-M", "-W", "0.3", "127.0.0.1:" + closed.getLocalPort())) {
      assertEquals(69, unreachable.exit());
      assertTrue(unreachable.errors().contains("nobody listens"), unreachable.errors());
      assertEquals(1, quiet.exit());
      assertEquals(1, reliable.exit());
      assertTrue(reliable.errors().contains("no answer"), reliable.errors());
    }
  }

  @Test
  void doctorTellsPeersApart() throws Exception {
    try (RunningProgram reliable = here("listen", ANY);
        RunningProgram plain = here("listen", "-u", "--echo", "-o", "/dev/null", ANY);
        DatagramSocket closed = FreePorts.closed();
        DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      // This machine's own findings decide how these two end.
      String good =
          untilSays("a reliable peer answers", "doctor", "127.0.0.1", reliable.port(), "--json")
              .output();
      assertTrue(good.lines().allMatch(line -> line.startsWith("{\"weight\":")), good);
      String echo =
          untilSays("a plain UDP echo service answers", "doctor", "127.0.0.1:" + plain.port())
              .output();
      assertTrue(echo.contains("path MTU: "), echo);
      try (RunningProgram nobody = here("doctor", "127.0.0.1:" + closed.getLocalPort());
          RunningProgram mute = here("doctor", "127.0.0.1:" + silent.getLocalPort())) {
        assertEquals(1, nobody.exit(), nobody::errors);
        assertTrue(nobody.output().contains("nobody listens at UDP port"), nobody.output());
        assertEquals(1, mute.exit(), mute::errors);
        assertTrue(mute.output().contains("UDP gets no answer"), mute.output());
        assertTrue(mute.output().contains("\n     -> "), mute.output());
      }
    }
  }
}
