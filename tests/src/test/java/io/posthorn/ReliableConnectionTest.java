package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.accept;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.nobody;
import static io.posthorn.Loopback.reliable;
import static io.posthorn.Loopback.start;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How connections on real sockets over loopback begin, and what they tell of themselves. */
class ReliableConnectionTest {
  @Test
  void connectAndAcceptMeet() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      Connection out = a.connect(b.localAddress());
      Connection in = accept(b);
      assertTrue(out.isOpen());
      assertEquals(b.localAddress(), out.remoteAddress());
      assertEquals(a.localAddress(), in.remoteAddress());
      out.send("there".getBytes(UTF_8));
      Message there = next(b);
      assertEquals("there", there.text());
      assertEquals(in, there.connection());
      in.send("and back".getBytes(UTF_8));
      Message back = next(a);
      assertEquals("and back", back.text());
      assertEquals(out, back.connection());
      assertEquals(out, a.connect(b.localAddress()), "the one there is");
      ConnectionInfo info = out.info();
      assertNotNull(info);
      assertEquals(ConnectionInfo.State.OPEN, info.state());
      assertEquals(1, a.connections().size());
      assertNull(b.accept(Duration.ZERO), "each is accepted once");
    }
  }

  /** Each socket numbers its connections by itself: the number alone names a stranger's. */
  @Test
  void whatBelongsToAnotherSocketDoesNotGoToSomebodyElse() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open();
        MessageSocket c = reliable().open();
        MessageSocket d = reliable().open()) {
      Connection toB = a.connect(b.localAddress());
      Connection toD = c.connect(d.localAddress());
      toB.send("letter".getBytes(UTF_8));
      Message received = next(b);
      Message begun = toB.message().body("begun");
      for (Message foreign : List.of(received, begun)) {
        assertThrows(IllegalArgumentException.class, () -> c.send(foreign));
        assertThrows(IllegalArgumentException.class, () -> c.trySend(foreign));
      }
      toD.send(received);
      assertEquals("letter", next(d).text());
      b.send(received);
      assertEquals("letter", next(a).text(), "back to its sender");
      c.send(Message.to(b.localAddress()).body("by address"));
      assertEquals("by address", next(b).text());
    }
  }

  @Test
  void whatIsPassedOnAndFailsNamesWhomItWasFor() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open();
        MessageSocket c = reliable().maxWholeMessageBytes(64 << 10).open()) {
      Connection toB = a.connect(b.localAddress());
      Connection toC = b.connect(c.localAddress());
      toB.send(new byte[(64 << 10) + 1]);
      Message large = next(b);
      MessageTooLargeException tooLarge =
          assertThrows(MessageTooLargeException.class, () -> toC.send(large));
      assertEquals(c.localAddress(), tooLarge.peer());
      toB.send(new byte[1]);
      Message small = next(b);
      Receipt receipt = toC.send(small);
      Throwable unconfirmed =
          assertThrows(CompletionException.class, () -> receipt.processed().join()).getCause();
      assertEquals(
          c.localAddress(), assertInstanceOf(TransportException.class, unconfirmed).peer());
      try (MessageOutputStream stream = toC.openStream(0)) {
        String busy = assertThrows(IllegalStateException.class, () -> toC.send(small)).getMessage();
        assertTrue(busy.contains(" to " + AddressText.of(c.localAddress())), busy);
        stream.abort();
      }
    }
  }

  @Test
  void aClosedSocketHasNoConnections() throws Exception {
    try (MessageSocket b = reliable().open()) {
      MessageSocket closed;
      Connection out;
      try (MessageSocket a = reliable().open()) {
        closed = a;
        out = a.connect(b.localAddress());
        assertEquals(1, a.connections().size());
      }
      assertEquals(List.of(), closed.connections());
      assertNull(out.info());
    }
  }

  @Test
  void aConnectionTellsOfItselfAmongOthers() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open();
        MessageSocket c = reliable().open()) {
      for (MessageSocket peer : new MessageSocket[] {b, c}) {
        Connection connection = a.connect(peer.localAddress());
        ConnectionInfo info = connection.info();
        assertNotNull(info);
        assertEquals(peer.localAddress(), info.remote());
        assertTrue(a.connections().stream().anyMatch(row -> row.connection() == info.connection()));
      }
    }
  }

  /** There are two connections then, one for each role; messages to the own address use one. */
  @Test
  void whatASocketSendsItselfGoesOnOneConnectionInOrder() throws Exception {
    try (MessageSocket a = reliable().open()) {
      a.send(a.localAddress(), "0".getBytes(UTF_8));
      Message first = next(a);
      Connection connection = first.connection();
      assertNotNull(connection);
      a.connect(a.localAddress());
      for (int i = 1; i <= 20; i++) {
        a.send(a.localAddress(), Integer.toString(i).getBytes(UTF_8));
      }
      for (int i = 1; i <= 20; i++) {
        Message message = next(a);
        assertEquals(Integer.toString(i), message.text());
        assertEquals(connection, message.connection());
      }
    }
  }

  @Test
  void nobodyAnswersAndThisIsSaid() throws Exception {
    InetSocketAddress nobody = nobody();
    try (MessageSocket a = reliable().handshakeTimeout(Duration.ofMillis(300)).open()) {
      ConnectionTimeoutException e =
          assertThrows(ConnectionTimeoutException.class, () -> a.connect(nobody));
      assertEquals(nobody, e.peer());
      assertEquals(Duration.ofMillis(300), e.waited());
      String text = String.valueOf(e.getMessage());
      assertTrue(text.contains(AddressText.of(nobody)) && text.contains("300 ms"), text);
      assertTrue(a.connections().isEmpty());
    }
  }

  /** Nobody knows whether a peer takes so much before it has answered: the sender waits for it. */
  @Test
  void whoWaitsWithALargeMessageForAConnectionIsToldThatNoneOpens() throws Exception {
    InetSocketAddress nobody = nobody();
    byte[] large = new byte[100_000];
    try (MessageSocket a = reliable().handshakeTimeout(Duration.ofMillis(300)).open();
        MessageSocket b = reliable().open();
        MessageSocket c = reliable().security(Security.none()).open();
        MessageSocket pinning =
            reliable().security(Security.pinned("SHA256:" + "A".repeat(43))).open()) {
      CompletableFuture<Object> unanswered = failureOf(() -> a.send(nobody, large));
      assertInstanceOf(ConnectionTimeoutException.class, get(unanswered));
      CompletableFuture<Object> unknown = failureOf(() -> pinning.send(b.localAddress(), large));
      assertInstanceOf(PeerIdentityChangedException.class, get(unknown));
      CompletableFuture<Object> refused = failureOf(() -> c.send(b.localAddress(), large));
      assertInstanceOf(SecurityMismatchException.class, get(refused));
    }
  }

  @Test
  void whoTriesToSendALargeMessageIsToldOnceThatNoConnectionOpened() throws Exception {
    try (MessageSocket a = reliable().security(Security.none()).open();
        MessageSocket b = reliable().open()) {
      Message large = Message.to(b.localAddress()).body(new byte[100_000]);
      assertNull(a.trySend(large));
      CompletableFuture<Object> refused =
          failureOf(
              () -> {
                while (true) {
                  a.trySend(large);
                }
              });
      assertInstanceOf(SecurityMismatchException.class, get(refused));
      assertNull(a.trySend(large), "the next attempt");
    }
  }

  private interface Action {
    void run() throws Exception;
  }

  private static CompletableFuture<Object> failureOf(Action action) {
    return start(
        () -> {
          try {
            action.run();
            return "none";
          } catch (IOException failure) {
            return failure;
          }
        });
  }

  @Test
  void connectGivesUpInTheTimeGiven() throws Exception {
    InetSocketAddress nobody = nobody();
    try (MessageSocket a = reliable().linger(Duration.ZERO).open()) {
      ConnectionTimeoutException e =
          assertThrows(
              ConnectionTimeoutException.class, () -> a.connect(nobody, Duration.ofMillis(20)));
      assertEquals(Duration.ofMillis(20), e.waited());
    }
  }

  @Test
  void listenerHearsOfConnectionsInOrder() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      BlockingQueue<String> heard = new LinkedBlockingQueue<>();
      b.onConnection(
          new ConnectionListener() {
            @Override
            public void opened(Connection connection) {
              heard.add("opened " + connection.remoteAddress());
            }

            @Override
            public void closed(Connection connection, CloseReport report) {
              heard.add("closed " + connection.remoteAddress() + " " + report.applicationCode());
            }
          });
      a.connect(b.localAddress()).close(7, "", LONG);
      assertEquals("opened " + a.localAddress(), heard.poll(30, TimeUnit.SECONDS));
      assertEquals("closed " + a.localAddress() + " 7", heard.poll(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void listenerMayWaitForFuturesAndHearsOfNothingElseMeanwhile() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
      b.onConnection(
          new ConnectionListener() {
            @Override
            public void opened(Connection connection) {
              try {
                Message welcome = Message.to(connection.remoteAddress()).body("welcome");
                heard.add(connection.send(welcome).acknowledged().join().kind());
                heard.add(connection.closed().join().applicationCode());
              } catch (IOException e) {
                heard.add(e);
              }
            }

            @Override
            public void closed(Connection connection, CloseReport report) {
              heard.add("closed");
            }
          });
      Connection connection = a.connect(b.localAddress());
      assertEquals("welcome", next(a).text());
      assertEquals(Outcome.Kind.ACKNOWLEDGED, heard.poll(30, TimeUnit.SECONDS));
      connection.close(7, "", LONG);
      assertEquals(7L, heard.poll(30, TimeUnit.SECONDS));
      assertEquals("closed", heard.poll(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void differentSecurityIsRefusedBySayingSo() throws Exception {
    try (MessageSocket a = reliable().security(Security.none()).open();
        MessageSocket b = reliable().open()) {
      assertThrows(SecurityMismatchException.class, () -> a.connect(b.localAddress()));
      assertTrue(b.connections().isEmpty());
    }
  }

  @Test
  void limitOfConnectionsHoldsOnBothSides() throws Exception {
    try (MessageSocket a = reliable().maxConnections(1).open();
        MessageSocket b = reliable().open();
        MessageSocket c = reliable().open()) {
      a.connect(b.localAddress());
      ConnectionLimitException own =
          assertThrows(ConnectionLimitException.class, () -> a.connect(c.localAddress()));
      assertTrue(String.valueOf(own.getMessage()).contains("maxConnections"), own.getMessage());
      assertThrows(ConnectionRefusedException.class, () -> c.connect(a.localAddress()));
      assertTrue(a.statistics().drops("CONNECTION_LIMIT") >= 1, "a slow answer is asked for again");
    }
  }
}
