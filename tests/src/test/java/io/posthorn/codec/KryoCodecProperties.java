package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.codec.Sample.Colour;
import io.posthorn.codec.Sample.Everything;
import io.posthorn.codec.Sample.Line;
import io.posthorn.codec.Sample.Node;
import io.posthorn.codec.Sample.Point;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Object graphs of all shapes come back; bodies of all shapes end in a value or a typed error. */
class KryoCodecProperties {
  private static final long ALLOWANCE_BYTES = 2 * 1024;

  private static final KryoCodec<Object> CODEC = Sample.builder().build();
  private static final KryoCodec<Object> STRICT =
      Sample.builder().allocationAllowanceBytes(ALLOWANCE_BYTES).build();

  @Property(tries = 300)
  void objectGraphsComeBackEqual(@ForAll("values") Object value) throws CodecException {
    byte[] body = CODEC.encode(value);
    ByteBuffer buffer = ByteBuffer.wrap(body);
    assertEquals(value, CODEC.decode(buffer));
    assertEquals(body.length, buffer.position());
  }

  @Property(tries = 300)
  void whatOneSideEncodesTheOtherReadsWithTheSameLimits(@ForAll("values") Object value) {
    byte[] body;
    try {
      body = STRICT.encode(value);
    } catch (CodecException tooLarge) {
      assertEquals(CodecException.TooLarge.class, tooLarge.getClass());
      return;
    }
    try {
      assertEquals(value, STRICT.decode(ByteBuffer.wrap(body)));
    } catch (CodecException e) {
      throw new AssertionError("encoded but refused", e);
    }
    assertBounded(body);
  }

  @Property(tries = 100)
  void everyTruncationIsRefused(@ForAll("values") Object value) throws CodecException {
    byte[] body = CODEC.encode(value);
    for (int length = 0; length < body.length; length++) {
      ByteBuffer part = ByteBuffer.wrap(body, 0, length);
      assertThrows(CodecException.class, () -> CODEC.decode(part));
    }
  }

  @Property(tries = 500)
  void mutatedBodiesEndInAValueOrATypedError(
      @ForAll("values") Object value,
      @ForAll @Size(min = 1, max = 4) List<@IntRange(max = 1 << 20) Integer> places,
      @ForAll byte with)
      throws CodecException {
    byte[] body = CODEC.encode(value);
    for (int place : places) {
      body[place % body.length] ^= with == 0 ? 1 : with;
    }
    assertOnlyTypedErrors(body);
    assertBounded(body);
  }

  @Property(tries = 1_000)
  void randomBytesEndInAValueOrATypedError(@ForAll("hostileBytes") byte[] body) {
    assertOnlyTypedErrors(body);
    assertBounded(body);
  }

  private static void assertOnlyTypedErrors(byte[] body) {
    for (KryoCodec<Object> codec : List.of(CODEC, STRICT)) {
      try {
        codec.decode(ByteBuffer.wrap(body));
      } catch (CodecException expected) {
        assertTrue(expected.getMessage() != null && !expected.getMessage().isEmpty());
      }
    }
  }

  private static void assertBounded(byte[] body) {
    // a string beyond ASCII passes through two bytes a character
    long bound = (4L + 2) * body.length + ALLOWANCE_BYTES + Allocation.REFUSAL_BYTES;
    Allocation.assertAtMost(bound, STRICT, body);
  }

  /** Bytes that often are a class id or a small length, so that they get past the first byte. */
  @Provide
  Arbitrary<byte[]> hostileBytes() {
    Arbitrary<Byte> likely =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(4, Arbitraries.bytes().between((byte) 0, (byte) 18)),
            net.jqwik.api.Tuple.of(4, Arbitraries.bytes().between((byte) 66, (byte) 116)),
            net.jqwik.api.Tuple.of(2, Arbitraries.bytes()));
    return likely.array(byte[].class).ofMaxSize(400);
  }

  @Provide
  Arbitrary<Object> values() {
    return value(3);
  }

  private static Arbitrary<Object> value(int depth) {
    Arbitrary<Object> leaf = leaf();
    if (depth == 0) {
      return leaf;
    }
    Arbitrary<Object> nested = Arbitraries.lazy(() -> value(depth - 1));
    return Arbitraries.oneOf(
        leaf,
        nested.list().ofMaxSize(5).map(ArrayList::new),
        nested.list().ofMaxSize(3).map(List::copyOf),
        nested.optional(),
        key().set().ofMaxSize(12).map(s -> s),
        Arbitraries.maps(key(), nested).ofMaxSize(12).map(HashMap::new),
        Arbitraries.maps(text(), nested).ofMaxSize(4).map(TreeMap::new),
        nested.list().ofMaxSize(3).map(l -> Arrays.asList(l.toArray())),
        everything(nested),
        node(depth));
  }

  private static Arbitrary<Object> everything(Arbitrary<Object> nested) {
    return Combinators.combine(
            text().list().ofMaxSize(4),
            Arbitraries.of(Colour.class).set().ofMaxSize(3),
            Arbitraries.maps(text(), Arbitraries.integers().list().ofMaxSize(3)).ofMaxSize(3),
            point().optional(),
            Arbitraries.longs().between(-1L << 40, 1L << 40),
            nested)
        .as(
            (words, colours, table, point, seconds, any) ->
                new Everything(
                    words,
                    colours,
                    table,
                    point,
                    Instant.ofEpochSecond(seconds, 7),
                    BigDecimal.valueOf(seconds, 3),
                    new UUID(seconds, ~seconds),
                    any));
  }

  private static Arbitrary<Object> node(int depth) {
    Arbitrary<Node> leaf =
        Combinators.combine(text().injectNull(0.2), Arbitraries.doubles())
            .as((name, weight) -> Node.of(name, weight));
    if (depth == 0) {
      return leaf.map(node -> node);
    }
    return leaf.list()
        .ofMaxSize(4)
        .map(
            children -> {
              Node node = Node.of("parent", depth, children.toArray(Node[]::new));
              node.samples = new long[] {depth, children.size()};
              return node;
            });
  }

  private static Arbitrary<Point> point() {
    return Combinators.combine(Arbitraries.integers(), Arbitraries.integers()).as(Point::new);
  }

  private static Arbitrary<String> text() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(40), Arbitraries.strings().ascii().ofMaxLength(40));
  }

  /** What may be in a hash table: anything without sets and maps. */
  private static Arbitrary<Object> key() {
    return Arbitraries.oneOf(leaf(), leaf().list().ofMaxSize(3).map(List::copyOf));
  }

  private static Arbitrary<Object> leaf() {
    return Arbitraries.oneOf(
        Arbitraries.integers().map(i -> i),
        Arbitraries.longs().map(l -> l),
        Arbitraries.doubles().map(d -> d),
        text().map(s -> s),
        point().map(p -> p),
        point().injectNull(0.3).map(p -> new Line(p, null, "label")),
        Arbitraries.of(Colour.class).map(c -> c),
        Arbitraries.integers().map(Optional::of),
        Arbitraries.bigIntegers().map(i -> i));
  }
}
