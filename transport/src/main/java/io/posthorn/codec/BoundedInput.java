package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Kryo's input over one body, which can neither run past its end nor allocate by a declared length
 * before that length was held against the bytes that remain. Strings are read here and not by Kryo,
 * which allocates first and lets malformed UTF-8 show characters of an earlier body.
 */
final class BoundedInput extends Input {
  /** Room for characters that is kept between bodies. */
  private static final int KEPT_CHARS = 32 * 1024;

  /** ASCII strings up to this length go through {@link #ascii}; the writer's longest has 32. */
  private static final int ASCII_CHARS = 64;

  private static final byte[] NO_BYTES = {};

  private final Meter meter;
  private final byte[] ascii = new byte[ASCII_CHARS];

  BoundedInput(Meter meter) {
    this.meter = meter;
  }

  /** The input that a serializer of this package is given. */
  static BoundedInput of(Input input) {
    if (input instanceof BoundedInput bounded) {
      return bounded;
    }
    throw new Refusal(
        new CodecException.Malformed(
            "a serializer read a nested value from an input other than the one it was given"));
  }

  /** Lets go of the body. */
  void forget() {
    setBuffer(NO_BYTES);
  }

  Meter meter() {
    return meter;
  }

  int remaining() {
    return limit - position;
  }

  /** Reads a nested object of any registered class, or null. */
  @Nullable Object readNested(Kryo kryo) {
    meter.requireDepth(kryo.getDepth());
    return kryo.readClassAndObject(this);
  }

  /** Reads how many elements follow, each of which takes at least so many bytes. */
  int readCollectionLength(int bytesPerElement) {
    int length = readVarInt(true);
    requireRoom(length, bytesPerElement);
    meter.requireCollectionLength(length);
    return length;
  }

  private void requireRoom(int length, int bytesPerElement) {
    if (length < 0 || (long) length * bytesPerElement > remaining()) {
      throw new Refusal(
          new CodecException.TooLarge(
              "a declared length of "
                  + Integer.toUnsignedString(length)
                  + " elements where "
                  + remaining()
                  + " bytes remain"));
    }
  }

  private void requireArray(int length, int wireBytes, int memoryBytes) {
    requireRoom(length, wireBytes);
    meter.charge(MemoryCost.array(length, memoryBytes));
  }

  @Override
  protected int require(int required) {
    int remaining = limit - position;
    if (required > remaining) {
      throw truncated();
    }
    return remaining;
  }

  @Override
  protected int optional(int optional) {
    int remaining = limit - position;
    return remaining == 0 ? -1 : Math.min(remaining, optional);
  }

  private static Refusal truncated() {
    return new Refusal(new CodecException.Truncated("the body ends inside of a value"));
  }

  @Override
  public void skip(int count) {
    requireRoom(count, 1);
    position += count;
  }

  @Override
  public long skip(long count) {
    skip((int) Math.max(-1, Math.min(Integer.MAX_VALUE, count)));
    return count;
  }

  @Override
  public byte[] readBytes(int length) {
    requireArray(length, Byte.BYTES, Byte.BYTES);
    return super.readBytes(length);
  }

  @Override
  public boolean[] readBooleans(int length) {
    requireArray(length, 1, 1);
    return super.readBooleans(length);
  }

  @Override
  public char[] readChars(int length) {
    requireArray(length, Character.BYTES, Character.BYTES);
    return super.readChars(length);
  }

  @Override
  public short[] readShorts(int length) {
    requireArray(length, Short.BYTES, Short.BYTES);
    return super.readShorts(length);
  }

  @Override
  public int[] readInts(int length) {
    requireArray(length, Integer.BYTES, Integer.BYTES);
    return super.readInts(length);
  }

  @Override
  public int[] readInts(int length, boolean optimizePositive) {
    if (!varEncoding) {
      return readInts(length);
    }
    requireArray(length, 1, Integer.BYTES);
    return super.readInts(length, optimizePositive);
  }

  @Override
  public long[] readLongs(int length) {
    requireArray(length, Long.BYTES, Long.BYTES);
    return super.readLongs(length);
  }

  @Override
  public long[] readLongs(int length, boolean optimizePositive) {
    if (!varEncoding) {
      return readLongs(length);
    }
    requireArray(length, 1, Long.BYTES);
    return super.readLongs(length, optimizePositive);
  }

  @Override
  public float[] readFloats(int length) {
    requireArray(length, Float.BYTES, Float.BYTES);
    return super.readFloats(length);
  }

  @Override
  public double[] readDoubles(int length) {
    requireArray(length, Double.BYTES, Double.BYTES);
    return super.readDoubles(length);
  }

  @Override
  public @Nullable StringBuilder readStringBuilder() {
    String text = readString();
    if (text == null) {
      return null;
    }
    meter.charge(MemoryCost.utf16(text.length() + 16));
    return new StringBuilder(text);
  }

  /**
   * Reads what {@link com.esotericsoftware.kryo.io.Output#writeString} wrote: either ASCII whose
   * last byte has its high bit set, or a count of UTF-16 units and each of them in one to three
   * bytes.
   */
  @Override
  public @Nullable String readString() {
    if (!readVarIntFlag()) {
      return readAscii();
    }
    int declared = readVarIntFlag(true);
    if (declared == 0) {
      return null;
    }
    int count = declared < 0 ? declared : declared - 1;
    requireRoom(count, 1);
    if (count == 0) {
      return "";
    }
    if (isAscii(count)) {
      meter.charge(MemoryCost.latin1(count));
      String text = new String(buffer, position, count, StandardCharsets.ISO_8859_1);
      position += count;
      return text;
    }
    meter.charge(MemoryCost.utf16(count));
    return readUtf8(count);
  }

  private boolean isAscii(int count) {
    for (int i = position; i < position + count; i++) {
      if (buffer[i] < 0) {
        return false;
      }
    }
    return true;
  }

  private String readAscii() {
    int end = position;
    while (end < limit && buffer[end] >= 0) {
      end++;
    }
    if (end == limit) {
      throw truncated();
    }
    int before = end - position;
    char last = (char) (buffer[end] & 0x7F);
    String text;
    if (before < ASCII_CHARS) {
      meter.charge(MemoryCost.latin1(before + 1));
      System.arraycopy(buffer, position, ascii, 0, before);
      ascii[before] = (byte) last;
      text = new String(ascii, 0, before + 1, StandardCharsets.ISO_8859_1);
    } else {
      meter.charge(2 * MemoryCost.latin1(before + 1));
      text = new String(buffer, position, before, StandardCharsets.ISO_8859_1) + last;
    }
    position = end + 1;
    return text;
  }

  /**
   * Each UTF-16 unit on its own, so unpaired surrogates survive. The characters go through an array
   * that is kept for later bodies up to {@link #KEPT_CHARS}.
   */
  private String readUtf8(int count) {
    char[] units = chars;
    if (units.length < count) {
      units = new char[Math.max(count, Math.min(KEPT_CHARS, count * 2))];
      if (units.length <= KEPT_CHARS) {
        chars = units;
      }
    }
    for (int i = 0; i < count; i++) {
      int first = readByteUnsigned();
      if (first < 0x80) {
        units[i] = (char) first;
      } else if (first >> 5 == 0b110) {
        units[i] = unit((first & 0x1F) << 6 | continuation(), 0x80);
      } else if (first >> 4 == 0b1110) {
        int high = (first & 0x0F) << 12 | continuation() << 6;
        units[i] = unit(high | continuation(), 0x800);
      } else {
        throw malformedText();
      }
    }
    return new String(units, 0, count);
  }

  private int continuation() {
    int next = readByteUnsigned();
    if (next >> 6 != 0b10) {
      throw malformedText();
    }
    return next & 0x3F;
  }

  /** Refuses a unit in more bytes than it needs: one text has one encoding. */
  private static char unit(int value, int least) {
    if (value < least) {
      throw malformedText();
    }
    return (char) value;
  }

  private static Refusal malformedText() {
    return new Refusal(new CodecException.Malformed("a string that is not UTF-8"));
  }
}
