package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.accept;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.reliable;
import static io.posthorn.Loopback.start;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.e2e.FreePorts;
import io.posthorn.simulation.Relay;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** What is particular to reliable mode, on real sockets over loopback. */
class ReliableSocketTest {
  /** Where nobody listens, nor will: the port that a socket had may become this side's own. */
  private static InetSocketAddress nobody() throws IOException {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePorts.next());
  }

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
  void receiptsOfMessagesToNobodyEndAsClosed() throws Exception {
    InetSocketAddress nobody = nobody();
    try (MessageSocket a = reliable().handshakeTimeout(Duration.ofMillis(300)).open()) {
      Receipt receipt = a.send(Message.to(nobody).confirm(true).body("hello?"));
      Outcome outcome = get(receipt.acknowledged());
      assertEquals(Outcome.Kind.CLOSED, outcome.kind());
      assertEquals(CloseCause.NO_ANSWER, outcome.cause());
      ExecutionException e = assertThrows(ExecutionException.class, () -> get(receipt.processed()));
      assertInstanceOf(TransportException.class, e.getCause());
      // Somebody held the receipt, so nobody else is told.
      a.send(nobody, new byte[1]);
      a.close(Duration.ZERO);
    }
  }

  @Test
  void lostMessagesWithoutReceiptAreReportedOnceByTheNextSend() throws Exception {
    InetSocketAddress nobody = nobody();
    try (MessageSocket a = reliable().handshakeTimeout(Duration.ofSeconds(3)).open()) {
      a.send(nobody, "into the void".getBytes(UTF_8));
      Receipt last = a.send(Message.to(nobody).body("with receipt"));
      assertEquals(Outcome.Kind.CLOSED, get(last.acknowledged()).kind());
      MessagesLostException e =
          assertThrows(MessagesLostException.class, () -> a.send(nobody, new byte[1]));
      assertEquals(nobody, e.peer());
      assertEquals(2, e.unacknowledged());
      assertTrue(String.valueOf(e.getMessage()).contains("no answer"), e.getMessage());
      a.send(nobody, new byte[1]);
      a.close(Duration.ZERO);
    }
  }

  @Test
  void receiptIsAcknowledgedAndConfirmationIsAnotherMatter() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      Receipt receipt = a.send(Message.to(b.localAddress()).confirm(true).body("deal with it"));
      assertEquals(Outcome.Kind.ACKNOWLEDGED, get(receipt.acknowledged()).kind());
      CompletableFuture<Void> processed = receipt.processed();
      assertThrows(TimeoutException.class, () -> processed.get(10, TimeUnit.MILLISECONDS));
      next(b).confirm();
      assertNull(get(processed));
      Receipt unasked = a.send(Message.to(b.localAddress()).body("no matter"));
      get(unasked.acknowledged());
      assertThrows(ExecutionException.class, () -> get(unasked.processed()));
    }
  }

  @Test
  void unreliableMessagesAreNeverConfirmed() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      for (Delivery delivery : List.of(Delivery.UNRELIABLE, Delivery.UNRELIABLE_SEQUENCED)) {
        Receipt receipt =
            a.send(Message.to(b.localAddress()).delivery(delivery).confirm(true).body("perhaps"));
        next(b).confirm();
        ExecutionException e =
            assertThrows(ExecutionException.class, () -> get(receipt.processed()));
        String text = String.valueOf(e.getCause());
        assertTrue(text.contains("unreliabl"), text);
      }
    }
  }

  @Test
  void confirmationThatCannotComeAnyMoreIsReported() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      Receipt receipt = a.send(Message.to(b.localAddress()).confirm(true).body("x"));
      get(receipt.acknowledged());
      CompletableFuture<Void> processed = receipt.processed();
      b.close(LONG);
      assertThrows(ExecutionException.class, () -> get(processed));
    }
  }

  @Test
  void closingTellsThePeerCodeAndText() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      Connection out = a.connect(b.localAddress());
      Connection in = accept(b);
      for (int i = 0; i < 100; i++) {
        out.send(Integer.toString(i).getBytes(UTF_8));
      }
      CloseReport report = out.close(42, "enough \u001b[2J", LONG);
      assertTrue(report.isComplete(), report.toString());
      assertEquals(100, report.acknowledged());
      assertEquals(CloseCause.APPLICATION, report.cause());
      assertFalse(report.byPeer());
      CloseReport heard = get(in.closed());
      assertEquals(CloseCause.APPLICATION, heard.cause());
      assertTrue(heard.byPeer());
      assertEquals(42, heard.applicationCode());
      assertEquals("enough \u001b[2J", heard.text());
      for (int i = 0; i < 100; i++) {
        assertEquals(Integer.toString(i), next(b).text(), "what was acknowledged is handed over");
      }
      ConnectionClosedException e =
          assertThrows(ConnectionClosedException.class, () -> in.send(new byte[1]));
      assertEquals(42, e.applicationCode());
      assertFalse(
          String.valueOf(e.getMessage()).contains("\u001b"), "no escape reaches a terminal");
      assertThrows(ConnectionClosedException.class, () -> out.send(new byte[1]));
      b.send(a.localAddress(), "a new one opens".getBytes(UTF_8));
      assertEquals("a new one opens", next(a).text());
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
  void slowReaderHoldsTheSenderBackAndLosesNothing() throws Exception {
    try (MessageSocket a = reliable().sendBufferBytes(64 << 10).open();
        MessageSocket b = reliable().receiveBufferBytes(256 << 10).open()) {
      a.connect(b.localAddress());
      int count = 0;
      while (a.trySend(Message.to(b.localAddress()).body(numbered(count))) != null) {
        count++;
        assertTrue(count < 10_000, "nobody reads, and still there is room");
      }
      int last = count;
      CompletableFuture<String> blocked =
          start(
              () -> {
                a.send(b.localAddress(), numbered(last));
                return "sent";
              });
      for (int i = 0; i <= count; i++) {
        assertEquals((byte) i, next(b).bytes()[0], "message " + i);
      }
      assertEquals("sent", get(blocked));
    }
  }

  private static byte[] numbered(int number) {
    byte[] body = new byte[1_000];
    body[0] = (byte) number;
    return body;
  }

  @Test
  void otherPeersGoOnWhileOneReadsNothing() throws Exception {
    try (MessageSocket a = reliable().sendBufferBytes(64 << 10).open();
        MessageSocket stuck = reliable().receiveBufferBytes(256 << 10).open();
        MessageSocket other = reliable().open()) {
      Message large = Message.to(stuck.localAddress()).body(new byte[8_000]);
      a.connect(stuck.localAddress());
      while (a.trySend(large) != null) {
        assertNull(a.receive(Duration.ZERO));
      }
      for (int i = 0; i < 100; i++) {
        a.send(other.localAddress(), Integer.toString(i).getBytes(UTF_8));
        assertEquals(Integer.toString(i), next(other).text());
      }
      a.close(Duration.ZERO);
    }
  }

  @Test
  void everythingArrivesOnceAndInOrderOverABadNetwork() throws Exception {
    String bad = "delay 2ms 2ms loss 10% duplicate 5% reorder 10% corrupt 1%";
    try (MessageSocket a = reliable().impair(bad).impairSeed(11).open();
        MessageSocket b = reliable().open()) {
      int messages = 500;
      CompletableFuture<String> sent =
          start(
              () -> {
                for (int i = 0; i < messages; i++) {
                  a.send(b.localAddress(), (i + " " + "x".repeat(i)).getBytes(UTF_8));
                }
                return "sent";
              });
      for (int i = 0; i < messages; i++) {
        assertEquals(i + " " + "x".repeat(i), next(b).text());
      }
      assertEquals("sent", get(sent));
      assertTrue(a.statistics().impaired("out.lost") > 0);
      assertTrue(a.statistics().packetsLost() > 0);
      assertNull(b.receive(Duration.ZERO), "nothing twice");
    }
  }

  /** The marks of a network that marks instead of losing go through the system's sockets. */
  @Test
  void congestionMarksAreReadAndSetWhereTheSystemLetsThem() throws Exception {
    try (MessageSocket a = reliable().impair("delay 1ms loss 20% ecn").impairSeed(5).open();
        MessageSocket b = reliable().open()) {
      for (int i = 0; i < 300; i++) {
        Receipt receipt = a.send(Message.to(b.localAddress()).body(new byte[1_000]));
        next(b);
        if (i % 50 == 49) {
          get(receipt.acknowledged());
        }
      }
      ConnectionInfo info = a.connections().get(0);
      if (a.statistics().ioPath().startsWith("Linux")) {
        assertEquals(ConnectionInfo.Ecn.CAPABLE, info.ecn());
        assertTrue(info.packetsMarked() > 0);
        assertTrue(a.statistics().impaired("out.marked") >= info.packetsMarked());
        assertEquals(info.packetsMarked(), a.statistics().packetsMarked());
        assertTrue(b.statistics().datagramsReceivedMarked() > 0);
      } else {
        assertEquals(ConnectionInfo.Ecn.FAILED, info.ecn());
        assertEquals(0, a.statistics().packetsMarked());
      }
    }
  }

  @Test
  void messageLargerThanThePeerTakesIsRefused() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().maxWholeMessageBytes(70_000).open()) {
      a.connect(b.localAddress());
      MessageTooLargeException e =
          assertThrows(
              MessageTooLargeException.class, () -> a.send(b.localAddress(), new byte[70_001]));
      assertEquals(70_001, e.sizeBytes());
      a.send(b.localAddress(), new byte[70_000]);
      assertEquals(70_000, next(b).size());
    }
  }

  @Test
  void allDeliveriesArriveOverAGoodNetwork() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      a.connect(b.localAddress());
      for (Delivery delivery : Delivery.values()) {
        Message.Draft draft = Message.to(b.localAddress()).channel(2).delivery(delivery);
        if (delivery == Delivery.RELIABLE_LATEST) {
          draft.key(9);
        }
        Receipt receipt = a.send(draft.body(delivery.name()));
        Message message = next(b);
        assertEquals(delivery.name(), message.text());
        assertEquals(delivery, message.delivery());
        Outcome outcome = get(receipt.acknowledged());
        assertEquals(Outcome.Kind.ACKNOWLEDGED, outcome.kind(), delivery.name());
      }
    }
  }

  @Test
  void expiredMessageSaysSo() throws Exception {
    try (MessageSocket a = reliable().impair("loss 100%").linger(Duration.ZERO).open()) {
      Receipt receipt =
          a.send(
              Message.to(nobody())
                  .delivery(Delivery.RELIABLE_UNORDERED)
                  .expiresAfter(Duration.ofMillis(30))
                  .body("soon stale"));
      assertEquals(Outcome.Kind.EXPIRED, get(receipt.acknowledged()).kind());
    }
  }

  @Test
  void aCancelledMessageSaysSoOnce() throws Exception {
    try (MessageSocket a = reliable().impair("loss 100%").linger(Duration.ZERO).open()) {
      Receipt receipt = a.send(Message.to(nobody()).confirm(true).body("never mind"));
      assertTrue(receipt.cancel());
      assertFalse(receipt.cancel(), "one outcome");
      Outcome outcome = get(receipt.acknowledged());
      assertEquals(Outcome.Kind.CANCELLED, outcome.kind());
      assertFalse(outcome.mayHaveArrived());
      assertThrows(ExecutionException.class, () -> get(receipt.processed()));
    }
  }

  @Test
  void whatIsAcknowledgedCanNotBeCancelled() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open()) {
      Receipt receipt = a.send(Message.to(b.localAddress()).body("gone"));
      assertEquals("gone", next(b).text());
      assertEquals(Outcome.Kind.ACKNOWLEDGED, get(receipt.acknowledged()).kind());
      assertFalse(receipt.cancel());
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
  void clearModeWorksWhereBothAskForIt() throws Exception {
    try (MessageSocket a = reliable().security(Security.none()).open();
        MessageSocket b = reliable().security(Security.none()).open()) {
      a.send(b.localAddress(), "in clear".getBytes(UTF_8));
      assertEquals("in clear", next(b).text());
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

  @Test
  void closeReportsWhatWasNotAcknowledged() throws Exception {
    MessageSocket a = reliable().impair("loss 100%").open();
    Receipt receipt = a.send(Message.to(nobody()).body("never"));
    CloseReport report = a.close(Duration.ofMillis(50));
    assertFalse(report.isComplete());
    assertEquals(1, report.unacknowledged());
    Outcome outcome = receipt.outcome();
    assertNotNull(outcome, "settled before close returns");
    assertEquals(Outcome.Kind.CLOSED, outcome.kind());
    assertEquals(outcome, get(receipt.acknowledged()));
  }

  @Test
  void silentPeerIsGivenUpAfterTheIdleTimeout() throws Exception {
    MessageSocket b = reliable().open();
    try (MessageSocket a = reliable().idleTimeout(Duration.ofSeconds(1)).open();
        Relay relay = Relay.inFrontOf(b.localAddress()).start()) {
      Connection connection = a.connect(relay.localAddress());
      relay.cut(true);
      CloseReport report = get(connection.closed());
      assertEquals(CloseCause.IDLE_TIMEOUT, report.cause());
      ConnectionLostException e =
          assertThrows(ConnectionLostException.class, () -> connection.send(new byte[1]));
      assertEquals(CloseCause.IDLE_TIMEOUT, e.closeCause());
      assertTrue(String.valueOf(e.getMessage()).contains("1 s"), e.getMessage());
    } finally {
      b.close(Duration.ZERO);
    }
  }

  @Test
  void closingOneEndTellsTheOther() throws Exception {
    try (MessageSocket a = reliable().open()) {
      MessageSocket b = reliable().open();
      Connection connection = a.connect(b.localAddress());
      b.close();
      CloseReport report = get(connection.closed());
      assertEquals(CloseCause.APPLICATION, report.cause());
      assertTrue(report.byPeer());
    }
  }

  @Test
  void handlerMayWaitForAConnectionAndForAStream() throws Exception {
    try (MessageSocket a = reliable().streaming(true).open();
        MessageSocket b = reliable().streaming(true).open();
        MessageSocket c = reliable().open()) {
      List<Object> results = new ArrayList<>();
      CompletableFuture<List<Object>> done = new CompletableFuture<>();
      b.onMessage(
          message -> {
            try {
              results.add(message.stream().readAllBytes().length);
              Connection connection = b.connect(c.localAddress());
              results.add(connection.isOpen());
              connection.send("from the handler".getBytes(UTF_8));
              results.add(connection.close(LONG).isComplete());
            } catch (IOException e) {
              results.add(e);
            }
            done.complete(results);
          });
      try (MessageOutputStream out = a.openStream(b.localAddress(), 0)) {
        out.write(new byte[1_000_000]);
      }
      assertEquals(List.of(1_000_000, true, true), get(done));
      assertEquals("from the handler", next(c).text());
    }
  }

  @Test
  void garbageAtAnOpenPortIsCountedByReason() throws Exception {
    try (MessageSocket a = MessageSocket.builder().mode(Mode.PLAIN).open();
        MessageSocket b = reliable().open()) {
      Random random = new Random(9);
      for (int i = 0; i < 200; i++) {
        byte[] garbage = new byte[random.nextInt(100)];
        random.nextBytes(garbage);
        a.send(b.localAddress(), garbage);
      }
      while (b.statistics().datagramsReceived() < 200) {
        Thread.onSpinWait(); // the time limit of the test ends this if they never come
      }
      assertEquals(200, b.statistics().dropsTotal(), b.statistics().drops().toString());
      assertTrue(b.connections().isEmpty());
      try (MessageSocket c = reliable().open()) {
        c.send(b.localAddress(), "good".getBytes(UTF_8));
        assertEquals("good", next(b).text());
      }
    }
  }
}
