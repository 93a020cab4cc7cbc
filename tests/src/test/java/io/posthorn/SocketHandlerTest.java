package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.accept;
import static io.posthorn.Loopback.awaitWaiting;
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
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Handlers of messages, in both modes alike, and who runs them. */
class SocketHandlerTest {
  @ParameterizedTest
  @EnumSource(Mode.class)
  void handlerTakesMessagesAndAnswers(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open();
        MessageSocket b = socket(mode).open()) {
      b.onMessage(
          message -> {
            try {
              b.send(message.from(), ("re: " + message.text()).getBytes(UTF_8));
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          });
      for (int i = 0; i < 50; i++) {
        a.send(b.localAddress(), Integer.toString(i).getBytes(UTF_8));
        assertEquals("re: " + i, next(a).text());
      }
      assertThrows(IllegalStateException.class, b::receive);
      assertThrows(IllegalStateException.class, () -> b.onMessage(message -> {}));
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void messagesThatCameBeforeTheHandlerGoToIt(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open();
        MessageSocket b = socket(mode).open()) {
      a.send(b.localAddress(), "early".getBytes(UTF_8));
      a.send(b.localAddress(), "marker".getBytes(UTF_8));
      assertEquals("early", next(b).text()); // the marker is there now, or on its way
      BlockingQueue<String> handled = new LinkedBlockingQueue<>();
      b.onMessage(message -> handled.add(message.text()));
      assertEquals("marker", handled.poll(20, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void whoWaitsForAMessageWhenAHandlerIsSetIsToldSo(Mode mode) throws Exception {
    for (boolean bodies : new boolean[] {false, true}) {
      try (MessageSocket a = socket(mode).open();
          MessageSocket b = socket(mode).open()) {
        List<CompletableFuture<Message>> waiting =
            List.of(startWaiting(b::receive), startWaiting(() -> b.receive(LONG)));
        BlockingQueue<String> handled = handle(b, bodies);
        for (CompletableFuture<Message> each : waiting) {
          ExecutionException e = assertThrows(ExecutionException.class, () -> get(each));
          assertInstanceOf(IllegalStateException.class, e.getCause());
        }
        a.send(b.localAddress(), "for the handler".getBytes(UTF_8));
        assertEquals("for the handler", handled.poll(20, TimeUnit.SECONDS));
      }
    }
  }

  @Test
  void whoWaitsForAConnectionsMessageIsToldOfABodyHandler() throws Exception {
    try (MessageSocket a = socket(Mode.RELIABLE).open();
        MessageSocket b = socket(Mode.RELIABLE).open()) {
      Connection connection = a.connect(b.localAddress());
      Connection accepted = accept(b);
      List<CompletableFuture<Message>> waiting =
          List.of(startWaiting(accepted::receive), startWaiting(accepted::receive));
      BlockingQueue<String> handled = handle(b, true);
      for (CompletableFuture<Message> each : waiting) { // one of them leads, the other does not
        ExecutionException e = assertThrows(ExecutionException.class, () -> get(each));
        assertInstanceOf(IllegalStateException.class, e.getCause());
      }
      connection.send("for the handler".getBytes(UTF_8));
      assertEquals("for the handler", handled.poll(20, TimeUnit.SECONDS));
    }
  }

  private static CompletableFuture<Message> startWaiting(Loopback.Task<Message> receive)
      throws Exception {
    CompletableFuture<Thread> waiter = new CompletableFuture<>();
    CompletableFuture<Message> taken =
        start(
            () -> {
              waiter.complete(Thread.currentThread());
              return receive.run();
            });
    awaitWaiting(get(waiter));
    return taken;
  }

  private static BlockingQueue<String> handle(MessageSocket socket, boolean bodies) {
    BlockingQueue<String> handled = new LinkedBlockingQueue<>();
    if (bodies) {
      socket.onBody((from, channel, body) -> handled.add(UTF_8.decode(body).toString()));
    } else {
      socket.onMessage(message -> handled.add(message.text()));
    }
    return handled;
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void handlerMayWaitForReceiptsAndFutures(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open();
        MessageSocket b = socket(mode).open()) {
      BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
      b.onMessage(
          message -> {
            try {
              Message answer = Message.to(message.from()).body("re");
              Outcome awaited = b.send(answer).await(LONG);
              outcomes.add(awaited == null ? "none" : awaited.kind());
              outcomes.add(b.send(answer).acknowledged().join().kind());
              outcomes.add(b.send(answer).acknowledged().thenApply(Outcome::kind).get());
            } catch (Exception e) {
              outcomes.add(e);
            }
          });
      a.send(b.localAddress(), "go".getBytes(UTF_8));
      Outcome.Kind expected = mode == Mode.PLAIN ? Outcome.Kind.UNKNOWN : Outcome.Kind.ACKNOWLEDGED;
      for (int i = 0; i < 3; i++) {
        assertEquals(expected, outcomes.poll(20, TimeUnit.SECONDS));
        assertEquals("re", next(a).text());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void handlerMayCloseTheSocket(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open()) {
      MessageSocket b = socket(mode).open();
      CompletableFuture<CloseReport> report = new CompletableFuture<>();
      b.onMessage(message -> report.complete(b.close(LONG)));
      a.send(b.localAddress(), "close yourself".getBytes(UTF_8));
      assertTrue(report.get(20, TimeUnit.SECONDS).isComplete());
      assertTrue(b.isClosed());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void handlerThatThrowsIsCountedAndGetsTheNextMessage(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open();
        MessageSocket b = socket(mode).open()) {
      BlockingQueue<String> handled = new LinkedBlockingQueue<>();
      CompletableFuture<Throwable> told = new CompletableFuture<>();
      b.onMessage(
          message -> {
            if (message.text().equals("bad")) {
              Thread.currentThread().setUncaughtExceptionHandler((t, e) -> told.complete(e));
              throw new IllegalArgumentException("a fault of the application");
            }
            handled.add(message.text());
          });
      a.send(b.localAddress(), "bad".getBytes(UTF_8));
      a.send(b.localAddress(), "good".getBytes(UTF_8));
      assertEquals("good", handled.poll(20, TimeUnit.SECONDS));
      assertInstanceOf(IllegalArgumentException.class, told.get(20, TimeUnit.SECONDS));
      assertEquals(1, b.statistics().handlerFailures());
      assertFalse(b.isClosed());
    }
  }

  /** As handlers in other languages do, which know no checked exceptions. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void handlerThatThrowsACheckedExceptionIsCountedToo(Mode mode) throws Exception {
    for (boolean bodies : new boolean[] {false, true}) {
      try (MessageSocket a = socket(mode).open();
          MessageSocket b = socket(mode).open()) {
        CompletableFuture<Throwable> told = new CompletableFuture<>();
        CompletableFuture<String> after = new CompletableFuture<>();
        BodyHandler handler =
            (from, channel, body) -> {
              if (told.isDone()) {
                after.complete(UTF_8.decode(body).toString());
                return;
              }
              Thread.currentThread()
                  .setUncaughtExceptionHandler(
                      (t, e) -> {
                        told.complete(e);
                        throwUnchecked(e);
                      });
              throwUnchecked(new IOException("a fault of the application"));
            };
        if (bodies) {
          b.onBody(handler);
        } else {
          b.onMessage(message -> handler.onBody(message.from(), 0, message.body()));
        }
        a.send(b.localAddress(), "bad".getBytes(UTF_8));
        assertInstanceOf(IOException.class, told.get(20, TimeUnit.SECONDS));
        a.send(b.localAddress(), "good".getBytes(UTF_8));
        assertEquals("good", after.get(20, TimeUnit.SECONDS));
        assertEquals(1, b.statistics().handlerFailures());
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void throwUnchecked(Throwable e) throws E {
    throw (E) e;
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void interruptWithinAHandlerDoesNotHarmTheLoop(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open();
        MessageSocket b = socket(mode).open()) {
      BlockingQueue<String> handled = new LinkedBlockingQueue<>();
      b.onMessage(
          message -> {
            Thread.currentThread().interrupt();
            handled.add(message.text());
          });
      for (int i = 0; i < 5; i++) {
        a.send(b.localAddress(), Integer.toString(i).getBytes(UTF_8));
        assertEquals(Integer.toString(i), handled.poll(20, TimeUnit.SECONDS));
      }
      assertFalse(b.isClosed());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void futuresCompleteOffTheInputOutputThread(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open();
        MessageSocket b = socket(mode).open()) {
      CompletableFuture<Thread> handlerThread = new CompletableFuture<>();
      a.onMessage(message -> handlerThread.complete(Thread.currentThread()));
      b.send(a.localAddress(), "who are you".getBytes(UTF_8));
      Thread inputOutput = handlerThread.get(20, TimeUnit.SECONDS);
      Receipt receipt = a.send(Message.to(b.localAddress()).body("x"));
      CompletableFuture<Thread> completer = new CompletableFuture<>();
      CompletableFuture<Void> told =
          receipt.acknowledged().thenRun(() -> completer.complete(Thread.currentThread()));
      told.get(20, TimeUnit.SECONDS);
      assertFalse(completer.join().equals(inputOutput));
      assertNotNull(receipt.outcome());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void handlerOfUncaughtExceptionsMayThrowAsWell(Mode mode) throws Exception {
    try (MessageSocket a = socket(mode).open();
        MessageSocket b = socket(mode).open()) {
      BlockingQueue<String> handled = new LinkedBlockingQueue<>();
      b.onMessage(
          message -> {
            if (message.text().equals("bad")) {
              Thread.currentThread()
                  .setUncaughtExceptionHandler(
                      (t, e) -> {
                        throw new AssertionError(e);
                      });
              throw new IllegalArgumentException("a fault of the application");
            }
            handled.add(message.text());
          });
      a.send(b.localAddress(), "bad".getBytes(UTF_8));
      a.send(b.localAddress(), "good".getBytes(UTF_8));
      assertEquals("good", handled.poll(20, TimeUnit.SECONDS));
      assertFalse(b.isClosed());
    }
  }
}
