package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.esotericsoftware.kryo.io.Output;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * FAULTS 61. Each kind of hostile body by example: a typed error, and memory by the size of the
 * body.
 */
class HostileBodyTest {
  private static final int ARRAY_LIST = 80;
  private static final int ARRAY_DEQUE = 82;
  private static final int HASH_SET = 83;
  private static final int LINKED_HASH_SET = 84;
  private static final int TREE_SET = 85;
  private static final int HASH_MAP = 86;
  private static final int TREE_MAP = 88;
  private static final int AS_LIST = 89;
  private static final int UNMODIFIABLE_LIST = 90;
  private static final int UNMODIFIABLE_SET = 91;
  private static final int UNMODIFIABLE_MAP = 92;
  private static final int STRING = 1;

  private static final long ALLOWANCE_BYTES = 1024;

  private final KryoCodec<Object> codec =
      Sample.builder()
          .allocationAllowanceBytes(ALLOWANCE_BYTES)
          .maxCollectionLength(1 << 21)
          .maxBodyBytes(1 << 21)
          .build();

  @Test
  void anUnregisteredClassIdIsAnUnknownType() {
    CodecException e = refuse(CodecException.UnknownType.class, body(out -> id(out, 9_999)));
    assertEquals("class id 9999 is not registered on this side", e.getMessage());
    refuse(CodecException.UnknownType.class, body(out -> out.writeVarInt(-1, true)));
  }

  @Test
  void aGadgetNamedInTheBodyIsNotLookedFor() {
    byte[] body =
        body(
            out -> {
              out.writeVarInt(1, true); // Kryo's mark for a class by name
              out.writeVarInt(0, true);
              out.writeString("javax.script.ScriptEngineManager");
            });
    CodecException e = refuse(CodecException.UnknownType.class, body);
    assertTrue(e.getMessage().contains("names a class"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 15, 100})
  void fiveBytesThatDeclareAnArrayOf2ToThe31AllocateNothing(int arrayId) {
    for (int length :
        new int[] {Integer.MAX_VALUE, 2_000_000_000, -1, Integer.MIN_VALUE, 1 << 29}) {
      refuse(
          CodecException.TooLarge.class,
          body(
              out -> {
                id(out, arrayId);
                out.writeVarInt(length, true);
              }));
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        ARRAY_LIST,
        ARRAY_DEQUE,
        HASH_SET,
        LINKED_HASH_SET,
        TREE_SET,
        HASH_MAP,
        87,
        TREE_MAP,
        AS_LIST,
        UNMODIFIABLE_LIST,
        UNMODIFIABLE_SET,
        UNMODIFIABLE_MAP
      })
  void aCollectionOfAHugeDeclaredSizeAllocatesNothing(int collectionId) {
    for (int length : new int[] {Integer.MAX_VALUE, 1 << 20, -5}) {
      refuse(
          CodecException.TooLarge.class,
          body(
              out -> {
                id(out, collectionId);
                out.writeVarInt(length, true);
                out.writeInts(new int[8], 0, 8);
              }));
    }
  }

  @Test
  void aCollectionLongerThanTheLimitIsRefusedThoughItsBytesAreThere() {
    KryoCodec<Object> narrow = Sample.builder().maxCollectionLength(3).build();
    byte[] body = body(out -> nulls(out, ARRAY_LIST, 4));
    assertThrows(CodecException.TooLarge.class, () -> narrow.decode(ByteBuffer.wrap(body)));
  }

  @Test
  void aStringOfAHugeDeclaredLengthAllocatesNothing() {
    for (int length : new int[] {Integer.MAX_VALUE, 1 << 28, -3}) {
      refuse(
          CodecException.TooLarge.class,
          body(
              out -> {
                id(out, STRING);
                out.writeVarIntFlag(true, length, true);
                out.writeByte('x');
              }));
    }
  }

  @Test
  void aNumberOfAHugeDeclaredLengthAllocatesNothing() {
    refuse(
        CodecException.TooLarge.class,
        body(
            out -> {
              id(out, 98);
              out.writeVarInt(Integer.MAX_VALUE, true);
            }));
  }

  @Test
  void aDecimalWithATrapForAScaleIsMalformed() {
    refuse(
        CodecException.Malformed.class,
        body(
            out -> {
              id(out, 99);
              out.writeVarInt(1, true);
              out.writeByte(1);
              out.writeVarInt(Integer.MIN_VALUE, false);
            }));
  }

  @ParameterizedTest
  @ValueSource(ints = {ARRAY_LIST, ARRAY_DEQUE, AS_LIST, UNMODIFIABLE_LIST, HASH_SET, 73})
  void twoHundredThousandNestedListsAreTooDeep(int collectionId) {
    byte[] body =
        body(
            out -> {
              for (int i = 0; i < 200_000; i++) {
                id(out, collectionId);
                out.writeVarInt(1, true);
              }
              out.writeByte(0);
            });
    Class<? extends CodecException> expected =
        collectionId == HASH_SET ? CodecException.Malformed.class : CodecException.TooDeep.class;
    refuse(expected, body);
  }

  @Test
  void nestedOptionalsMapsAndRecordsAreTooDeep() {
    refuse(CodecException.TooDeep.class, body(out -> repeat(out, 100_000, o -> id(o, 93))));
    refuse(
        CodecException.TooDeep.class,
        body(
            out ->
                repeat(
                    out,
                    100_000,
                    o -> {
                      id(o, HASH_MAP);
                      o.writeVarInt(1, true);
                      o.writeByte(0);
                    })));
    refuse(
        CodecException.TooDeep.class,
        body(
            out ->
                repeat(
                    out,
                    10_000,
                    o -> {
                      id(o, 14);
                      o.writeByte(0x80);
                      id(o, ARRAY_LIST);
                      o.writeVarInt(1, true);
                    })));
  }

  @Test
  void aMegabyteOfNullsCostsFourMegabytes() throws CodecException {
    byte[] body = body(out -> nulls(out, ARRAY_LIST, 1_000_000));
    Object value = codec.decode(ByteBuffer.wrap(body));
    assertEquals(1_000_000, assertInstanceOf(List.class, value).size());
    assertBounded(body);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {ARRAY_LIST, ARRAY_DEQUE, HASH_SET, TREE_SET, HASH_MAP, TREE_MAP, AS_LIST, 92})
  void aMegabyteOfEmptyCollectionsGoesOverTheBudget(int collectionId) {
    byte[] body =
        body(
            out -> {
              id(out, ARRAY_LIST);
              out.writeVarInt(500_000, true);
              repeat(
                  out,
                  500_000,
                  o -> {
                    id(o, collectionId);
                    o.writeVarInt(0, true);
                  });
            });
    refuse(CodecException.TooLarge.class, body);
  }

  @Test
  void aMegabyteOfOneLetterStringsGoesOverTheBudget() {
    byte[] body =
        body(
            out -> {
              id(out, ARRAY_LIST);
              out.writeVarInt(300_000, true);
              repeat(
                  out,
                  300_000,
                  o -> {
                    id(o, STRING);
                    o.writeString("x");
                  });
            });
    refuse(CodecException.TooLarge.class, body);
  }

  @Test
  void aMegabyteOfSmallRecordsGoesOverTheBudget() {
    byte[] body =
        body(
            out -> {
              id(out, 15);
              out.writeVarInt(300_000, true);
              repeat(
                  out,
                  300_000,
                  o -> {
                    id(o, 10);
                    o.writeVarInt(1_000, false);
                    o.writeVarInt(1_000, false);
                  });
            });
    refuse(CodecException.TooLarge.class, body);
  }

  @Test
  void boxedNumbersGoOverTheBudget() {
    byte[] body =
        body(
            out -> {
              id(out, ARRAY_LIST);
              out.writeVarInt(200_000, true);
              repeat(
                  out,
                  200_000,
                  o -> {
                    id(o, 7);
                    o.writeVarLong(1_000, false);
                  });
            });
    refuse(CodecException.TooLarge.class, body);
  }

  @Test
  void keysThatShareOneHashCodeAreRefusedBeforeTheySlowTheTableDown() {
    for (int tableId : new int[] {HASH_SET, LINKED_HASH_SET, UNMODIFIABLE_SET, HASH_MAP, 87, 92}) {
      boolean map = tableId == HASH_MAP || tableId == 87 || tableId == 92;
      byte[] body =
          body(
              out -> {
                id(out, tableId);
                out.writeVarInt(50_000, true);
                for (int i = 0; i < 50_000; i++) {
                  id(out, 10); // 31 * x + y is the same for all
                  out.writeVarInt(i, false);
                  out.writeVarInt(-31 * i, false);
                  if (map) {
                    out.writeByte(0);
                  }
                }
              });
      KryoCodec<Object> rich = Sample.builder().allocationAllowanceBytes(64 << 20).build();
      CodecException e =
          assertThrows(CodecException.Malformed.class, () -> rich.decode(ByteBuffer.wrap(body)));
      assertTrue(e.getMessage().contains("share one hash code"), e.getMessage());
    }
  }

  @Test
  void asManyKeysMayShareAHashCodeAsTheLimitSays() throws CodecException {
    KryoCodec<Object> rich = Sample.builder().build();
    Set<Sample.Point> keys = new HashSet<>();
    for (int i = 0; i < 256; i++) {
      keys.add(new Sample.Point(i, -31 * i));
    }
    assertEquals(keys, rich.decode(ByteBuffer.wrap(rich.encode(keys))));
    keys.add(new Sample.Point(256, -31 * 256));
    byte[] body = rich.encode(keys);
    assertThrows(CodecException.Malformed.class, () -> rich.decode(ByteBuffer.wrap(body)));
  }

  @Test
  void bucketsThatBecomeTreesAreChargedForThem() throws CodecException {
    KryoCodec<Object> rich = Sample.builder().build();
    byte[] spread = numbers(20_000, i -> (1 << 28) + i);
    assertEquals(20_000, ((Set<?>) rich.decode(ByteBuffer.wrap(spread))).size());
    // the same but for the hash codes, whose low bits are all alike after HashMap has spread them
    byte[] crowded = numbers(20_000, i -> (i << 17) ^ (i << 17 >>> 16));
    ByteBuffer body = ByteBuffer.wrap(crowded);
    assertThrows(CodecException.TooLarge.class, () -> rich.decode(body));
    // the last doubling is made before it is charged
    long bound = 3 * (4L * crowded.length + (1 << 20)) / 2 + Allocation.REFUSAL_BYTES;
    Allocation.assertAtMost(bound, rich, crowded);
  }

  private static byte[] numbers(int count, IntUnaryOperator number) {
    return body(
        out -> {
          id(out, HASH_SET);
          out.writeVarInt(count, true);
          for (int i = 0; i < count; i++) {
            id(out, 0);
            out.writeVarInt(number.applyAsInt(i), false);
          }
        });
  }

  @Test
  void setsAndMapsInsideOfKeysAreRefused() {
    for (int inner : new int[] {HASH_SET, TREE_SET, HASH_MAP, TREE_MAP, UNMODIFIABLE_SET}) {
      refuse(
          CodecException.Malformed.class,
          body(
              out -> {
                id(out, HASH_SET);
                out.writeVarInt(1, true);
                id(out, ARRAY_LIST);
                out.writeVarInt(1, true);
                id(out, inner);
                out.writeVarInt(0, true);
              }));
      refuse(
          CodecException.Malformed.class,
          body(
              out -> {
                id(out, HASH_MAP);
                out.writeVarInt(1, true);
                id(out, inner);
                out.writeVarInt(0, true);
                out.writeByte(0);
              }));
    }
    assertThrows(CodecException.NotEncodable.class, () -> codec.encode(Set.of(Set.of(1))));
    assertThrows(CodecException.NotEncodable.class, () -> codec.encode(Map.of(Map.of(), 1)));
  }

  @Test
  void anElementOrKeyTwiceIsMalformed() {
    refuse(CodecException.Malformed.class, body(out -> nulls(out, HASH_SET, 2)));
    refuse(CodecException.Malformed.class, body(out -> nulls(out, HASH_MAP, 4)));
    refuse(CodecException.Malformed.class, body(out -> nulls(out, UNMODIFIABLE_MAP, 4)));
  }

  @Test
  void elementsThatCannotBeSortedAreMalformed() {
    refuse(CodecException.Malformed.class, body(out -> nulls(out, TREE_SET, 1)));
    refuse(
        CodecException.Malformed.class,
        body(
            out -> {
              id(out, TREE_SET);
              out.writeVarInt(2, true);
              id(out, STRING);
              out.writeString("a");
              id(out, 0);
              out.writeVarInt(1, false);
            }));
  }

  @Test
  void aNullWhereTheCollectionTakesNoneIsMalformed() {
    refuse(CodecException.Malformed.class, body(out -> nulls(out, ARRAY_DEQUE, 1)));
  }

  @Test
  void aStringWhereAPointIsDeclaredIsMalformed() {
    CodecException e =
        refuse(
            CodecException.Malformed.class,
            body(
                out -> {
                  id(out, 11);
                  id(out, STRING);
                  out.writeString("no point");
                }));
    assertTrue(e.getMessage().contains("Line.from"), e.getMessage());
    assertTrue(e.getMessage().contains("Point"), e.getMessage());
  }

  @Test
  void aNumberInAListOfNodesIsMalformedAndDoesNotReachTheApplication() {
    CodecException e =
        refuse(
            CodecException.Malformed.class,
            body(
                out -> {
                  id(out, 14);
                  out.writeString("name");
                  id(out, ARRAY_LIST);
                  out.writeVarInt(1, true);
                  id(out, 0);
                  out.writeVarInt(7, false);
                }));
    assertTrue(e.getMessage().contains("Node.children"), e.getMessage());
  }

  @Test
  void aWrongElementOfATypedArrayIsMalformed() {
    for (int arrayId : new int[] {72, 15}) {
      refuse(
          CodecException.Malformed.class,
          body(
              out -> {
                id(out, arrayId);
                out.writeVarInt(1, true);
                id(out, 0);
                out.writeVarInt(7, false);
              }));
    }
  }

  @Test
  void aConstantThatTheEnumDoesNotHaveIsMalformed() {
    for (int ordinal : new int[] {3, -1, Integer.MAX_VALUE}) {
      refuse(
          CodecException.Malformed.class,
          body(
              out -> {
                id(out, 12);
                out.writeVarInt(ordinal, true);
              }));
    }
  }

  @Test
  void valuesThatTheConstructorRefusesAreMalformed() {
    CodecException e =
        refuse(
            CodecException.Malformed.class,
            body(
                out -> {
                  id(out, 130);
                  out.writeVarInt(101, false);
                }));
    assertInstanceOf(IllegalArgumentException.class, e.getCause());
  }

  @Test
  void timesOutOfRangeAreMalformed() {
    for (int timeId : new int[] {105, 106, 107, 108, 112, 113, 114}) {
      refuse(
          CodecException.Malformed.class,
          body(
              out -> {
                id(out, timeId);
                out.writeVarLong(Long.MAX_VALUE, true);
                out.writeVarLong(Long.MAX_VALUE, true);
              }));
    }
  }

  @Test
  void aZoneWithAStrangeNameIsMalformed() {
    for (String name : new String[] {"", "No/Such", "x".repeat(65), "\u0000"}) {
      refuse(
          CodecException.Malformed.class,
          body(
              out -> {
                id(out, 110);
                out.writeString(name);
              }));
    }
  }

  @Test
  void textThatIsNotUtf8IsMalformedAndShowsNothingOfAnEarlierBody() throws CodecException {
    codec.decode(ByteBuffer.wrap(codec.encode("ö secret of another peer")));
    int[][] sequences = {{0x80}, {0xFF}, {0xC3, 0x28}, {0xC0, 0x80}, {0xE0, 0x80, 0x80}, {0xF0}};
    for (int[] bytes : sequences) {
      refuse(
          CodecException.Malformed.class,
          body(
              out -> {
                id(out, STRING);
                out.writeVarIntFlag(true, 1 + 1, true);
                for (int each : bytes) {
                  out.writeByte(each);
                }
              }));
    }
  }

  @Test
  void aNullWhereTheClassSaysStringIsMalformed() {
    refuse(
        CodecException.Malformed.class,
        body(
            out -> {
              id(out, STRING);
              out.writeByte(0x80);
            }));
  }

  @Test
  void anEmptyBodyIsTruncatedAndANullBodyMalformed() {
    refuse(CodecException.Truncated.class, new byte[0]);
    refuse(CodecException.Malformed.class, new byte[1]);
  }

  @Test
  void bytesAfterTheValueAreRefused() throws CodecException {
    byte[] body = codec.encode(new Sample.Point(1, 2));
    CodecException e =
        refuse(CodecException.TrailingBytes.class, Arrays.copyOf(body, body.length + 3));
    assertTrue(e.getMessage().startsWith("3 bytes follow"), e.getMessage());
  }

  @Test
  void aBodyOverTheLimitIsRefusedUnread() {
    KryoCodec<Object> narrow = Sample.builder().maxBodyBytes(100).build();
    CodecException e =
        assertThrows(CodecException.TooLarge.class, () -> narrow.decode(ByteBuffer.allocate(101)));
    assertTrue(e.getMessage().contains("the limit is 100"), e.getMessage());
  }

  @Test
  void anotherRegisteredClassThanTheRootIsAnUnknownType() throws CodecException {
    KryoCodec<Sample.Line> lines =
        KryoCodec.builder(Sample.Line.class)
            .register(10, Sample.Point.class)
            .register(11, Sample.Line.class)
            .build();
    byte[] point = codec.encode(new Sample.Point(1, 2));
    CodecException e =
        assertThrows(CodecException.UnknownType.class, () -> lines.decode(ByteBuffer.wrap(point)));
    assertTrue(e.getMessage().contains("Line is expected"), e.getMessage());
  }

  @Test
  void longTextsBeyondAsciiAreReadWithinTheirBound() throws CodecException {
    for (String text :
        List.of("—" + "x".repeat(900_000), "äöü".repeat(200_000), "漢字".repeat(150_000))) {
      byte[] body = codec.encode(text);
      assertEquals(text, codec.decode(ByteBuffer.wrap(body)));
      long bound = 4L * body.length + ALLOWANCE_BYTES + 2L * text.length();
      Allocation.assertAtMost(bound, codec, body);
    }
  }

  @Test
  void theCodecGoesOnAfterEachRefusal() throws CodecException {
    List<byte[]> bodies =
        new ArrayList<>(
            List.of(
                new byte[0],
                new byte[1],
                body(out -> id(out, 9_999)),
                body(out -> nulls(out, HASH_SET, 2)),
                body(out -> repeat(out, 100_000, o -> id(o, 93)))));
    bodies.add("garbage of all kinds".getBytes(StandardCharsets.UTF_8));
    Set<String> value = new HashSet<>(List.of("still", "here"));
    for (byte[] body : bodies) {
      assertThrows(CodecException.class, () -> codec.decode(ByteBuffer.wrap(body)));
      assertEquals(value, codec.decode(ByteBuffer.wrap(codec.encode(value))));
    }
  }

  private CodecException refuse(Class<? extends CodecException> expected, byte[] body) {
    ByteBuffer buffer = ByteBuffer.wrap(body);
    CodecException e = assertThrows(expected, () -> codec.decode(buffer));
    assertEquals(0, buffer.position(), "a refused body is not consumed");
    assertBounded(body);
    return e;
  }

  private void assertBounded(byte[] body) {
    long bound = 4L * body.length + ALLOWANCE_BYTES + Allocation.REFUSAL_BYTES;
    Allocation.assertAtMost(bound, codec, body);
  }

  private static byte[] body(Consumer<Output> writer) {
    Output out = new Output(512, -1);
    writer.accept(out);
    return out.toBytes();
  }

  private static void id(Output out, int classId) {
    out.writeVarInt(classId + 2, true);
  }

  private static void nulls(Output out, int collectionId, int count) {
    id(out, collectionId);
    boolean map = collectionId == HASH_MAP || collectionId == UNMODIFIABLE_MAP;
    out.writeVarInt(map ? count / 2 : count, true);
    for (int i = 0; i < count; i++) {
      out.writeByte(0);
    }
  }

  private static void repeat(Output out, int times, Consumer<Output> writer) {
    for (int i = 0; i < times; i++) {
      writer.accept(out);
    }
  }
}
