package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionListener;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands in this process that meet a peer over the loopback; limits of time are guards only. */
@Timeout(120)
class LoopbackCommandsTest extends LoopbackCommands {
  /** An echo of datagrams, until the socket is closed. */
  private static void echo(DatagramSocket socket) {
    Thread thread =
        new Thread(
            () -> {
              DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
              try {
                while (true) {
                  packet.setLength(65_535);
                  socket.receive(packet);
                  socket.send(packet);
                }
              } catch (IOException closed) {
                return;
              }
            },
            "echo");
    thread.setDaemon(true);
    thread.start();
  }

  @Test
  void ofAPathThatNobodyAnswersFromNoSizeIsKnown() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(ANY)) {
      String to = "127.0.0.1:" + silent.getLocalPort();
      assertEquals(1, run(NOTHING, out, "ping", "-M", "-W", "0.1", "--json", to), err.text());
      assertTrue(out.text().contains("\"payloadBytes\":null,\"mtuBytes\":null"), out.text());
      assertTrue(err.text().contains("posthorn doctor " + to), err.text());
    }
  }

  @ParameterizedTest
  @CsvSource({"-4, 0.0.0.0, 127.0.0.1", "-6, [::], [::1]"})
  void aListenerSaysWhichFamilyItHears(String option, String all, String one) throws Exception {
    CompletableFuture<Integer> status = start("listen", "--json", "-1", option, "0");
    int port = err.listening().getPort();
    assertTrue(err.text().contains("listening on " + all + ":" + port + ","), err.text());
    assertEquals(0, run(NOTHING, out, "send", "--json", one + ":" + port, "x"), err.text());
    assertEquals(0, status.get());
    assertTrue(err.text().lines().allMatch(line -> line.startsWith("{\"")), err.text());
  }

  /** What means one family where it is printed means both where it is typed, so help says that. */
  @Test
  void allAddressesOfIpv6AreThoseOfIpv4AsWellWithoutItsOption() throws Exception {
    CompletableFuture<Integer> status = start("listen", "-1", "[::]:0");
    int port = err.listening().getPort();
    assertTrue(err.text().contains("listening on *:" + port + ","), err.text());
    assertEquals(0, run(NOTHING, out, "send", "127.0.0.1:" + port, "x"), err.text());
    assertEquals(0, status.get());
    assertEquals(0, run(NOTHING, out, "listen", "--help"));
    String help = out.text().replaceAll("\\s+", " ");
    assertTrue(help.contains("at [::] without it is to hear both, and says *:9000."), help);
  }

  /** Whoever ran it again would be told the same. */
  @Test
  void whereAnotherCommandIsAwaitedNobodyIsToldToRunItAgain() throws Exception {
    try (MessageSocket receiver = peer()) {
      receiver.onConnection(
          new ConnectionListener() {
            @Override
            public void opened(Connection connection) {
              connection.close(76, "files only", Duration.ofSeconds(1));
            }
          });
      assertEquals(76, run(NOTHING, out, "ping", at(receiver)), err.text());
      String said = "(\"files only\"); take the command that is for it, or correct the port";
      assertTrue(err.text().contains(said), err.text());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bench -u -w 0.2", "compare -n 1 --runs 1 --impair none -w 0.2 --host"})
  void whereNoBenchServerAnswersItIsSaidHowLongAndWhoKnowsMore(String command) throws Exception {
    try (DatagramSocket silent = new DatagramSocket(ANY)) {
      String to = "127.0.0.1:" + silent.getLocalPort();
      assertEquals(69, run(NOTHING, out, (command + " " + to).split(" ")), err.text());
      String said = "no bench server answers at " + to + " in 200 ms; is \"posthorn bench -s ";
      assertTrue(err.text().contains(said), err.text());
      assertTrue(err.text().contains("\"posthorn doctor " + to + "\""), err.text());
    }
  }

  /** Neither is the network to blame, nor does the one at that port get a test's bytes. */
  @ParameterizedTest
  @CsvSource({"bench -t 1 -w 1", "compare -n 1 --runs 1 -w 1 --host"})
  void whoeverIsNoBenchServerIsSaidToBeNone(String command) throws Exception {
    try (MessageSocket listener = peer()) {
      assertEquals(76, run(NOTHING, out, (command + " " + at(listener)).split(" ")));
      String said =
          "whoever answers at " + at(listener) + " does not say that it is a bench server";
      assertTrue(err.text().contains(said), err.text());
      assertTrue(err.text().contains("correct the port"), err.text());
    }
  }

  @Test
  void pingThatIsAlwaysLateTakesAnswersAllTheSame() throws Exception {
    try (DatagramSocket echo = new DatagramSocket(ANY)) {
      echo(echo);
      String to = "127.0.0.1:" + echo.getLocalPort();
      CompletableFuture<Integer> status = new CompletableFuture<>();
      Thread ping =
          new Thread(() -> status.complete(run(NOTHING, out, "ping", "-u", to, "-i0")), "ping");
      ping.setDaemon(true);
      ping.start();
      out.await(" bytes from 127.0.0.1:");
      ping.interrupt(); // here no signal is why, so that it is a fault
      assertEquals(75, status.get());
    }
  }

  @Test
  void pingSumsUpWhatCameBeforeTheListenerEnded() throws Exception {
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = start("ping", at(listener), "-i", "0.002");
      Message ping = listener.receive();
      Connection connection = ping.connection();
      connection.send(
          connection.message().channel(ping.channel()).delivery(ping.delivery()).body(ping.body()));
      out.await("seq=1 ");
      connection.close(Duration.ZERO);
      assertEquals(75, status.get());
      assertTrue(out.text().contains(" ping statistics ---"), out.text());
      assertTrue(out.text().contains(" 1 received"), out.text());
    }
  }

  @Test
  void doctorLooksAtAPlainPeer() throws Exception {
    try (DatagramSocket echo = new DatagramSocket(ANY)) {
      echo(echo);
      String to = "127.0.0.1:" + echo.getLocalPort();
      int status = run(NOTHING, out, "doctor", "-u", to);
      assertTrue(status <= 1, err.text());
      assertTrue(out.text().contains("a plain UDP echo service answers"), out.text());
      assertEquals(64, run(NOTHING, out, "doctor", "-u", "--nat", "10", to));
      assertEquals(64, run(NOTHING, out, "doctor", "-u", "--impair", "loss 5%", to));
    }
  }
}
