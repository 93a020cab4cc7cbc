package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Threads that wait in a socket give their carrier back: the flight recorder notes each virtual
 * thread that blocks while it holds on to one. Where the JDK has no virtual threads, platform
 * threads do the same.
 */
class VirtualThreadsTest {
  private static final int ROUNDS = 20;
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  static List<ExecutorService> executors() throws Exception {
    return LeadingThreadsTest.executors();
  }

  private static MessageSocketBuilder builder() {
    return MessageSocket.builder().bind(ANY);
  }

  @ParameterizedTest
  @MethodSource("executors")
  void waitingHoldsNoCarrier(ExecutorService executor, @TempDir Path folder) throws Exception {
    Path file = folder.resolve("pinned.jfr");
    try (Recording recording = new Recording();
        MessageSocket server = builder().open();
        MessageSocket client = builder().sendBufferBytes(64 << 10).open()) {
      recording.enable("jdk.VirtualThreadPinned").withoutThreshold().withStackTrace();
      recording.start();
      List<Future<?>> ends = new ArrayList<>();
      for (Callable<?> each : List.of(echo(server), ask(client, server), accept(server))) {
        ends.add(executor.submit(each));
      }
      for (Future<?> end : ends) {
        Object unused = end.get(60, TimeUnit.SECONDS);
      }
      recording.stop();
      recording.dump(file);
    } finally {
      executor.shutdownNow();
    }
    List<String> pinned = new ArrayList<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      String where = String.valueOf(event.getStackTrace());
      if (event.getEventType().getName().equals("jdk.VirtualThreadPinned")
          && where.contains("io.posthorn")) {
        pinned.add(where);
      }
    }
    assertEquals(List.of(), pinned);
  }

  /** Receives with and without an end, and sends more than there is room for. */
  private static Callable<?> echo(MessageSocket server) {
    return () -> {
      for (int i = 0; i < ROUNDS; i++) {
        Message message = i % 2 == 0 ? server.receive() : server.receive(LONG);
        assertNotNull(message);
        server.send(message.from(), message.bytes());
      }
      return server;
    };
  }

  /** Connects, waits for room, for an acknowledgement and for the answer. */
  private static Callable<?> ask(MessageSocket client, MessageSocket server) {
    return () -> {
      Connection connection = client.connect(server.localAddress());
      for (int i = 0; i < ROUNDS; i++) {
        Receipt receipt =
            connection.send(Message.to(server.localAddress()).body(new byte[48 << 10]));
        assertNotNull(receipt.await(LONG));
        assertEquals(48 << 10, answer(connection, client, i).size());
      }
      return client;
    };
  }

  private static Message answer(Connection connection, MessageSocket client, int i)
      throws IOException {
    Message message = i % 2 == 0 ? connection.receive(LONG) : client.receive(LONG);
    assertNotNull(message);
    return message;
  }

  private static Callable<?> accept(MessageSocket server) {
    return () -> {
      Connection connection = server.accept(LONG);
      assertNotNull(connection);
      return connection;
    };
  }
}
