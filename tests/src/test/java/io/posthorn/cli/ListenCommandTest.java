package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionInfo;
import io.posthorn.MessageOutputStream;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code listen} in this process; limits of time are guards only. */
@Timeout(120)
class ListenCommandTest extends LoopbackCommands {
  @Test
  void listenerOfOneSenderServesTheFirstThatSends() throws Exception {
    CompletableFuture<Integer> status = start("listen", "-1", "127.0.0.1:0");
    InetSocketAddress to = err.listening();
    try (MessageSocket first = peer();
        MessageSocket other = peer()) {
      Connection served = first.connect(to);
      Connection silent = other.connect(to);
      served.send("one".getBytes(UTF_8));
      out.await("one\n");
      silent.close(Duration.ofSeconds(10));
      assertEquals(75, RefusedClient.refusal(other, to, "two".getBytes(UTF_8)).applicationCode());
      served.send("three".getBytes(UTF_8));
      served.close(Duration.ofSeconds(60));
      assertEquals(0, status.get());
      assertEquals("one\nthree\n", out.text());
    }
  }

  @Test
  void wordsThatBeginWithAnAtSignAreNoFiles() throws Exception {
    Path file = Files.writeString(home.resolve("secret"), "inside");
    CompletableFuture<Integer> status = start("listen", "-1", "127.0.0.1:0");
    String to = "127.0.0.1:" + err.listening().getPort();
    assertEquals(0, run(NOTHING, out, "send", to, "@" + file, "@@all"), err.text());
    assertEquals(0, status.get());
    assertEquals("@" + file + " @@all\n", out.text());
  }

  @Test
  void plainListenerOfOneMessagePrintsOne() throws Exception {
    CompletableFuture<Integer> status = new CompletableFuture<>();
    CompletableFuture<Void> sent = new CompletableFuture<>();
    // It says where it listens and takes nothing before both are there.
    OutputStream heldErr =
        new OutputStream() {
          @Override
          public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int from, int length) {
            err.write(bytes, from, length);
            sent.join();
          }
        };
    Streams streams = new Streams(NOTHING, out, heldErr, false, false, Map.of());
    Thread listen =
        new Thread(
            () -> status.complete(new Posthorn(streams).run("listen", "-u1", "127.0.0.1:0")),
            "listen");
    listen.setDaemon(true);
    listen.start();
    try (DatagramSocket sender = new DatagramSocket(ANY)) {
      for (byte[] message : new byte[][] {{'a'}, {'b'}}) {
        sender.send(new DatagramPacket(message, 1, err.listening()));
      }
      sent.complete(null);
      assertEquals(0, status.get());
    }
    assertEquals("a\n", out.text());
  }

  @Test
  void senderOfNothingIsServedToo() throws Exception {
    CompletableFuture<Integer> status = start("listen", "-1", "127.0.0.1:0");
    InetSocketAddress to = err.listening();
    InputStream empty = new ByteArrayInputStream(new byte[0]);
    assertEquals(0, run(empty, out, "send", "127.0.0.1:" + to.getPort()), err.text());
    assertEquals(0, status.get());
  }

  @Test
  void commandThatDoesNotStartIsSaidAndFailsAListenerOfOne() throws Exception {
    String[] listen = {
      "listen", "127.0.0.1:0", "--allow-anyone", "-e", home.resolve("absent").toString()
    };
    String[] once = java.util.Arrays.copyOf(listen, listen.length + 1);
    once[listen.length] = "-1";
    CompletableFuture<Integer> status = start(once);
    InetSocketAddress to = err.listening();
    assertEquals(255, run(NOTHING, out, "send", "127.0.0.1:" + to.getPort(), "x"));
    assertEquals(69, status.get());
    assertTrue(err.text().contains("the command did not start: "), err.text());
  }

  /** Sends a message that a listener prints by itself; nobody else may hold it up. */
  private void assertServed(InetSocketAddress to, String line) throws Exception {
    try (MessageSocket other = peer()) {
      other.connect(to).send(line.getBytes(UTF_8));
      out.await(line + "\n");
    }
  }

  @ParameterizedTest
  @CsvSource({"'', 63", "posthorn-connect/1, 63", "posthorn-connect/1, 0", "posthorn-doctor/1, 63"})
  void messageInPartsWhereNoneIsExpectedDoesNotEndAListener(String application, int channel)
      throws Exception {
    CompletableFuture<Integer> status = start("listen", "--echo", "127.0.0.1:0");
    InetSocketAddress to = err.listening();
    String body = "x".repeat(100_000);
    try (MessageSocket odd =
        MessageSocket.builder().security(Security.ephemeral()).application(application).open()) {
      Connection connection = odd.connect(to);
      MessageOutputStream parts = connection.openStream(channel);
      parts.write(body.getBytes(UTF_8));
      parts.flush();
      assertServed(to, "meanwhile");
      parts.close();
      connection.close(Duration.ofSeconds(60));
      assertServed(to, "after it");
    }
    assertFalse(status.isDone(), err.text());
    if (channel == 0) {
      out.await(body);
    }
  }

  @Test
  void messageOfManyPartsIsPrintedCountedAndSentBackAsOne() throws Exception {
    CompletableFuture<Integer> status = start("listen", "-1", "--echo", "127.0.0.1:0");
    String body = "x".repeat(300_000);
    try (MessageSocket sender = peer()) {
      Connection connection = sender.connect(err.listening());
      connection.send(body.getBytes(UTF_8));
      assertEquals(body, connection.receive().text());
    }
    assertEquals(0, status.get());
    assertEquals(body + "\n", out.text());
    assertTrue(err.text().contains("received 1 message, 300000 bytes"), err.text());
  }

  @Test
  void peerThatStopsInTheMiddleOfAMessageHoldsUpNobody() throws Exception {
    CompletableFuture<Integer> status = start("listen", "127.0.0.1:0");
    InetSocketAddress to = err.listening();
    try (MessageSocket slow = peer()) {
      Connection connection = slow.connect(to);
      MessageOutputStream half = connection.openStream(0);
      half.write(new byte[5 << 20]); // more than is put together
      half.flush();
      out.await("\0\0\0\0");
      assertServed(to, "meanwhile");
      connection.close(Duration.ZERO);
      err.await("a message ended early: ");
    }
    assertFalse(status.isDone(), err.text());
  }

  /** The end of the connection is found right behind its message, or a moment later. */
  @Test
  void whatAPeerSaysLastIsPrintedBeforeAnythingElseComes() throws Exception {
    CompletableFuture<Integer> status = start("listen", "127.0.0.1:0");
    InetSocketAddress to = err.listening();
    for (int i = 0; i < 60; i++) {
      try (MessageSocket brief = peer()) {
        brief.send(to, ("the last of " + i + ".").getBytes(UTF_8));
      }
      out.await("the last of " + i + ".");
    }
    assertFalse(status.isDone(), err.text());
  }

  @Test
  void peerThatDoesNotReadItsEchoHoldsUpNobody() throws Exception {
    CompletableFuture<Integer> status = start("listen", "--echo", "-o", "/dev/null", "127.0.0.1:0");
    InetSocketAddress to = err.listening();
    AtomicLong sent = new AtomicLong();
    try (MessageSocket deaf = peer();
        MessageSocket other = peer()) {
      Connection unread = deaf.connect(to);
      Thread flood =
          new Thread(
              () -> {
                try {
                  while (true) {
                    unread.send(new byte[60_000]);
                    sent.incrementAndGet();
                  }
                } catch (IOException closed) {
                  return;
                }
              },
              "flood");
      flood.setDaemon(true);
      flood.start();
      Connection pings = other.connect(to);
      // Until the one is held up, the other is answered, and after that too.
      for (int still = 0; still < 10; still++) {
        long before = sent.get();
        pings.send(pings.message().channel(63).body("ping"));
        assertNotNull(pings.receive(Duration.ofSeconds(30)), () -> "after " + sent);
        ConnectionInfo info = unread.info();
        boolean isHeldUp =
            sent.get() == before
                && info.bytesInFlight() == 0
                && info.limitedBy() == ConnectionInfo.LimitedBy.PEER_WINDOW;
        still = isHeldUp ? still : 0;
      }
      unread.close(Duration.ZERO);
    }
    assertFalse(status.isDone(), err.text());
  }
}
