package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** FAULTS 21: {@code send(); return from main} delivers, in a virtual machine of its own. */
class ShutdownTest {
  /** FAULTS 21. */
  @ParameterizedTest
  @MethodSource("io.posthorn.SocketContractTest#modes")
  void sendAndReturnFromMainDelivers(Mode mode) throws Exception {
    try (MessageSocket socket =
        MessageSocket.builder()
            .mode(mode)
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .open()) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  SendAndReturn.class.getName(),
                  mode.name(),
                  Integer.toString(socket.localAddress().getPort()))
              .redirectErrorStream(true)
              .start();
      try {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process does not end by itself");
        assertEquals(0, process.exitValue(), output);
        assertEquals("", output);
      } finally {
        process.destroyForcibly();
      }
      for (int i = 0; i < SendAndReturn.MESSAGES; i++) {
        Message message = socket.receive(Duration.ofSeconds(20));
        assertNotNull(message, "message " + i);
        assertEquals("parting word " + i, message.text());
      }
    }
  }

  /** FAULTS 21, said by a handler, which never returns from it. */
  @ParameterizedTest
  @MethodSource("io.posthorn.SocketContractTest#modes")
  void aHandlerMayEndTheVirtualMachine(Mode mode) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ExitInHandler.class.getName(),
                mode.name())
            .redirectErrorStream(true)
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process does not end");
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.exitValue(), output);
      assertEquals("", output);
    } finally {
      process.destroyForcibly();
    }
  }

  /** A program whose handler ends it while the main thread waits for something else. */
  static final class ExitInHandler {
    private ExitInHandler() {}

    /** Argument: mode. */
    public static void main(String[] arguments) throws Exception {
      try (MessageSocket socket =
          MessageSocket.builder()
              .mode(Mode.valueOf(arguments[0]))
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .open()) {
        socket.onMessage(message -> System.exit(0));
        socket.send(socket.localAddress(), new byte[1]);
        Thread.sleep(Long.MAX_VALUE);
      }
    }
  }

  /** The program of that virtual machine: neither closes nor waits. */
  static final class SendAndReturn {
    static final int MESSAGES = 5;

    private SendAndReturn() {}

    /** Arguments: mode and port. */
    public static void main(String[] arguments) throws Exception {
      // Slow enough that what was sent is still under way when main returns.
      MessageSocket socket =
          MessageSocket.builder().mode(Mode.valueOf(arguments[0])).impair("delay 50ms").open();
      InetSocketAddress peer =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1]));
      if (socket.mode() == Mode.RELIABLE) {
        socket.connect(peer); // of the three seconds that the end may take none is for that
      }
      for (int i = 0; i < MESSAGES; i++) {
        socket.send(peer, ("parting word " + i).getBytes(StandardCharsets.UTF_8));
      }
    }
  }
}
