package io.posthorn.wire;

/**
 * Integers of 1, 2, 4 or 8 bytes (PROTOCOL.md §1.2, RFC 9000 §16).
 *
 * <pre>
 *  first two bits   bytes   largest value
 *       00            1     63
 *       01            2     16,383
 *       10            4     1,073,741,823
 *       11            8     2^62 - 1
 * </pre>
 *
 * <p>Written in the shortest form; read in any.
 */
public final class VarInt {
  /** Largest value: 2^62 - 1. */
  public static final long MAX_VALUE = (1L << 62) - 1;

  /** Answer of {@link #read} when bytes are missing. */
  public static final long TRUNCATED = -1;

  private static final long MAX_ONE_BYTE = 0x3f;
  private static final long MAX_TWO_BYTES = 0x3fff;
  private static final long MAX_FOUR_BYTES = 0x3fff_ffff;

  private VarInt() {}

  /**
   * Bytes that the shortest form of {@code value} takes: 1, 2, 4 or 8.
   *
   * @throws IllegalArgumentException if it is negative or above {@link #MAX_VALUE}
   */
  public static int length(long value) {
    if (value < 0 || value > MAX_VALUE) {
      throw new IllegalArgumentException(value + " is not in 0 to 2^62 - 1");
    }
    if (value <= MAX_ONE_BYTE) {
      return 1;
    }
    if (value <= MAX_TWO_BYTES) {
      return 2;
    }
    return value <= MAX_FOUR_BYTES ? 4 : 8;
  }

  /** Bytes of a varint that begins with this byte (only its low 8 bits count). */
  public static int lengthOfFirstByte(int b) {
    return 1 << ((b & 0xff) >>> 6);
  }

  /**
   * Writes the shortest form.
   *
   * @return bytes written
   * @throws IllegalArgumentException if it is negative or above {@link #MAX_VALUE}
   */
  public static int write(byte[] out, int at, long value) {
    int length = length(value);
    switch (length) {
      case 1 -> out[at] = (byte) value;
      case 2 -> BigEndian.putShort(out, at, (int) value | 0x4000);
      case 4 -> BigEndian.putInt(out, at, (int) value | 0x8000_0000);
      default -> BigEndian.putLong(out, at, value | 0xc000_0000_0000_0000L);
    }
    return length;
  }

  /**
   * Reads a varint from {@code in[at .. end)}.
   *
   * @return the value, or {@link #TRUNCATED}
   */
  public static long read(byte[] in, int at, int end) {
    if (at >= end) {
      return TRUNCATED;
    }
    int first = in[at];
    int length = lengthOfFirstByte(first);
    if (length > end - at) {
      return TRUNCATED;
    }
    return switch (length) {
      case 1 -> first & MAX_ONE_BYTE;
      case 2 -> BigEndian.getUnsignedShort(in, at) & MAX_TWO_BYTES;
      case 4 -> BigEndian.getInt(in, at) & MAX_FOUR_BYTES;
      default -> BigEndian.getLong(in, at) & MAX_VALUE;
    };
  }
}
