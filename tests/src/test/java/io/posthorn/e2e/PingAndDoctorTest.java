package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.posthorn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ping's further modes and {@code posthorn doctor} as a person uses them. */
@Timeout(180)
class PingAndDoctorTest {
  private static final String ANY = "127.0.0.1:0";

  private static int deadPort() throws Exception {
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void floodSendsAsFastAsAnswersComeAndShowsHowTheyAreSpread() throws Exception {
    try (RunningProgram listener = posthorn("listen", ANY);
        RunningProgram ping =
            posthorn("ping", "127.0.0.1:" + listener.port(), "-f", "-c", "500", "--histogram")) {
      assertEquals(0, ping.exit(), ping::errors);
      assertTrue(ping.output().contains("500 sent, 500 received"), ping.output());
      assertTrue(ping.output().contains("rtt percentiles 50/90/99/99.9 = "), ping.output());
      assertTrue(ping.output().contains(" ms  ") && ping.output().contains("#"), ping.output());
      assertEquals(0, ping.output().lines().filter(line -> line.contains("seq=")).count());
    }
  }

  @Test
  void pathMtuIsFoundThroughABadNetwork() throws Exception {
    try (RunningProgram echo = posthorn("listen", "-u", "--echo", "-o", "/dev/null", ANY);
        RunningProgram proxy =
            posthorn("proxy", ANY, "127.0.0.1:" + echo.port(), "--down", "mtu 1377 loss 2%")) {
      try (RunningProgram ping =
          posthorn("ping", "-u", "-M", "127.0.0.1:" + proxy.port(), "--json")) {
        assertEquals(0, ping.exit(), ping::errors);
        assertTrue(ping.output().contains("\"mtuBytes\":1377"), ping.output());
      }
    }
  }

  @Test
  void pathMtuOfAReliableConnection() throws Exception {
    try (RunningProgram listen = posthorn("listen", ANY);
        RunningProgram proxy =
            posthorn("proxy", ANY, "127.0.0.1:" + listen.port(), "--up", "mtu 1420 loss 1%");
        RunningProgram ping = posthorn("ping", "-M", "127.0.0.1:" + proxy.port())) {
      assertEquals(0, ping.exit(), ping::errors);
      assertTrue(
          ping.output().contains(": path MTU 1420 bytes: datagrams of up to 1392 bytes get there"),
          ping.output());
      assertEquals("", listen.output());
    }
  }

  @Test
  void howLongTheWayStaysOpenInSilenceIsFound() throws Exception {
    try (RunningProgram listen = posthorn("listen", ANY);
        RunningProgram forgets =
            posthorn("proxy", ANY, "127.0.0.1:" + listen.port(), "--idle", "2.5")) {
      try (RunningProgram through =
              posthorn("doctor", "127.0.0.1:" + forgets.port(), "--nat", "5");
          RunningProgram direct =
              posthorn("doctor", "127.0.0.1:" + listen.port(), "--nat", "2", "--json");
          RunningProgram noPeer = posthorn("doctor", "--nat", "5")) {
        assertEquals(1, through.exit(), through::errors);
        // The proxy looks for silent clients now and then, so that it may be one step more.
        assertTrue(
            Pattern.compile("BAD  silence: the way is forgotten after (2 to 3|3 to 5) s")
                .matcher(through.output())
                .find(),
            through.output());
        direct.exit(); // this machine's own findings decide it
        assertTrue(
            direct.output().contains("the way stays open for 2 s without traffic"),
            direct.output());
        assertEquals(64, noPeer.exit());
      }
    }
  }

  @Test
  void mtuOfNobodyIsSaidSo() throws Exception {
    int dead = deadPort();
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram unreachable = posthorn("ping", "-u", "-M", "127.0.0.1:" + dead);
        RunningProgram quiet = posthorn("ping", "-u", "-M", "127.0.0.1:" + silent.getLocalPort());
        RunningProgram reliable = posthorn("ping", "-M", "-W", "0.3", "127.0.0.1:" + dead)) {
      assertEquals(69, unreachable.exit());
      assertTrue(unreachable.errors().contains("nobody listens"), unreachable.errors());
      assertEquals(1, quiet.exit());
      assertEquals(1, reliable.exit());
      assertTrue(reliable.errors().contains("no answer"), reliable.errors());
    }
  }

  @Test
  void doctorTellsPeersApart() throws Exception {
    int dead = deadPort();
    try (RunningProgram reliable = posthorn("listen", ANY);
        RunningProgram plain = posthorn("listen", "-u", "--echo", "-o", "/dev/null", ANY);
        DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      try (RunningProgram good = posthorn("doctor", "127.0.0.1", reliable.port(), "--json");
          RunningProgram echo = posthorn("doctor", "127.0.0.1:" + plain.port());
          RunningProgram nobody = posthorn("doctor", "127.0.0.1:" + dead);
          RunningProgram mute = posthorn("doctor", "127.0.0.1:" + silent.getLocalPort())) {
        good.exit(); // this machine's own findings decide it
        assertTrue(good.output().contains("a reliable peer answers"), good.output());
        assertTrue(
            good.output().lines().allMatch(line -> line.startsWith("{\"weight\":")), good.output());
        echo.exit();
        assertTrue(echo.output().contains("a plain UDP echo service answers"), echo.output());
        assertTrue(echo.output().contains("path MTU: "), echo.output());
        assertEquals(1, nobody.exit(), nobody::errors);
        assertTrue(nobody.output().contains("nobody listens at UDP port"), nobody.output());
        assertEquals(1, mute.exit(), mute::errors);
        assertTrue(mute.output().contains("UDP gets no answer"), mute.output());
        assertTrue(mute.output().contains("\n     -> "), mute.output());
      }
    }
  }
}
