package io.posthorn.codec;

import com.esotericsoftware.kryo.Serializer;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The classes of the JDK that every codec has, under ids that never change: 0 to 8 are Kryo's own,
 * 64 to 127 are here and in the classes that this one adds.
 */
final class StandardClasses {
  static final int FIRST_ID = 64;
  static final int LAST_ID = 127;

  /** Powers of ten that a decimal may be scaled by: beyond, its arithmetic is a trap for memory. */
  private static final int SCALE_LIMIT = 1_000;

  /**
   * Powers of ten that a decimal may be scaled by where it is compared, and bytes of its digits: so
   * the powers that comparing takes are those that the JDK keeps, and not made for each anew.
   */
  private static final int COMPARED_SCALE_LIMIT = 100;

  private static final int COMPARED_DIGITS_BYTES = 64;

  private static final SortedMap<Integer, RegisteredClass> CLASSES = new TreeMap<>();

  static {
    primitives();
    arrays();
    StandardCollections.addTo(StandardClasses::add);
    values();
    TimeSerializers.addTo(StandardClasses::add);
  }

  private StandardClasses() {}

  /** All of them by id. */
  static Collection<RegisteredClass> all() {
    return Collections.unmodifiableCollection(CLASSES.values());
  }

  private static void add(int id, Class<?> type, Serializer<?> serializer) {
    RegisteredClass before = CLASSES.put(id, new RegisteredClass(id, type, serializer, "standard"));
    if (before != null) {
      throw new AssertionError("id " + id + " for " + before.type() + " and " + type);
    }
  }

  private static <T> void value(
      int id,
      Class<T> type,
      long costBytes,
      ValueSerializer.Writer<T> writer,
      ValueSerializer.Reader<T> reader) {
    add(id, type, new ValueSerializer<>(costBytes, writer, reader));
  }

  /** Kryo's ids. The JDK caches the boxes of small numbers, so those cost nothing. */
  private static void primitives() {
    add(
        0,
        int.class,
        new ValueSerializer<Integer>(
            0,
            (out, v) -> {
              out.meter().charge(boxBytes(v));
              out.writeVarInt(v, false);
            },
            in -> {
              int v = in.readVarInt(false);
              in.meter().charge(boxBytes(v));
              return v;
            }));
    value(
        1,
        String.class,
        0,
        (out, v) -> out.writeString(v),
        in -> {
          String text = in.readString();
          if (text == null) {
            throw new Refusal(new CodecException.Malformed("a string that is null by its length"));
          }
          return text;
        });
    add(
        2,
        float.class,
        new ValueSerializer<Float>(
            MemoryCost.object(4), (out, v) -> out.writeFloat(v), in -> in.readFloat()));
    add(
        3,
        boolean.class,
        new ValueSerializer<Boolean>(0, (out, v) -> out.writeBoolean(v), in -> in.readBoolean()));
    add(
        4,
        byte.class,
        new ValueSerializer<Byte>(0, (out, v) -> out.writeByte(v), in -> in.readByte()));
    add(
        5,
        char.class,
        new ValueSerializer<Character>(
            MemoryCost.object(2), (out, v) -> out.writeChar(v), in -> in.readChar()));
    add(
        6,
        short.class,
        new ValueSerializer<Short>(
            MemoryCost.object(2), (out, v) -> out.writeShort(v), in -> in.readShort()));
    add(
        7,
        long.class,
        new ValueSerializer<Long>(
            0,
            (out, v) -> {
              out.meter().charge(boxBytes(v));
              out.writeVarLong(v, false);
            },
            in -> {
              long v = in.readVarLong(false);
              in.meter().charge(boxBytes(v));
              return v;
            }));
    add(
        8,
        double.class,
        new ValueSerializer<Double>(
            MemoryCost.object(8), (out, v) -> out.writeDouble(v), in -> in.readDouble()));
  }

  private static long boxBytes(int value) {
    return value >= -128 && value <= 127 ? 0 : MemoryCost.object(4);
  }

  private static long boxBytes(long value) {
    return value >= -128 && value <= 127 ? 0 : MemoryCost.object(8);
  }

  /** Elements have a fixed width, so an array costs about its bytes on the wire. */
  private static void arrays() {
    array(
        64,
        boolean[].class,
        1,
        a -> a.length,
        BoundedInput::readBooleans,
        (o, a) -> o.writeBooleans(a, 0, a.length));
    array(65, byte[].class, 1, a -> a.length, BoundedInput::readBytes, (o, a) -> o.writeBytes(a));
    array(
        66,
        char[].class,
        2,
        a -> a.length,
        BoundedInput::readChars,
        (o, a) -> o.writeChars(a, 0, a.length));
    array(
        67,
        short[].class,
        2,
        a -> a.length,
        BoundedInput::readShorts,
        (o, a) -> o.writeShorts(a, 0, a.length));
    array(
        68,
        int[].class,
        4,
        a -> a.length,
        BoundedInput::readInts,
        (o, a) -> o.writeInts(a, 0, a.length));
    array(
        69,
        long[].class,
        8,
        a -> a.length,
        BoundedInput::readLongs,
        (o, a) -> o.writeLongs(a, 0, a.length));
    array(
        70,
        float[].class,
        4,
        a -> a.length,
        BoundedInput::readFloats,
        (o, a) -> o.writeFloats(a, 0, a.length));
    array(
        71,
        double[].class,
        8,
        a -> a.length,
        BoundedInput::readDoubles,
        (o, a) -> o.writeDoubles(a, 0, a.length));
    add(72, String[].class, new ObjectArraySerializer<>(String.class));
    add(73, Object[].class, new ObjectArraySerializer<>(Object.class));
  }

  /** Reads an array of a declared length, which the input checks and charges. */
  private interface ArrayReader<A> {
    A read(BoundedInput in, int length);
  }

  private interface ArrayLength<A> {
    int of(A array);
  }

  private static <A> void array(
      int id,
      Class<A> type,
      int elementBytes,
      ArrayLength<A> length,
      ArrayReader<A> reader,
      ValueSerializer.Writer<A> elements) {
    value(
        id,
        type,
        0,
        (out, array) -> {
          out.meter().charge(MemoryCost.array(length.of(array), elementBytes));
          out.writeVarInt(length.of(array), true);
          elements.write(out, array);
        },
        in -> reader.read(in, in.readVarInt(true)));
  }

  private static void values() {
    add(93, Optional.class, new OptionalSerializer());
    value(
        94,
        OptionalInt.class,
        MemoryCost.object(5),
        (out, v) -> {
          out.writeBoolean(v.isPresent());
          out.writeVarInt(v.orElse(0), false);
        },
        in -> {
          boolean present = in.readBoolean();
          int v = in.readVarInt(false);
          return present ? OptionalInt.of(v) : OptionalInt.empty();
        });
    value(
        95,
        OptionalLong.class,
        MemoryCost.object(9),
        (out, v) -> {
          out.writeBoolean(v.isPresent());
          out.writeVarLong(v.orElse(0), false);
        },
        in -> {
          boolean present = in.readBoolean();
          long v = in.readVarLong(false);
          return present ? OptionalLong.of(v) : OptionalLong.empty();
        });
    value(
        96,
        OptionalDouble.class,
        MemoryCost.object(9),
        (out, v) -> {
          out.writeBoolean(v.isPresent());
          out.writeDouble(v.orElse(0));
        },
        in -> {
          boolean present = in.readBoolean();
          double v = in.readDouble();
          return present ? OptionalDouble.of(v) : OptionalDouble.empty();
        });
    value(
        97,
        UUID.class,
        MemoryCost.object(16),
        (out, v) -> {
          out.writeLong(v.getMostSignificantBits());
          out.writeLong(v.getLeastSignificantBits());
        },
        in -> new UUID(in.readLong(), in.readLong()));
    value(98, BigInteger.class, 0, StandardClasses::writeInteger, StandardClasses::readInteger);
    value(
        99,
        BigDecimal.class,
        MemoryCost.object(20),
        (out, v) -> {
          BigInteger unscaled = v.unscaledValue();
          requireDecimal(out.meter(), v.scale(), unscaled);
          writeInteger(out, unscaled);
          out.writeVarInt(v.scale(), false);
        },
        in -> {
          BigInteger unscaled = readInteger(in);
          int scale = in.readVarInt(false);
          requireDecimal(in.meter(), scale, unscaled);
          return new BigDecimal(unscaled, scale);
        });
    value(
        100,
        BitSet.class,
        0,
        (out, v) -> {
          long[] words = v.toLongArray();
          out.meter().charge(MemoryCost.object(9) + 2 * MemoryCost.array(words.length, 8));
          out.writeVarInt(words.length, true);
          out.writeLongs(words, 0, words.length);
        },
        in -> {
          long[] words = in.readLongs(in.readVarInt(true));
          in.meter().charge(MemoryCost.object(9) + MemoryCost.array(words.length, 8));
          return BitSet.valueOf(words);
        });
  }

  private static void requireDecimal(Meter meter, int scale, BigInteger unscaled) {
    long most = meter.isCompared() ? COMPARED_SCALE_LIMIT : SCALE_LIMIT;
    if (Math.abs((long) scale) > most) {
      throw meter.refusal(
          "a decimal of scale "
              + scale
              + "; the limit is "
              + SCALE_LIMIT
              + ", in elements of sets and keys of maps "
              + COMPARED_SCALE_LIMIT);
    }
    if (meter.isCompared() && unscaled.bitLength() >= 8 * COMPARED_DIGITS_BYTES) {
      throw meter.refusal(
          "a decimal of more than "
              + COMPARED_DIGITS_BYTES
              + " bytes in an element of a set or a key of a map: use its text there");
    }
  }

  /** The magnitude is kept as ints, beside the bytes that it is made of. */
  private static long integerBytes(int length) {
    return MemoryCost.object(28) + 2 * MemoryCost.array(length, 1) + 8;
  }

  private static void writeInteger(BoundedOutput out, BigInteger value) {
    byte[] bytes = value.toByteArray();
    out.meter().charge(integerBytes(bytes.length));
    out.writeVarInt(bytes.length, true);
    out.writeBytes(bytes);
  }

  private static BigInteger readInteger(BoundedInput in) {
    byte[] bytes = in.readBytes(in.readVarInt(true));
    in.meter().charge(integerBytes(bytes.length) - MemoryCost.array(bytes.length, 1));
    return new BigInteger(bytes);
  }
}
