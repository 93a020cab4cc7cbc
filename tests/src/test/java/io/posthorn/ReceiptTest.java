package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.nobody;
import static io.posthorn.Loopback.reliable;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/**
 * What becomes of a message and is told by its receipt, or by the next send where there is none.
 */
class ReceiptTest {
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
  void theEndOfAConnectionGivesUpItsConfirmationsAndNoOthers() throws Exception {
    try (MessageSocket a = reliable().open();
        MessageSocket b = reliable().open();
        MessageSocket c = reliable().open()) {
      Receipt byAddress = a.send(Message.to(b.localAddress()).confirm(true).body("to b"));
      Receipt toOther = a.send(Message.to(c.localAddress()).confirm(true).body("to c"));
      Connection connection = a.connect(b.localAddress());
      Receipt byConnection =
          connection.send(Message.to(b.localAddress()).confirm(true).body("to b"));
      for (Receipt each : List.of(byAddress, toOther, byConnection)) {
        assertEquals(Outcome.Kind.ACKNOWLEDGED, get(each.acknowledged()).kind());
      }
      connection.close();
      assertThrows(ExecutionException.class, () -> get(byAddress.processed()));
      assertThrows(ExecutionException.class, () -> get(byConnection.processed()));
      assertFalse(toOther.processed().isDone());
      next(c).confirm();
      assertNull(get(toOther.processed()));
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
}
