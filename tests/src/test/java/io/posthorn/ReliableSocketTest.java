package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.reliable;
import static io.posthorn.Loopback.start;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How messages travel in reliable mode, on real sockets over loopback. */
class ReliableSocketTest {
  @Test
  void fault22_slowReaderHoldsTheSenderBackAndLosesNothing() throws Exception {
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
  void fault22_otherPeersGoOnWhileOneReadsNothing() throws Exception {
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

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void aReceivedMessageGoesBackOrOnAsItCame(Delivery delivery) throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open();
        MessageSocket c = reliable().open()) {
      a.connect(b.localAddress());
      Connection toC = b.connect(c.localAddress());
      Message.Draft draft = Message.to(b.localAddress()).channel(5).delivery(delivery);
      if (delivery == Delivery.RELIABLE_LATEST) {
        draft.key(1L << 40);
      }
      Message sent = draft.expiresAfter(LONG).body("there");
      a.send(sent);
      Message received = next(b);
      b.send(received);
      toC.send(received);
      for (Message each : List.of(received, next(a), next(c))) {
        assertEquals("there", each.text());
        assertEquals(delivery, each.delivery());
        assertEquals(5, each.channel());
        assertEquals(sent.key(), each.key());
      }
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
