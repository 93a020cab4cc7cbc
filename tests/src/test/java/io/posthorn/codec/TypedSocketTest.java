package io.posthorn.codec;

import static io.posthorn.codec.HandwrittenBodies.ARRAY_LIST;
import static io.posthorn.codec.HandwrittenBodies.body;
import static io.posthorn.codec.HandwrittenBodies.id;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Mode;
import io.posthorn.Outcome;
import io.posthorn.Receipt;
import io.posthorn.SocketClosedException;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values over sockets in both modes, on the loopback device, where plain datagrams arrive too. */
class TypedSocketTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private static final int OPTIONAL = 93;
  private static final int INT_ARRAY = 68;

  static Stream<Mode> modes() {
    return Stream.of(Mode.values());
  }

  private static MessageSocketBuilder loopback(Mode mode) {
    return MessageSocket.builder()
        .mode(mode)
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private static TypedSocket<Object> typed(Mode mode) throws IOException {
    return TypedSocket.over(loopback(mode).open(), Sample.builder().build());
  }

  private static InetSocketAddress at(TypedSocket<?> socket) {
    return socket.socket().localAddress();
  }

  private static <T> TypedMessage<T> next(TypedSocket<T> socket) throws IOException {
    TypedMessage<T> message = socket.receive(LONG);
    assertNotNull(message, "no message in " + LONG);
    return message;
  }

  private static List<Object> graphs() {
    Sample.Node leaf = Sample.Node.of("leaf", 0.5);
    leaf.samples = new long[] {1, -2, Long.MAX_VALUE};
    return List.of(
        new Sample.Point(3, -4),
        new Sample.Line(new Sample.Point(0, 1), null, "a line — with text"),
        Sample.Node.of("root", 2.25, leaf, Sample.Node.of(null, -1, leaf)),
        new Sample.Everything(
            List.of("one", "two"),
            Set.of(Sample.Colour.GREEN, Sample.Colour.RED),
            Map.of("primes", List.of(2, 3, 5)),
            Optional.of(new Sample.Point(7, 8)),
            Instant.ofEpochSecond(1_700_000_000, 123),
            new BigDecimal("19.99"),
            new UUID(1, 2),
            new ArrayList<>(Arrays.asList("any", 1, null))));
  }

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

  /** A body that no codec made, and the error that it is to end in. */
  private record Hostile(byte[] body, Class<? extends CodecException> error) {}

  private static List<Hostile> hostile() throws CodecException {
    List<Hostile> bodies = new ArrayList<>();
    byte[] good = Sample.builder().build().encode(graphs().get(3));
    bodies.add(new Hostile(body(out -> id(out, 9_999)), CodecException.UnknownType.class));
    bodies.add(
        new Hostile(
            body(
                out -> {
                  out.writeVarInt(1, true); // Kryo's mark for a class by name
                  out.writeVarInt(0, true);
                  out.writeString("javax.script.ScriptEngineManager");
                }),
            CodecException.UnknownType.class));
    bodies.add(new Hostile(new byte[0], CodecException.Truncated.class));
    bodies.add(new Hostile(Arrays.copyOf(good, good.length - 1), CodecException.Truncated.class));
    bodies.add(
        new Hostile(Arrays.copyOf(good, good.length + 1), CodecException.TrailingBytes.class));
    bodies.add(new Hostile(new byte[1], CodecException.Malformed.class));
    for (int lengthy : new int[] {ARRAY_LIST, INT_ARRAY}) {
      for (int length : new int[] {Integer.MAX_VALUE, -1, 1 << 20}) {
        bodies.add(
            new Hostile(
                body(
                    out -> {
                      id(out, lengthy);
                      out.writeVarInt(length, true);
                    }),
                CodecException.TooLarge.class));
      }
    }
    bodies.add(
        new Hostile(
            body(
                out -> {
                  for (int i = 0; i < 20_000; i++) {
                    id(out, ARRAY_LIST);
                    out.writeVarInt(1, true);
                  }
                }),
            CodecException.TooDeep.class));
    bodies.add(
        new Hostile(
            body(
                out -> {
                  for (int i = 0; i < 60_000; i++) {
                    id(out, OPTIONAL);
                  }
                }),
            CodecException.TooDeep.class));
    bodies.add(
        new Hostile(
            body(
                out -> {
                  id(out, 130);
                  out.writeVarInt(101, false); // a percentage that its constructor refuses
                }),
            CodecException.Malformed.class));
    bodies.add(new Hostile("garbage of all kinds".getBytes(UTF_8), CodecException.class));
    return bodies;
  }

  @ParameterizedTest
  @MethodSource("modes")
  void eachHostileBodyIsOneErrorForThatMessageAlone(Mode mode) throws Exception {
    try (MessageSocket raw = loopback(mode).open();
        TypedSocket<Object> b = typed(mode)) {
      Codec<Object> codec = Sample.builder().build();
      BlockingQueue<CodecException> errors = new LinkedBlockingQueue<>();
      b.onMalformed(
          (peer, why) -> {
            assertEquals(raw.localAddress(), peer);
            errors.add(why);
          });
      int refused = 0;
      for (Hostile each : hostile()) {
        raw.send(b.socket().localAddress(), each.body());
        raw.send(b.socket().localAddress(), codec.encode(refused));
        assertEquals(refused, next(b).body());
        refused++;
        CodecException error = errors.poll();
        assertNotNull(error, "no error for body " + refused);
        assertInstanceOf(each.error(), error);
        assertTrue(errors.isEmpty(), errors.toString());
        assertEquals(refused, b.malformed());
      }
      if (mode == Mode.RELIABLE) {
        assertEquals(1, b.socket().statistics().connectionsOpened());
        assertEquals(1, b.socket().connections().size());
      }
      assertEquals(2L * refused, b.socket().statistics().messagesReceived());
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void hostileBodiesAreCountedWithoutAHandlerToo(Mode mode) throws Exception {
    try (MessageSocket raw = loopback(mode).open();
        TypedSocket<Object> b = typed(mode)) {
      List<byte[]> bodies = new ArrayList<>();
      for (Hostile each : hostile()) {
        if (each.body().length <= 1_000) { // the kernel is to hold them all
          bodies.add(each.body());
        }
      }
      assertTrue(bodies.size() > 10, "only " + bodies.size());
      for (byte[] body : bodies) {
        raw.send(b.socket().localAddress(), body);
      }
      raw.send(b.socket().localAddress(), Sample.builder().build().encode("good"));
      assertEquals("good", b.receive().body());
      assertEquals(bodies.size(), b.malformed());
      assertNull(b.receive(Duration.ZERO));
      assertNull(b.receive(Duration.ofSeconds(Long.MIN_VALUE)));
    }
  }

  @Test
  void aReceiveWhoseTimeIsOverLooksAtABoundedNumberOfMalformedMessages() throws Exception {
    try (TypedSocket<Object> a = typed(Mode.RELIABLE);
        TypedSocket<Object> b = typed(Mode.RELIABLE)) {
      List<Receipt> receipts = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        receipts.add(a.socket().send(Message.to(at(b)).body(new byte[0])));
      }
      receipts.add(a.send(Message.to(at(b)), "good"));
      for (Receipt receipt : receipts) {
        Outcome outcome = receipt.await(LONG);
        assertNotNull(outcome);
        assertTrue(outcome.isAcknowledged(), outcome.toString());
      }
      // Now all of them wait to be received.
      assertNull(b.receive(Duration.ZERO));
      assertEquals(256, b.malformed());
      assertNull(b.receive(Duration.ofNanos(-1)));
      assertEquals(512, b.malformed());
      TypedMessage<Object> good = b.receive(Duration.ZERO);
      assertNotNull(good);
      assertEquals("good", good.body());
      assertEquals(600, b.malformed());
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

  @Test
  void differentRegistrationsShowAsCodecExceptionsWhereNothingIsCompared() throws Exception {
    KryoCodec<Object> other =
        KryoCodec.builder(Object.class).register(40, Sample.Point.class).build();
    try (TypedSocket<Object> a = TypedSocket.over(loopback(Mode.PLAIN).open(), other);
        TypedSocket<Object> b = typed(Mode.PLAIN)) {
      BlockingQueue<CodecException> errors = new LinkedBlockingQueue<>();
      b.onMalformed((peer, why) -> errors.add(why));
      assertFalse(Arrays.equals(a.fingerprint(), b.fingerprint()));
      assertArrayEquals(other.fingerprint(), a.fingerprint());
      a.send(at(b), new Sample.Point(1, 2));
      a.send(at(b), "of no class that differs");
      assertEquals("of no class that differs", next(b).body());
      assertInstanceOf(CodecException.UnknownType.class, errors.poll());
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
  void aCodecThatFailsDoesNotEndTheReceiver(Mode mode) throws Exception {
    Codec<Integer> lengths =
        new Codec<>() {
          @Override
          public byte[] encode(Integer value) {
            return new byte[value];
          }

          @Override
          public Integer decode(ByteBuffer body) {
            if (body.remaining() == 13) {
              throw new IllegalStateException("a mistake in the codec");
            }
            return body.remaining();
          }

          @Override
          public Registrations registrations() {
            return Registrations.ofFormat("lengths");
          }
        };
    try (TypedSocket<Integer> a = TypedSocket.over(loopback(mode).open(), lengths)) {
      BlockingQueue<CodecException> errors = new LinkedBlockingQueue<>();
      a.onMalformed((peer, why) -> errors.add(why));
      for (int length : new int[] {13, 14}) {
        a.send(at(a), length);
      }
      assertEquals(14, next(a).body());
      CodecException error = assertInstanceOf(CodecException.Malformed.class, errors.poll());
      assertInstanceOf(IllegalStateException.class, error.getCause());
      assertThrows(NegativeArraySizeException.class, () -> a.send(at(a), -1));
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
  void aSecondHandlerOfMalformedMessagesIsRefused() throws Exception {
    try (TypedSocket<Object> a = typed(Mode.PLAIN)) {
      a.onMalformed((peer, why) -> {});
      assertThrows(IllegalStateException.class, () -> a.onMalformed((peer, why) -> {}));
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

  private record First(int number) {}

  private record Second(int number) {}

  private static Codec<Object> codec(Class<?> ten, Class<?> eleven) {
    return KryoCodec.builder(Object.class).register(10, ten).register(11, eleven).build();
  }

  /** DESIGN §4: a difference is told by the first class that differs, and nothing is decoded. */
  @Test
  void differentRegistrationsAreToldByTheFirstClassThatDiffers() throws Exception {
    try (TypedSocket<Object> a =
            TypedSocket.over(loopback(Mode.RELIABLE).open(), codec(First.class, Second.class));
        TypedSocket<Object> b =
            TypedSocket.over(loopback(Mode.RELIABLE).open(), codec(Second.class, First.class))) {
      BlockingQueue<CodecException> toldA = new LinkedBlockingQueue<>();
      BlockingQueue<CodecException> toldB = new LinkedBlockingQueue<>();
      a.onMalformed((peer, why) -> toldA.add(why));
      b.onMalformed((peer, why) -> toldB.add(why));
      a.send(at(b), new First(1));
      // The value would decode as a Second: both hold one number.
      assertNull(b.receive(Duration.ZERO));
      while (toldA.isEmpty() || toldB.size() < 2) {
        assertNull(a.receive(Duration.ofMillis(5)));
        assertNull(b.receive(Duration.ofMillis(5)));
      }
      assertInstanceOf(CodecException.Different.class, toldB.remove());
      for (CodecException told : List.of(toldA.remove(), toldB.remove())) {
        String text = told.getMessage();
        assertInstanceOf(CodecException.Different.class, told);
        assertTrue(text.startsWith("class id 10 differs: here "), text);
        assertTrue(text.contains("$First") && text.contains("$Second"), text);
      }
      assertTrue(toldA.isEmpty() && toldB.isEmpty(), "each list is sent once");
    }
  }

  @Test
  void equalRegistrationsAndPeersWithoutAnyAreDecoded() throws Exception {
    try (TypedSocket<Object> a =
            TypedSocket.over(loopback(Mode.RELIABLE).open(), codec(First.class, Second.class));
        TypedSocket<Object> b =
            TypedSocket.over(loopback(Mode.RELIABLE).open(), codec(First.class, Second.class));
        MessageSocket bare = loopback(Mode.RELIABLE).open()) {
      a.send(at(b), new First(1));
      assertEquals(new First(1), next(b).body());
      bare.send(at(b), codec(First.class, Second.class).encode(new Second(2)));
      assertEquals(new Second(2), next(b).body());
      assertArrayEquals(b.fingerprint(), bare.connect(at(b)).peerRegistrationFingerprint());
    }
  }
}
