package io.posthorn.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.Outcome;
import io.posthorn.Receipt;
import io.posthorn.SocketClosedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values over sockets in both modes. */
class TypedSocketTest extends TypedSocketCase {
  @ParameterizedTest
  @MethodSource("modes")
  void objectGraphsArriveAsTheyWere(Mode mode) throws Exception {
    try (TypedSocket<Object> a = typed(mode);
        TypedSocket<Object> b = typed(mode)) {
      for (Object graph : graphs()) {
        a.send(at(b), graph);
        TypedMessage<Object> received = next(b);
        assertEquals(graph, received.body());
        assertEquals(at(a), received.from());
        assertEquals(0, received.channel());
        b.send(received.from(), received.body());
        assertEquals(graph, a.receive().body());
      }
      assertEquals(0, a.malformed() + b.malformed());
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void optionsOfADraftAreKept(Mode mode) throws Exception {
    try (TypedSocket<Object> a = typed(mode);
        TypedSocket<Object> b = typed(mode)) {
      Message.Draft draft =
          Message.to(at(b)).channel(3).delivery(Delivery.RELIABLE_UNORDERED).confirm(true);
      Receipt first = a.send(draft, new Sample.Point(1, 1));
      TypedMessage<Object> received = next(b);
      boolean reliable = mode == Mode.RELIABLE;
      assertEquals(new Sample.Point(1, 1), received.body());
      assertEquals(reliable ? 3 : 0, received.channel());
      assertEquals(
          reliable ? Delivery.RELIABLE_UNORDERED : Delivery.UNRELIABLE,
          received.message().delivery());
      received.message().confirm();
      Outcome outcome = first.await(LONG);
      assertNotNull(outcome);
      assertEquals(reliable ? Outcome.Kind.ACKNOWLEDGED : Outcome.Kind.UNKNOWN, outcome.kind());
      if (reliable) {
        first.processed().get(20, TimeUnit.SECONDS);
      }
      assertNotNull(a.trySend(draft, "again"));
      assertEquals("again", next(b).body());
    }
  }

  @Test
  void aDraftOfAConnectionIsSentOnItAlone() throws Exception {
    try (TypedSocket<Object> a = typed(Mode.RELIABLE);
        TypedSocket<Object> b = typed(Mode.RELIABLE)) {
      Connection connection = a.socket().connect(at(b));
      a.send(connection.message().channel(5), "on it");
      TypedMessage<Object> received = next(b);
      assertEquals("on it", received.body());
      assertEquals(5, received.channel());
      connection.close();
      assertThrows(IOException.class, () -> a.send(connection.message(), "too late"));
      a.send(at(b), "on a new one");
      assertEquals("on a new one", next(b).body());
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aHandlerGetsTheValues(Mode mode) throws Exception {
    try (TypedSocket<Object> a = typed(mode);
        TypedSocket<Object> b = typed(mode)) {
      BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
      a.onMessage(message -> answers.add(message.body()));
      b.onMessage(
          message -> {
            try {
              b.send(message.from(), List.of(message.body()));
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          });
      assertThrows(IllegalStateException.class, () -> b.onMessage(message -> {}));
      assertThrows(IllegalStateException.class, b::receive);
      for (int i = 0; i < 20; i++) {
        a.send(at(b), i);
        a.socket().send(at(b), new byte[] {99, 99, 99});
        assertEquals(List.of(i), answers.poll(20, TimeUnit.SECONDS));
      }
      a.send(at(b), "last");
      assertEquals(List.of("last"), answers.poll(20, TimeUnit.SECONDS));
      assertEquals(20, b.malformed());
      assertEquals(0, b.socket().statistics().handlerFailures());
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void manyThreadsSendAndReceive(Mode mode) throws Exception {
    int senders = 8;
    int receivers = 4;
    // In plain mode few enough for the kernel to hold them all.
    int each = mode == Mode.RELIABLE ? 500 : 20;
    long total = (long) senders * each;
    Map<Sample.Point, String> got = new ConcurrentHashMap<>();
    AtomicLong count = new AtomicLong();
    ExecutorService threads = Executors.newFixedThreadPool(senders + receivers);
    TypedSocket<Object> b = typed(mode);
    try (TypedSocket<Object> a = typed(mode)) {
      List<Future<Void>> receiving = new ArrayList<>();
      for (int r = 0; r < receivers; r++) {
        receiving.add(
            threads.submit(
                () -> {
                  while (true) {
                    Sample.Line line = (Sample.Line) b.receive().body();
                    assertNull(got.put(line.to(), line.label()), "twice: " + line);
                    if (count.incrementAndGet() == total) {
                      b.close();
                    }
                  }
                }));
      }
      List<Callable<Void>> sending = new ArrayList<>();
      for (int s = 0; s < senders; s++) {
        int sender = s;
        sending.add(
            () -> {
              for (int i = 0; i < each; i++) {
                Sample.Point point = new Sample.Point(sender, i);
                String label = "from " + sender + " " + "é".repeat(i % 50);
                a.send(
                    Message.to(at(b)).channel(sender),
                    new Sample.Line(new Sample.Point(0, 0), point, label));
              }
              return null;
            });
      }
      for (Future<Void> sent : threads.invokeAll(sending)) {
        sent.get(60, TimeUnit.SECONDS);
      }
      for (Future<Void> end : receiving) {
        ExecutionException e =
            assertThrows(ExecutionException.class, () -> end.get(60, TimeUnit.SECONDS));
        assertInstanceOf(SocketClosedException.class, e.getCause());
      }
      assertEquals(total, got.size());
      got.forEach(
          (point, label) ->
              assertEquals("from " + point.x() + " " + "é".repeat(point.y() % 50), label));
      assertEquals(0, b.malformed());
    } finally {
      b.close();
      threads.shutdownNow();
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aValueThatCannotBeEncodedIsTheSendersErrorAndIsNotSent(Mode mode) throws Exception {
    record Stranger(int x) {}
    try (TypedSocket<Object> a = typed(mode);
        TypedSocket<Object> b = typed(mode)) {
      List<Object> refused =
          List.of(new Stranger(1), List.of("fine", new Stranger(2)), Map.of(1, new Thread()));
      for (Object value : refused) {
        assertThrows(CodecException.NotRegistered.class, () -> a.send(at(b), value));
        assertThrows(CodecException.NotRegistered.class, () -> a.send(Message.to(at(b)), value));
        assertThrows(CodecException.NotRegistered.class, () -> a.trySend(Message.to(at(b)), value));
      }
      List<Object> cycle = new ArrayList<>();
      cycle.add(cycle);
      assertThrows(CodecException.TooDeep.class, () -> a.send(at(b), cycle));
      assertEquals(0, a.socket().statistics().messagesSent());
      assertEquals(0, a.socket().statistics().connectionsOpened());
      assertTrue(a.socket().connections().isEmpty());
      a.send(at(b), "fine");
      assertEquals("fine", next(b).body());
      assertEquals(1, b.socket().statistics().messagesReceived());
      assertEquals(0, a.malformed());
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void textAndBytesAreValuesToo(Mode mode) throws Exception {
    try (TypedSocket<String> text = TypedSocket.over(loopback(mode).open(), Codec.utf8());
        TypedSocket<byte[]> bytes = TypedSocket.over(loopback(mode).open(), Codec.bytes())) {
      text.send(at(bytes), "ö");
      TypedMessage<byte[]> received = next(bytes);
      assertArrayEquals("ö".getBytes(UTF_8), received.body());
      bytes.send(received.from(), new byte[] {(byte) 0xff});
      bytes.send(received.from(), "after".getBytes(UTF_8));
      assertEquals("after", next(text).body());
      assertEquals(1, text.malformed());
      assertThrows(CodecException.class, () -> text.send(at(bytes), "\ud800"));
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void closeWakesThoseThatReceive(Mode mode) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      TypedSocket<Object> a = typed(mode);
      Future<TypedMessage<Object>> untimed = threads.submit(() -> a.receive());
      Future<TypedMessage<Object>> timed =
          threads.submit(() -> a.receive(Duration.ofSeconds(Long.MAX_VALUE)));
      a.close();
      for (Future<TypedMessage<Object>> each : List.of(untimed, timed)) {
        ExecutionException e =
            assertThrows(ExecutionException.class, () -> each.get(20, TimeUnit.SECONDS));
        assertInstanceOf(SocketClosedException.class, e.getCause());
      }
      assertTrue(a.socket().isClosed());
      a.close();
      assertThrows(SocketClosedException.class, a::receive);
      assertThrows(SocketClosedException.class, () -> a.send(at(a), "too late"));
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aSocketThatTakesMessagesInPartsIsRefused() throws Exception {
    try (MessageSocket parts = loopback(Mode.RELIABLE).streaming(true).open();
        MessageSocket whole = loopback(Mode.RELIABLE).open()) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> TypedSocket.over(parts, Codec.bytes()));
      assertTrue(String.valueOf(e.getMessage()).contains("streaming"), e.getMessage());
      assertSame(whole, TypedSocket.over(whole, Codec.bytes()).socket());
    }
  }

  /** The example of the class's documentation, but for the port number. */
  record Order(int number, List<String> items) {}

  @Test
  void theExampleOfTheDocumentationWorks() throws Exception {
    Codec<Order> codec = KryoCodec.builder(Order.class).register(10, Order.class).build();
    MessageSocket socket =
        MessageSocket.builder()
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .open();
    try (TypedSocket<Order> customer = TypedSocket.over(loopback(Mode.RELIABLE).open(), codec);
        TypedSocket<Order> shop = TypedSocket.over(socket, codec)) {
      shop.onMalformed((peer, why) -> System.err.println(peer + ": " + why.getMessage()));
      customer.send(at(shop), new Order(7, List.of("tea")));
      TypedMessage<Order> order = shop.receive();
      shop.send(order.from(), new Order(order.body().number(), List.of("thanks")));
      assertEquals(new Order(7, List.of("thanks")), next(customer).body());
    }
  }
}
