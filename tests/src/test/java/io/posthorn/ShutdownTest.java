package io.posthorn;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.testkit.TestRelay;
import java.io.BufferedReader;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** FAULTS 21: {@code send(); return from main} delivers, in a virtual machine of its own. */
class ShutdownTest {
  /** FAULTS 21. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void sendAndReturnFromMainDelivers(Mode mode) throws Exception {
    try (MessageSocket socket =
        MessageSocket.builder()
            .mode(mode)
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .open()) {
      String port = Integer.toString(socket.localAddress().getPort());
      Process process =
          JavaProcess.start(List.of(), SendAndReturn.class, mode.name(), port, "1", "0");
      assertEquals("", JavaProcess.outputOf(process));
      takePartingWords(socket);
    }
  }

  /** FAULTS 21: the threads that have nothing to flush are through at once, and stop no other. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void sendAndReturnFromMainDeliversWhicheverThreadEndsFirst() throws Exception {
    try (MessageSocket socket =
        MessageSocket.builder()
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .open()) {
      String port = Integer.toString(socket.localAddress().getPort());
      Process process =
          JavaProcess.start(
              List.of(), SendAndReturn.class, Mode.RELIABLE.name(), port, "3", "60000");
      takePartingWords(socket); // more than the window of one who does not read
      assertEquals("", JavaProcess.outputOf(process));
    }
  }

  private static void takePartingWords(MessageSocket socket) throws Exception {
    for (int i = 0; i < SendAndReturn.MESSAGES; i++) {
      Message message = socket.receive(Duration.ofSeconds(20));
      assertNotNull(message, "message " + i);
      assertEquals("parting word " + i, message.text().strip());
    }
  }

  /** Why what is sent last is never acknowledged. */
  enum Mute {
    NOBODY_EVER_ANSWERED,
    FELL_SILENT,
    READS_NOTHING
  }

  /**
   * FAULTS 21: it ends all the same, long before its linger time of a minute, and reports. That it
   * does so after three seconds is SocketLoopTest's.
   */
  @ParameterizedTest
  @EnumSource(Mute.class)
  void fault21_towardsAMutePeerTheProgramEndsAndReports(Mute how) throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (DatagramSocket nobody = new DatagramSocket(any);
        MessageSocket peer =
            MessageSocket.builder().bind(any).receiveBufferBytes(256 << 10).open();
        TestRelay network = TestRelay.seeded(1, LinkConditions.NONE)) {
      int port =
          how == Mute.NOBODY_EVER_ANSWERED
              ? nobody.getLocalPort()
              : network.inFrontOf(peer.localAddress()).getPort();
      Process process =
          JavaProcess.start(
              List.of(),
              SendToTheMute.class,
              Integer.toString(port),
              how == Mute.READS_NOTHING ? "12" : "1");
      try {
        if (how == Mute.FELL_SILENT) {
          Message first = peer.receive(Duration.ofSeconds(20));
          assertNotNull(first, "the first message");
          peer.send(first.from(), new byte[1]);
          BufferedReader words = process.inputReader(StandardCharsets.UTF_8);
          assertEquals("answered", words.readLine());
          network.conditions(LinkConditions.parse("loss 100%"));
        }
        process.getOutputStream().close();
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "the process does not end in time");
        String output = process.inputReader(StandardCharsets.UTF_8).lines().collect(joining("\n"));
        assertEquals(0, process.exitValue(), output);
        assertTrue(output.contains("last: Outcome[kind=CLOSED"), output);
      } finally {
        process.destroyForcibly();
      }
    }
  }

  /** FAULTS 21, said by a handler, which never returns from it. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void aHandlerMayEndTheVirtualMachine(Mode mode) throws Exception {
    Process process = JavaProcess.start(List.of(), ExitInHandler.class, mode.name());
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
        new CountDownLatch(1).await();
      }
    }
  }

  /** The program of that virtual machine: neither closes nor waits. */
  static final class SendAndReturn {
    static final int MESSAGES = 5;

    private SendAndReturn() {}

    /** Arguments: mode, port, I/O threads, and by how many bytes the messages are longer. */
    public static void main(String[] arguments) throws Exception {
      BufferWarning.silence();
      // Slow enough that what was sent is still under way when main returns.
      MessageSocket socket =
          MessageSocket.builder()
              .mode(Mode.valueOf(arguments[0]))
              .ioThreads(Integer.parseInt(arguments[2]))
              .impair("delay 50ms")
              .open();
      InetSocketAddress peer =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[1]));
      if (socket.mode() == Mode.RELIABLE) {
        socket.connect(peer); // of the three seconds that the end may take none is for that
      }
      for (int i = 0; i < MESSAGES; i++) {
        String text = "parting word " + i + " ".repeat(Integer.parseInt(arguments[3]));
        socket.send(peer, text.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  /** A program that would linger for a minute if it were let. */
  static final class SendToTheMute {
    /** Twelve are more than the least receive buffer and less than the send buffer. */
    private static final int MESSAGE_BYTES = 60_000;

    private SendToTheMute() {}

    /** Arguments: port and number of messages. */
    public static void main(String[] arguments) throws Exception {
      MessageSocket socket = MessageSocket.builder().linger(Duration.ofMinutes(1)).open();
      InetSocketAddress peer =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
      socket.send(peer, new byte[1]);
      if (socket.receive(Duration.ofSeconds(2)) != null) {
        System.out.println("answered");
      }
      while (System.in.read() >= 0) {
        // until the network is as the test wants it
      }
      for (int i = Integer.parseInt(arguments[1]); i > 1; i--) {
        socket.send(peer, new byte[MESSAGE_BYTES]);
      }
      CompletableFuture<Void> told =
          socket
              .send(Message.to(peer).body(new byte[MESSAGE_BYTES]))
              .acknowledged()
              .thenAccept(outcome -> System.out.println("last: " + outcome));
      assertFalse(told.isDone());
    }
  }
}
