package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** FAULTS 61. Bodies that are not what their classes say: malformed, and told as such. */
class MalformedBodyTest extends HandwrittenBodies {
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
}
