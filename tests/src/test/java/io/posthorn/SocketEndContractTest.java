package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.socket;
import static io.posthorn.Loopback.start;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What both modes promise alike when a thread is interrupted and when a socket is closed. */
class SocketEndContractTest {
  /** FAULTS 31. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void interruptedReceiverLeavesTheSocketUsable(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open();
        MessageSocket b = socket(mode).open()) {
      BlockingQueue<Object> outcome = new LinkedBlockingQueue<>();
      Thread receiver =
          new Thread(
              () -> {
                try {
                  outcome.add(b.receive());
                } catch (InterruptedIOException e) {
                  outcome.add(Thread.currentThread().isInterrupted());
                } catch (IOException e) {
                  outcome.add(e);
                }
              });
      receiver.start();
      receiver.interrupt();
      assertEquals(true, outcome.poll(20, TimeUnit.SECONDS), "the interrupt status stays set");
      a.send(b.localAddress(), "still there".getBytes(UTF_8));
      assertEquals("still there", next(b).text());
    }
  }

  /** FAULTS 31. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void interruptedSenderDoesNotCloseTheSocket(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open();
        MessageSocket b = socket(mode).open()) {
      CompletableFuture<Boolean> stillSet = new CompletableFuture<>();
      Thread sender =
          new Thread(
              () -> {
                Thread.currentThread().interrupt();
                try {
                  for (int i = 0; i < 10; i++) {
                    a.send(b.localAddress(), ("interrupted " + i).getBytes(UTF_8));
                  }
                  stillSet.complete(Thread.currentThread().isInterrupted());
                } catch (IOException e) {
                  stillSet.completeExceptionally(e);
                }
              });
      sender.start();
      assertTrue(stillSet.get(20, TimeUnit.SECONDS));
      for (int i = 0; i < 10; i++) {
        assertEquals("interrupted " + i, next(b).text());
      }
      b.send(a.localAddress(), "alive".getBytes(UTF_8));
      assertEquals("alive", next(a).text());
      assertFalse(a.isClosed());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void interruptDoesNotCutClosingShort(Mode mode) throws Exception {
    try (MessageSocket b = socket(mode).open()) {
      MessageSocket a = socket(mode).open();
      a.send(b.localAddress(), "last words".getBytes(UTF_8));
      Thread.currentThread().interrupt();
      a.close(LONG);
      assertTrue(Thread.interrupted());
      assertTrue(a.isClosed());
      assertEquals("last words", next(b).text());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void closeEndsAllWaiting(Mode mode) throws Exception {
    MessageSocket a = socket(mode).open();
    CompletableFuture<Message> untimed = start(a::receive);
    CompletableFuture<Message> timed = start(() -> a.receive(LONG));
    a.close();
    for (CompletableFuture<Message> waiting : List.of(untimed, timed)) {
      ExecutionException e = assertThrows(ExecutionException.class, () -> get(waiting));
      assertInstanceOf(SocketClosedException.class, e.getCause());
    }
  }

  @Test
  void closeEndsThoseWhoWaitForAConnectionToo() throws Exception {
    try (MessageSocket b = Loopback.reliable().open()) {
      MessageSocket a = Loopback.reliable().open();
      Connection open = a.connect(b.localAddress());
      InetSocketAddress nobody = Loopback.nobody();
      CompletableFuture<Message> receiving = start(open::receive);
      CompletableFuture<Connection> connecting = start(() -> a.connect(nobody));
      CompletableFuture<Receipt> sending = start(() -> a.send(large(nobody)));
      while (a.connections().size() < 2) {
        Thread.onSpinWait();
      }
      a.close(Duration.ZERO);
      for (CompletableFuture<?> waiting : List.of(receiving, connecting, sending)) {
        ExecutionException e = assertThrows(ExecutionException.class, () -> get(waiting));
        assertInstanceOf(SocketClosedException.class, e.getCause());
      }
      assertThrows(SocketClosedException.class, () -> open.send(new byte[1]));
      assertThrows(SocketClosedException.class, () -> open.receive(Duration.ZERO));
    }
  }

  private static Message large(InetSocketAddress peer) {
    return Message.to(peer).body(new byte[100_000]);
  }

  @Test
  void whatIsLeftOverWhenTheSocketClosesIsLeftOverForThat() throws Exception {
    MessageSocket a = Loopback.reliable().open();
    Receipt receipt = a.send(Message.to(Loopback.nobody()).body("to nobody"));
    a.close(Duration.ZERO);
    Outcome outcome = get(receipt.acknowledged());
    assertEquals(Outcome.Kind.CLOSED, outcome.kind());
    assertEquals(CloseCause.SOCKET_CLOSED, outcome.cause());
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void closedSocketSaysThatItIsClosed(Mode mode) throws Exception {
    try (MessageSocket b = socket(mode).open()) {
      MessageSocket a = socket(mode).open();
      int port = a.localAddress().getPort();
      a.close();
      a.close();
      assertTrue(a.isClosed());
      SocketClosedException e =
          assertThrows(SocketClosedException.class, () -> a.send(b.localAddress(), new byte[] {1}));
      assertTrue(String.valueOf(e.getMessage()).contains(Integer.toString(port)), e.getMessage());
      assertThrows(SocketClosedException.class, a::receive);
      assertThrows(SocketClosedException.class, () -> a.receive(Duration.ZERO));
      assertThrows(
          SocketClosedException.class,
          () -> a.trySend(Message.to(b.localAddress()).body("too late")));
      assertTrue(a.connections().isEmpty());
      assertNotNull(a.statistics());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void closeDeliversWhatWasSentBefore(Mode mode) throws Exception {
    try (MessageSocket b = socket(mode).open()) {
      for (int i = 0; i < 20; i++) {
        MessageSocket a = socket(mode).open();
        a.send(b.localAddress(), ("last " + i).getBytes(UTF_8));
        CloseReport report = a.close(LONG);
        assertTrue(report.isComplete(), report.toString());
        assertEquals("last " + i, next(b).text());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void impairedSocketDelaysAndStillFlushesOnClose(Mode mode) throws Exception {
    try (MessageSocket b = socket(mode).open()) {
      MessageSocket a = socket(mode).impair("delay 30ms").open();
      a.send(b.localAddress(), "late".getBytes(UTF_8));
      a.close(LONG);
      assertEquals("late", next(b).text());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void openAndCloseGiveBackThreadsAndDescriptors(Mode mode) throws Exception {
    socket(mode).open().close();
    Set<Thread> threadsBefore = SocketThreads.all();
    long descriptorsBefore = Descriptors.open();
    for (int i = 0; i < 150; i++) {
      MessageSocket a = socket(mode).open();
      a.send(a.localAddress(), new byte[] {1});
      next(a);
      a.close();
    }
    assertEquals(List.of(), SocketThreads.since(threadsBefore));
    assertTrue(
        Descriptors.open() <= descriptorsBefore + 2,
        descriptorsBefore + " descriptors before, " + Descriptors.open() + " after");
  }
}
