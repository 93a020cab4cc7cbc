package io.posthorn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages of one connection, taken from it alone, and what the two sides say that they are. */
@Timeout(90)
class ConnectionReceiveTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private static MessageSocketBuilder builder() {
    return MessageSocket.builder().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private static Connection accept(MessageSocket socket) throws IOException {
    Connection connection = socket.accept(LONG);
    assertNotNull(connection, "no connection in " + LONG);
    return connection;
  }

  private static String next(Connection connection) throws IOException {
    Message message = connection.receive(LONG);
    assertNotNull(message, "no message in " + LONG);
    return message.text();
  }

  @Test
  void eachSideLearnsWhatTheOtherSpeaksBeforeTheFirstMessage() throws IOException {
    try (MessageSocket server = builder().application("listener/1").open();
        MessageSocket named = builder().application("chat/2").open();
        MessageSocket nameless = builder().open()) {
      assertEquals("listener/1", named.connect(server.localAddress()).peerApplication());
      assertEquals("chat/2", accept(server).peerApplication());
      assertEquals("listener/1", nameless.connect(server.localAddress()).peerApplication());
      assertEquals("", accept(server).peerApplication());
    }
  }

  @Test
  void aNameIsShortAndPrintable() {
    assertThrows(IllegalArgumentException.class, () -> builder().application("a".repeat(65)));
    assertThrows(IllegalArgumentException.class, () -> builder().application("a\u001b[2J"));
  }

  @Test
  void messagesComeFromTheConnectionThatIsAsked() throws IOException {
    try (MessageSocket server = builder().open();
        MessageSocket first = builder().open();
        MessageSocket second = builder().open()) {
      first.connect(server.localAddress()).send("of the first".getBytes(UTF_8));
      Connection fromFirst = accept(server);
      second.connect(server.localAddress()).send("of the second".getBytes(UTF_8));
      Connection fromSecond = accept(server);
      assertEquals("of the second", next(fromSecond));
      assertEquals("of the first", next(fromFirst));
      assertNull(fromFirst.receive(Duration.ZERO));
    }
  }

  @Test
  void whoeverIsNotReadHoldsNobodyElseBack() throws Exception {
    try (MessageSocket server = builder().socketReceiveBytes(64L << 20).open();
        MessageSocket unread = builder().sendBufferBytes(1 << 20).open();
        MessageSocket read = builder().open()) {
      Connection stuck = unread.connect(server.localAddress());
      Connection deaf = accept(server);
      byte[] piece = new byte[32 << 10];
      // Until the sender's buffer is full although the network is idle: the receiver's window is.
      CompletableFuture<Void> filled =
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int i = 0; i < 4_000; i++) {
                    stuck.send(piece);
                  }
                } catch (IOException closed) {
                  return;
                }
              });
      Connection free = read.connect(server.localAddress());
      Connection heard = accept(server);
      for (int i = 0; i < 50; i++) {
        free.send(("message " + i).getBytes(UTF_8));
        assertEquals("message " + i, next(heard));
      }
      assertEquals(32 << 10, deaf.receive().size());
      assertTrue(!filled.isDone(), "128 MB went into a connection that nobody reads");
      unread.close(Duration.ZERO);
      filled.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void whatCameBeforeTheEndIsTakenAndThenTheEndIsTold() throws IOException {
    try (MessageSocket server = builder().open();
        MessageSocket client = builder().open()) {
      Connection connection = client.connect(server.localAddress());
      Connection accepted = accept(server);
      connection.send("last words".getBytes(UTF_8));
      connection.close(7, "bye", LONG);
      assertEquals("last words", next(accepted));
      ConnectionClosedException end =
          assertThrows(ConnectionClosedException.class, accepted::receive);
      assertEquals(7, end.applicationCode());
    }
  }

  @Test
  void whoHasGoneAgainIsAcceptedForWhatItBrought() throws IOException {
    try (MessageSocket server = builder().open();
        MessageSocket client = builder().open()) {
      Connection connection = client.connect(server.localAddress());
      connection.send("last words".getBytes(UTF_8));
      connection.close(LONG);
      client.connect(server.localAddress()).close(LONG);
      Connection accepted = accept(server);
      assertEquals("last words", next(accepted));
      assertThrows(ConnectionClosedException.class, accepted::receive);
      assertNull(server.accept(Duration.ZERO), "the other has brought nothing");
    }
  }

  /** Whoever looks again and again may do so between the last message and the end. */
  @Test
  void theLastMessageComesBeforeTheEndToWhoDoesNotWait() throws IOException {
    try (MessageSocket server = builder().open();
        MessageSocket client = builder().open()) {
      for (int i = 0; i < 30; i++) {
        Connection connection = client.connect(server.localAddress());
        Connection accepted = accept(server);
        connection.send("last words".getBytes(UTF_8));
        CompletableFuture<CloseReport> closing =
            CompletableFuture.supplyAsync(() -> connection.close(LONG));
        Message message = null;
        while (message == null) {
          message = accepted.receive(Duration.ZERO);
        }
        assertEquals("last words", message.text());
        assertTrue(closing.join().isComplete());
      }
    }
  }

  @Test
  void waitingEndsWithTheSocketAndWithTheConnection() throws Exception {
    MessageSocket server = builder().open();
    try (MessageSocket client = builder().open()) {
      Connection connection = client.connect(server.localAddress());
      Connection accepted = accept(server);
      CompletableFuture<Throwable> there = failureOf(accepted);
      CompletableFuture<Throwable> here = failureOf(connection);
      server.close();
      assertInstanceOf(IOException.class, there.get(30, TimeUnit.SECONDS));
      assertInstanceOf(TransportException.class, here.get(30, TimeUnit.SECONDS));
    } finally {
      server.close();
    }
  }

  private static CompletableFuture<Throwable> failureOf(Connection connection) {
    return CompletableFuture.supplyAsync(
        () -> {
          ExecutionException wrapped =
              assertThrows(
                  ExecutionException.class,
                  () -> {
                    try {
                      connection.receive();
                    } catch (IOException failed) {
                      throw new ExecutionException(failed);
                    }
                  });
          return wrapped.getCause();
        });
  }
}
