package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * FAULTS 61. Each kind of hostile body by example: a typed error, and memory by the size of the
 * body.
 */
class HostileBodyTest extends HandwrittenBodies {
  /** With the limits as they are where none are set. */
  private final KryoCodec<Object> usual = Sample.builder().build();

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

  /**
   * FAULTS 61: comparing two decimals multiplies the one by ten to the difference of their scales,
   * and counts the digits of each by a power of ten as large. Two of half a megabyte take seconds.
   */
  @ParameterizedTest
  @ValueSource(ints = {TREE_SET, TREE_MAP, HASH_SET, HASH_MAP, UNMODIFIABLE_MAP})
  void decimalsThatAreDearToCompareAreNoKeys(int tableId) throws CodecException {
    BigInteger large = BigInteger.ONE.shiftLeft(8 * 64 - 1); // 65 bytes with its sign
    for (BigDecimal trap :
        List.of(new BigDecimal(large, 2), new BigDecimal("1E-101"), new BigDecimal("1E+101"))) {
      CodecException e = refuse(CodecException.Malformed.class, oneKey(tableId, trap));
      assertTrue(e.getMessage().contains("key"), e.getMessage());
      assertEquals(trap, codec.decode(ByteBuffer.wrap(codec.encode(trap))), "else it is taken");
    }
    for (BigDecimal fine :
        List.of(
            new BigDecimal(large.subtract(BigInteger.ONE), 2),
            new BigDecimal("1E-100"),
            new BigDecimal("-1E+100"))) {
      codec.decode(ByteBuffer.wrap(oneKey(tableId, fine)));
    }
  }

  /** A set or a map with one element, which stands inside of a list where it can. */
  private static byte[] oneKey(int tableId, BigDecimal key) {
    byte[] unscaled = key.unscaledValue().toByteArray();
    return body(
        out -> {
          id(out, tableId);
          out.writeVarInt(1, true);
          if (tableId == HASH_SET || tableId == HASH_MAP) {
            id(out, ARRAY_LIST);
            out.writeVarInt(1, true);
          }
          id(out, 99);
          out.writeVarInt(unscaled.length, true);
          out.writeBytes(unscaled);
          out.writeVarInt(key.scale(), false);
          out.writeByte(0); // the value, in a map
          if (tableId == TREE_SET || tableId == HASH_SET) {
            out.setPosition(out.position() - 1);
          }
        });
  }

  @Test
  void aDecimalThatIsNoKeyCannotBeSentAsOne() {
    BigDecimal trap = new BigDecimal("1E-101");
    for (Object value :
        List.of(
            new TreeSet<>(Set.of(trap)),
            new TreeMap<>(Map.of(trap, 1)),
            new HashSet<>(Set.of(trap)))) {
      assertThrows(CodecException.NotEncodable.class, () -> codec.encode(value));
    }
    assertDoesNotThrow(() -> codec.encode(new TreeMap<>(Map.of(1, trap))), "as a value it can");
  }

  /** FAULTS 61: depth. */
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

  /** FAULTS 61: allocation by the size of the body. */
  @Test
  void aMegabyteOfNullsCostsFourMegabytes() throws CodecException {
    byte[] body = body(out -> nulls(out, ARRAY_LIST, 1_000_000));
    Object value = codec.decode(ByteBuffer.wrap(body));
    assertEquals(1_000_000, assertInstanceOf(List.class, value).size());
    assertBounded(body);
  }

  /** FAULTS 61: with the limits as they are where none are set, not even the list is made. */
  @Test
  void aMegabyteOfNullsIsRefusedAtItsFirstFourBytesUnlessMoreIsAllowed() throws CodecException {
    byte[] body = body(out -> nulls(out, ARRAY_LIST, 1_000_000));
    assertThrows(CodecException.TooLarge.class, () -> usual.decode(ByteBuffer.wrap(body)));
    Allocation.assertAtMost(Allocation.REFUSAL_BYTES, usual, body);
    byte[] most = body(out -> nulls(out, ARRAY_LIST, 65_536));
    Object value = usual.decode(ByteBuffer.wrap(most));
    assertEquals(65_536, assertInstanceOf(List.class, value).size());
    byte[] over = body(out -> nulls(out, ARRAY_LIST, 65_537));
    assertThrows(CodecException.TooLarge.class, () -> usual.decode(ByteBuffer.wrap(over)));
  }

  /** FAULTS 61: where no limits are set, four times the size of the body and 1 MiB. */
  @Test
  void withTheUsualLimitsABodyMayTakeFourTimesItsSizeAndOneMebibyte() throws CodecException {
    int count = 50_000;
    while (emptyListsCostBytes(count + 1) <= 4 * (4 + 2 * (count + 1)) + (1 << 20)) {
      count++;
    }
    byte[] most = emptyLists(count);
    assertEquals(4 + 2 * count, most.length);
    assertEquals(count, ((List<?>) usual.decode(ByteBuffer.wrap(most))).size());
    long bound = 4L * most.length + (1 << 20);
    Allocation.assertAtMost(bound + Allocation.REFUSAL_BYTES, usual, most);
    byte[] over = emptyLists(count + 1);
    assertThrows(CodecException.TooLarge.class, () -> usual.decode(ByteBuffer.wrap(over)));
  }

  private static byte[] emptyLists(int count) {
    return body(
        out -> {
          id(out, ARRAY_LIST);
          out.writeVarInt(count, true);
          repeat(
              out,
              count,
              o -> {
                id(o, ARRAY_LIST);
                o.writeVarInt(0, true);
              });
        });
  }

  /** As they lie in memory: each list with its fields, and the array of the one that has any. */
  private static long emptyListsCostBytes(int count) {
    return (count + 1) * MemoryCost.object(12) + MemoryCost.array(count, 4);
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
}
