package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.Ipv6Loopback;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code connect}, against {@code listen}, the library, and other programs. */
@Timeout(180)
class ConnectTest {
  private static final String ANY = "127.0.0.1:0";
  private static final Duration LONG = Duration.ofSeconds(60);

  @Test
  void bytesGoBothWaysAndTheSessionEndsWhenBothHaveSaidAll() throws Exception {
    try (RunningProgram listener = here("listen", "--once", ANY)) {
      try (RunningProgram connect = here("connect", "-N", "127.0.0.1", listener.port())) {
        connect.type("no newline");
        listener.awaitOutput("no newline");
        listener.type("hello\nback\n");
        connect.awaitOutput("hello\nback\n");
        connect.type(" yet\n").endInput();
        listener.awaitOutput("no newline yet\n");
        listener.type("last").endInput();
        assertEquals(0, connect.exit(), connect::errors);
        assertEquals("hello\nback\nlast", connect.output());
      }
      assertEquals(0, listener.exit(), listener::errors);
      assertEquals("no newline yet\n", listener.output());
    }
  }

  @Test
  void aFilePipedThroughAnEchoComesBackByteForByte(@TempDir Path folder) throws Exception {
    byte[] content = new byte[1_500_007];
    new Random(5).nextBytes(content);
    try (RunningProgram listener =
            here("listen", "--echo", "-o", folder.resolve("o").toString(), ANY);
        RunningProgram connect =
            here(
                "connect", "-N", "127.0.0.1:" + listener.port(), "--impair", "delay 2ms loss 2%")) {
      connect.type(content).endInput();
      assertEquals(0, connect.exit(), connect::errors);
      assertArrayEquals(content, connect.outputBytes());
      listener.signal("TERM"); // so that it writes out what it has
      assertEquals(143, listener.exit());
    }
    assertArrayEquals(content, Files.readAllBytes(folder.resolve("o")));
  }

  @Test
  void inputOfAListenerOfOneGoesToNobodyElse() throws Exception {
    try (RunningProgram listener = here("listen", "--once", ANY)) {
      String to = "127.0.0.1:" + listener.port();
      try (RunningProgram served = here("connect", to)) {
        served.type("first");
        listener.awaitOutput("first");
        try (RunningProgram late = here("connect", "-v", to)) {
          late.awaitError("connected to");
          listener.type("for the first\n");
          served.awaitOutput("for the first\n");
          assertEquals("", late.output());
        }
      }
    }
  }

  @Test
  void withoutHalfCloseTheSessionLastsUntilTheListenerEnds() throws Exception {
    Ipv6Loopback.assumeThere();
    try (RunningProgram listener = here("listen", "[::1]:0");
        RunningProgram connect = here("connect", "[::1]:" + listener.port())) {
      connect.type("x").endInput();
      listener.awaitOutput("x");
      listener.type("after the end of the input\n");
      connect.awaitOutput("after the end of the input\n");
      listener.signal("TERM");
      assertEquals(143, listener.exit());
      assertEquals(0, connect.exit(), connect::errors);
    }
  }

  @Test
  void idleTimeEndsItAndSaysSoOnlyWhileTheInputIsOpen() throws Exception {
    try (RunningProgram listener = here("listen", ANY);
        RunningProgram open = here("connect", "-w", "6", "127.0.0.1:" + listener.port());
        RunningProgram ended = here("connect", "-w", "6", "127.0.0.1:" + listener.port())) {
      ended.endInput();
      assertEquals(0, ended.exit(), ended::errors);
      assertEquals(75, open.exit());
      assertTrue(open.errors().contains("nothing passed"), open.errors());
    }
  }

  @Test
  void interruptEndsItWithTheSignalsStatusAndNobodyThereWithItsOwn() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram listener = here("listen", ANY);
        RunningProgram connect = here("connect", "127.0.0.1:" + listener.port());
        RunningProgram nobody =
            here("connect", "-w", "0.2", "127.0.0.1:" + silent.getLocalPort())) {
      connect.type("here\n");
      listener.awaitOutput("here\n");
      connect.signal("INT");
      assertEquals(130, connect.exit());
      assertEquals(69, nobody.exit());
    }
  }

  @Test
  void aLibraryPeerIsLeftAtTheEndOfTheInputWithHalfClose() throws Exception {
    try (MessageSocket socket =
        MessageSocket.builder()
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .open()) {
      String to = "127.0.0.1:" + socket.localAddress().getPort();
      try (RunningProgram connect = here("connect", "-N", to)) {
        connect.type("to the library");
        Message message = socket.receive(LONG);
        assertTrue(message != null && message.text().equals("to the library"));
        Connection connection = message.connection();
        assertTrue(connection != null);
        connection.send("from the library".getBytes(UTF_8));
        connect.awaitOutput("from the library");
        connect.endInput();
        assertEquals(0, connect.exit(), connect::errors);
      }
    }
  }

  @Test
  void plainModeTalksWithADatagramSocketAndWithListen() throws Exception {
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram connect =
            here("connect", "-u", "127.0.0.1:" + socket.getLocalPort(), "-N")) {
      connect.type("ask\n");
      DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
      socket.receive(packet);
      assertEquals("ask\n", new String(packet.getData(), 0, packet.getLength(), UTF_8));
      socket.send(new DatagramPacket("answer".getBytes(UTF_8), 6, packet.getSocketAddress()));
      connect.awaitOutput("answer");
      connect.endInput();
      assertEquals(0, connect.exit(), connect::errors);
    }
    try (RunningProgram listener = here("listen", "-u", ANY);
        RunningProgram connect = here("connect", "-u", "127.0.0.1:" + listener.port())) {
      connect.type("one\n");
      listener.awaitOutput("one\n");
      listener.type("two\n");
      connect.awaitOutput("two\n");
    }
  }

  @Test
  void plainModeTalksWithNcatOnEitherEnd() throws Exception {
    RunningProgram.assumeInstalled("ncat");
    try (RunningProgram listener = here("listen", "-u", ANY);
        RunningProgram ncat = RunningProgram.other("ncat", "-u", "127.0.0.1", listener.port())) {
      ncat.type("from ncat\n");
      listener.awaitOutput("from ncat\n");
      listener.type("to ncat\n");
      ncat.awaitOutput("to ncat\n");
    }
    int port = FreePorts.next();
    try (RunningProgram ncat =
        RunningProgram.other("ncat", "-v", "-u", "-l", "127.0.0.1", Integer.toString(port))) {
      ncat.awaitError("Listening on 127.0.0.1:" + port);
      try (RunningProgram connect = here("connect", "-u", "127.0.0.1", Integer.toString(port))) {
        connect.type("to ncat\n");
        ncat.awaitOutput("to ncat\n");
        ncat.type("from ncat\n");
        connect.awaitOutput("from ncat\n");
      }
    }
  }
}
