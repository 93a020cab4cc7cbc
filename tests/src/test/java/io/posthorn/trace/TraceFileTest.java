package io.posthorn.trace;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Security;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that a real socket writes, and disks that do not take them. */
class TraceFileTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir private Path folder = Path.of("");

  private static MessageSocketBuilder builder() {
    return MessageSocket.builder()
        .security(Security.ephemeral())
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /** Sends so many messages to a listener; both sockets are closed afterwards. */
  private static void talk(MessageSocketBuilder sender, int messages) throws IOException {
    try (MessageSocket socket = sender.open()) {
      talk(socket, messages);
    }
  }

  private static void talk(MessageSocket socket, int messages) throws IOException {
    byte[] body = "not for the trace".repeat(40).getBytes(UTF_8);
    try (MessageSocket listener = builder().open()) {
      for (int i = 0; i < messages; i++) {
        socket.send(listener.localAddress(), body);
        Message message = listener.receive(LONG);
        assertNotNull(message);
        assertEquals(body.length, message.body().remaining());
      }
    }
  }

  private static long named(List<Map<String, Object>> events, String name) {
    return events.stream().filter(event -> name.equals(event.get("name"))).count();
  }

  @Test
  void aRealSocketWritesWhatTheSimulatorWrites() throws IOException {
    Path file = folder.resolve("real.sqlog");
    Files.writeString(file, "of another run, and longer than a line".repeat(100));
    talk(builder().trace(file), 50);
    byte[] bytes = Files.readAllBytes(file);
    List<Map<String, Object>> events = QlogShape.check(bytes);
    assertEquals(1, named(events, "connectivity:connection_started"));
    assertEquals(1, named(events, "connectivity:connection_closed"));
    assertTrue(named(events, "transport:packet_sent") >= 50);
    assertTrue(named(events, "transport:packet_received") > 0);
    assertTrue(named(events, "recovery:metrics_updated") > 0);
    assertFalse(new String(bytes, UTF_8).contains("not for the trace"));
    assertTrue(new String(bytes, UTF_8).contains("\"wall_clock_time\":\"20"));
  }

  @Test
  void aListenerIsToldBesideTheFile() throws IOException {
    Path file = folder.resolve("both.sqlog");
    int[] sent = {0};
    int[] closed = {0};
    TraceListener counter =
        new TraceListener() {
          @Override
          public void packetSent(
              long nowNanos,
              long connection,
              PacketKind kind,
              long packetNumber,
              long keyPhase,
              int lengthBytes,
              TracedFrames frames) {
            sent[0]++;
          }

          @Override
          public void socketClosed() {
            closed[0]++;
          }
        };
    talk(builder().trace(file).trace(counter), 5);
    assertEquals(
        sent[0], named(QlogShape.check(Files.readAllBytes(file)), "transport:packet_sent"));
    assertEquals(1, closed[0]);
  }

  @Test
  void aFileThatCannotBeMadeIsSaidAtOnce() {
    MessageSocketBuilder wrong = builder().trace(folder.resolve("absent/trace.sqlog"));
    assertThrows(NoSuchFileException.class, wrong::open);
  }

  /** As when a program is started a second time while it runs. */
  @Test
  void aSocketThatGetsNoPortLeavesTheTraceOfTheOneThatHasItAlone() throws IOException {
    Path file = folder.resolve("running.sqlog");
    try (MessageSocket running = builder().trace(file).open()) {
      talk(running, 50);
      while (Files.size(file) == 0) {
        Thread.onSpinWait(); // written by a thread of its own
      }
      InetSocketAddress taken = running.localAddress();
      assertThrows(IOException.class, () -> builder().bind(taken).trace(file).open());
    }
    List<Map<String, Object>> events = QlogShape.check(Files.readAllBytes(file));
    assertEquals(1, named(events, "connectivity:connection_started"));
    assertEquals(1, named(events, "connectivity:connection_closed"));
  }

  @Test
  void aFullDiskDoesNotHoldTheSocketUp() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "the system has no /dev/full");
    talk(builder().trace(full), 200);
  }

  @Test
  void aDiskThatHangsDoesNotHoldTheSocketUp() throws Exception {
    Path pipe = folder.resolve("pipe");
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
    assertTrue(made.waitFor(30, TimeUnit.SECONDS));
    assumeTrue(made.exitValue() == 0, "the system makes no named pipes");
    // Open at both ends, and read by nobody: it takes 64 KiB, then a write never returns.
    try (RandomAccessFile held = new RandomAccessFile(pipe.toFile(), "rw")) {
      talk(builder().trace(pipe), 500);
      assertTrue(held.getFD().valid());
    }
  }

  @Test
  void theSecretsOfAConnectionAreAppendedToTheirOwnersFile() throws IOException {
    Path file = folder.resolve("secrets");
    talk(builder().keyLog(file), 1);
    talk(builder().keyLog(file), 1);
    List<String> lines = Files.readAllLines(file);
    assertEquals(4, lines.size());
    for (int i = 0; i < lines.size(); i++) {
      String form =
          i % 2 == 0
              ? "POSTHORN_HANDSHAKE_1( [0-9a-f]{16}){2}( [0-9a-f]{64}){4}"
              : "POSTHORN_SECRETS_1( [0-9a-f]{16}){2}( [0-9a-f]{64}){2}";
      assertTrue(lines.get(i).matches(form), "its form");
    }
    assertFalse(lines.get(1).equals(lines.get(3)));
    if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }
  }
}
