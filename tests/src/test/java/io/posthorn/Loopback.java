package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.e2e.FreePorts;
import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.io.DatagramPort;
import io.posthorn.protocol.PortLimits;
import io.posthorn.runtime.SocketDriver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Sockets on the loopback device, and waits that end in a failure rather than never. */
final class Loopback {
  /** What takes longer does not come. */
  static final Duration LONG = Duration.ofSeconds(30);

  private Loopback() {}

  /** A socket at a free port. */
  static MessageSocketBuilder socket(Mode mode) {
    return MessageSocket.builder()
        .mode(mode)
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /** A reliable socket at a free port. */
  static MessageSocketBuilder reliable() {
    return socket(Mode.RELIABLE);
  }

  /** A reliable socket over a port that the test made. */
  static MessageSocket over(DatagramPort port, SocketOptions options, PortLimits limits)
      throws IOException {
    SocketDriver driver =
        SocketDriver.start(
            port,
            self ->
                new ReliableEndpoint(
                    new EndpointSetup(options, new SecureRandom(), self).withPort(limits)),
            0);
    return new MessageSocket(options, Duration.ZERO, driver);
  }

  /** Where nobody listens, nor will. */
  static InetSocketAddress nobody() throws IOException {
    return FreePorts.nobody("127.0.0.1");
  }

  /** The next message, which must come. */
  static Message next(MessageSocket socket) throws IOException {
    Message message = socket.receive(LONG);
    assertNotNull(message, "no message in " + LONG);
    return message;
  }

  /** The next connection, which must come. */
  static Connection accept(MessageSocket socket) throws IOException {
    Connection connection = socket.accept(LONG);
    assertNotNull(connection, "no connection in " + LONG);
    return connection;
  }

  /** What the future brings, in time. */
  static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(LONG.toSeconds(), TimeUnit.SECONDS);
  }

  /** Returns once the thread waits for something of a socket. */
  static void awaitWaiting(Thread thread) {
    while (Arrays.stream(thread.getStackTrace()).noneMatch(Loopback::isWait)) {
      assertTrue(thread.isAlive(), "the thread does not wait");
      Thread.onSpinWait();
    }
  }

  private static boolean isWait(StackTraceElement frame) {
    String type = frame.getClassName();
    return frame.getMethodName().equals("await")
        && (type.equals("io.posthorn.runtime.Waiting")
            || type.equals("io.posthorn.runtime.CommonInbox"));
  }

  /** Something that another thread does. */
  interface Task<T> {
    T run() throws Exception;
  }

  /** Does it in a thread of its own. */
  static <T> CompletableFuture<T> start(Task<T> task) {
    CompletableFuture<T> end = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                end.complete(task.run());
              } catch (Throwable e) {
                end.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return end;
  }
}
