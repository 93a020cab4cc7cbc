package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.codec.Sample.Colour;
import io.posthorn.codec.Sample.Line;
import io.posthorn.codec.Sample.Node;
import io.posthorn.codec.Sample.Point;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the codec carries, what it refuses to carry, and how it says so. */
class KryoCodecTest {
  private final KryoCodec<Object> codec = Sample.builder().build();

  static Stream<Object> values() {
    return Stream.of(
        1,
        -1,
        127,
        128,
        Integer.MIN_VALUE,
        5L,
        Long.MAX_VALUE,
        1.5f,
        -0.0,
        Double.NaN,
        true,
        'ß',
        (byte) -3,
        (short) 400,
        "",
        "a",
        "short",
        "longer than the thirty-two characters of ASCII",
        "Zürich",
        "漢字 and ASCII",
        "\uD83D\uDE00",
        "unpaired \uD800 surrogate",
        "\u0000\u007F\u0080\u07FF\u0800\uFFFF",
        new Point(3, -4),
        new Line(new Point(1, 2), null, "x"),
        new Line(null, null, null),
        new Sample.Numbers(true, (byte) 1, 'c', (short) -2, 3, -4L, 5.5f, Double.MIN_VALUE),
        Colour.RED,
        Colour.GREEN,
        new ArrayList<>(Arrays.asList(1, null, "x")),
        new HashSet<>(List.of(1, 2)),
        new LinkedHashSet<>(List.of(3, 1, 2)),
        new TreeSet<>(Set.of("b", "a")),
        new HashMap<>(Map.of("k", List.of(1))),
        new LinkedHashMap<>(Map.of(1, 2)),
        new TreeMap<>(Map.of("z", 1, "a", 2)),
        Arrays.asList(1, null),
        List.of(),
        List.of(1),
        List.of(1, 2, 3),
        List.of(1, 2, 3, 4).subList(1, 3),
        Stream.of(1, null).toList(),
        Set.of(),
        Set.of(1),
        Set.of(1, 2, 3),
        Map.of(),
        Map.of(1, 2),
        Map.of(1, 2, 3, 4),
        Collections.emptyList(),
        Collections.singletonList(null),
        Collections.unmodifiableSet(new HashSet<>(List.of(1))),
        Collections.emptyMap(),
        Optional.empty(),
        Optional.of(new Point(1, 2)),
        OptionalInt.empty(),
        OptionalInt.of(-7),
        OptionalLong.of(7),
        OptionalDouble.of(0.5),
        new UUID(1, 2),
        BigInteger.TEN.pow(100),
        new BigDecimal("-12.3400"),
        BitSet.valueOf(new long[] {5, 0, 9}),
        Instant.MAX,
        Instant.MIN,
        Duration.ofNanos(-1),
        Period.of(1, -2, 3),
        LocalDate.MIN,
        LocalTime.MAX,
        LocalDateTime.MAX,
        ZoneOffset.ofHoursMinutesSeconds(1, 2, 3),
        OffsetDateTime.of(2020, 1, 2, 3, 4, 5, 6, ZoneOffset.MIN),
        ZoneId.of("Europe/Berlin"),
        ZonedDateTime.of(2024, 10, 27, 2, 30, 0, 0, ZoneId.of("Europe/Berlin")),
        Year.of(-44),
        YearMonth.of(2024, 2),
        MonthDay.of(2, 29));
  }

  @ParameterizedTest
  @MethodSource("values")
  void valuesComeBackEqual(Object value) throws CodecException {
    assertEquals(value, roundTrip(value));
    assertEquals(List.of(value), roundTrip(List.of(value)));
  }

  static Stream<Arguments> arrays() {
    return Stream.<Object>of(
            new boolean[] {true, false},
            new byte[] {1, -1},
            new char[] {'a', '\uFFFF'},
            new short[] {1, Short.MIN_VALUE},
            new int[] {1, Integer.MIN_VALUE},
            new long[] {Long.MIN_VALUE},
            new float[] {Float.NaN},
            new double[] {-0.0},
            new int[0],
            new String[] {"a", null},
            new Object[] {1, "x", null, new int[] {1}},
            new Point[] {new Point(1, 2), null})
        .map(array -> Arguments.of(array));
  }

  @ParameterizedTest
  @MethodSource("arrays")
  void arraysComeBackEqual(Object array) throws CodecException {
    Object read = roundTrip(array);
    assertSame(array.getClass(), read.getClass());
    assertEquals(Array.getLength(array), Array.getLength(read));
    assertTrue(Arrays.deepEquals(new Object[] {array}, new Object[] {read}));
  }

  @Test
  void collectionsKeepTheirClassAndOrder() throws CodecException {
    ArrayDeque<Object> deque = new ArrayDeque<>(List.of(3, 1, 2));
    assertEquals(List.of(3, 1, 2), List.copyOf((ArrayDeque<?>) roundTrip(deque)));
    assertSame(LinkedHashMap.class, roundTrip(new LinkedHashMap<>(Map.of(1, 2))).getClass());
    assertSame(TreeSet.class, roundTrip(new TreeSet<>(Set.of(1))).getClass());
    List<?> unmodifiable = (List<?>) roundTrip(List.of(1, 2));
    assertThrows(UnsupportedOperationException.class, unmodifiable::clear);
  }

  @Test
  void classesWithFieldsKeepThoseOfTheirSuperclassAndDropTransientOnes() throws CodecException {
    Node node = Node.of("root", 1.5, Node.of("leaf", -2), Node.of(null, 0));
    node.samples = new long[] {1, 2, 3};
    node.cached = 99;
    Node read = (Node) roundTrip(node);
    assertEquals(node, read);
    assertEquals(3, read.cached);
  }

  @Test
  void aBufferWithoutAnArrayOrWithAnOffsetIsReadAsWell() throws CodecException {
    byte[] body = codec.encode(List.of("one", "two"));
    ByteBuffer direct = ByteBuffer.allocateDirect(body.length + 7);
    direct.position(3).put(body).flip().position(3);
    ByteBuffer readOnly = ByteBuffer.wrap(body).asReadOnlyBuffer();
    ByteBuffer part = ByteBuffer.allocate(body.length + 9);
    part.position(4).put(body).flip().position(4);
    ByteBuffer slice = part.slice();
    for (ByteBuffer each : List.of(direct, readOnly, part, slice)) {
      assertEquals(List.of("one", "two"), codec.decode(each));
      assertFalse(each.hasRemaining());
    }
  }

  @Test
  void smallValuesMakeSmallBodies() throws CodecException {
    assertEquals(3, codec.encode(new Point(1, 2)).length);
    assertEquals(
        2 + 3 * 3, codec.encode(List.of(new Point(1, 2), new Point(3, 4), new Point(5, 6))).length);
    assertEquals(6, codec.encode("hello").length);
  }

  record Stranger(int x) {}

  @Test
  void anUnregisteredClassIsNamedWithTheCallToAdd() {
    CodecException e =
        assertThrows(
            CodecException.NotRegistered.class, () -> codec.encode(List.of(new Stranger(1))));
    assertEquals(
        "io.posthorn.codec.KryoCodecTest$Stranger is not registered: add .register(id,"
            + " Stranger.class) to the builder on both sides",
        e.getMessage());
    Object anonymous = new Object() {};
    Runnable lambda = () -> {};
    assertMessage("lambdas and proxies", () -> codec.encode(lambda));
    assertMessage("anonymous and local classes", () -> codec.encode(anonymous));
    assertMessage(
        "convert it to a class that is", () -> codec.encode(new java.util.PriorityQueue<>()));
    assertMessage("Stranger[] is not registered", () -> codec.encode(new Stranger[0]));
  }

  @Test
  void aCycleIsTooDeepAndNotAStackOverflow() {
    Node node = Node.of("cycle", 0);
    node.children.add(node);
    CodecException e = assertThrows(CodecException.TooDeep.class, () -> codec.encode(node));
    assertEquals(
        "objects nest deeper than 16: break a cycle (references are not sent), or raise maxDepth on"
            + " both sides",
        e.getMessage());
    List<Object> list = new ArrayList<>();
    list.add(list);
    assertThrows(CodecException.TooDeep.class, () -> codec.encode(list));
  }

  @Test
  void depthIsCountedTheSameOnBothSides() throws CodecException {
    for (int depth : new int[] {1, 2, 16, 256}) {
      KryoCodec<Object> exact = Sample.builder().maxDepth(depth).build();
      Object fits = 1;
      for (int i = 1; i < depth; i++) {
        fits = List.of(fits);
      }
      assertEquals(fits, exact.decode(ByteBuffer.wrap(exact.encode(fits))));
      Object tooDeep = List.of(fits);
      assertThrows(CodecException.TooDeep.class, () -> exact.encode(tooDeep));
      if (depth < 256) {
        KryoCodec<Object> deeper = Sample.builder().maxDepth(depth + 1).build();
        byte[] body = deeper.encode(tooDeep);
        assertThrows(CodecException.TooDeep.class, () -> exact.decode(ByteBuffer.wrap(body)));
      }
    }
  }

  @Test
  void whatTheOtherSideWouldRefuseIsRefusedWhenEncoding() throws CodecException {
    List<Point> points = IntStream.range(0, 1_000).mapToObj(i -> new Point(i, i)).toList();
    KryoCodec<Object> strict = Sample.builder().allocationAllowanceBytes(0).build();
    CodecException e = assertThrows(CodecException.TooLarge.class, () -> strict.encode(points));
    assertTrue(e.getMessage().contains("raise allocationAllowanceBytes"), e.getMessage());
    assertEquals(points, roundTrip(points));

    KryoCodec<Object> narrow = Sample.builder().maxBodyBytes(1_000).maxCollectionLength(10).build();
    assertThrows(CodecException.TooLarge.class, () -> narrow.encode("x".repeat(1_001)));
    assertThrows(CodecException.TooLarge.class, () -> narrow.encode("ä".repeat(501)));
    assertThrows(CodecException.TooLarge.class, () -> narrow.encode(new long[126]));
    assertThrows(CodecException.TooLarge.class, () -> narrow.encode(new Object[11]));
    assertThrows(CodecException.TooLarge.class, () -> narrow.encode(points.subList(0, 11)));
    assertEquals(
        points.subList(0, 10),
        narrow.decode(ByteBuffer.wrap(narrow.encode(points.subList(0, 10)))));
  }

  @Test
  void comparatorsAreNotSent() {
    TreeSet<String> set = new TreeSet<>(Comparator.reverseOrder());
    TreeMap<String, String> map = new TreeMap<>(Comparator.reverseOrder());
    assertThrows(CodecException.NotEncodable.class, () -> codec.encode(set));
    assertThrows(CodecException.NotEncodable.class, () -> codec.encode(map));
  }

  @Test
  void nullIsNoValue() {
    assertThrows(NullPointerException.class, () -> codec.encode(nothing()));
  }

  @SuppressWarnings("NullAway") // the point of the test
  private static Object nothing() {
    return null;
  }

  @Test
  void manyThreadsUseOneCodec() throws Exception {
    int threads = 4 * Runtime.getRuntime().availableProcessors();
    CountDownLatch start = new CountDownLatch(threads);
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Void>> futures = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int seed = t;
        Callable<Void> task =
            () -> {
              start.countDown();
              start.await();
              for (int i = 0; i < 500; i++) {
                Node node = Node.of("n" + seed + "." + i, i, Node.of("child" + seed, seed));
                assertEquals(node, roundTrip(node));
                assertThrows(
                    CodecException.class, () -> codec.decode(ByteBuffer.wrap(new byte[] {1})));
              }
              return null;
            };
        futures.add(executor.submit(task));
      }
      for (Future<Void> future : futures) {
        future.get();
      }
    } finally {
      executor.shutdown();
    }
  }

  private Object roundTrip(Object value) throws CodecException {
    return codec.decode(ByteBuffer.wrap(codec.encode(value)));
  }

  private static void assertMessage(String part, org.junit.jupiter.api.function.Executable call) {
    CodecException e = assertThrows(CodecException.class, call);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
