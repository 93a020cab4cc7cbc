package io.posthorn.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Integers of fixed width in network byte order (PROTOCOL.md §1.1). The caller has checked the
 * length; an index outside the array is a fault of ours and throws {@link
 * IndexOutOfBoundsException}.
 */
public final class BigEndian {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private BigEndian() {}

  /** Two bytes, unsigned: 0 to 65,535. */
  public static int getUnsignedShort(byte[] in, int at) {
    return (short) SHORT.get(in, at) & 0xffff;
  }

  /** Four bytes. */
  public static int getInt(byte[] in, int at) {
    return (int) INT.get(in, at);
  }

  /** Eight bytes. */
  public static long getLong(byte[] in, int at) {
    return (long) LONG.get(in, at);
  }

  /** Writes the low two bytes of {@code value}. */
  public static void putShort(byte[] out, int at, int value) {
    SHORT.set(out, at, (short) value);
  }

  /** Writes four bytes. */
  public static void putInt(byte[] out, int at, int value) {
    INT.set(out, at, value);
  }

  /** Writes eight bytes. */
  public static void putLong(byte[] out, int at, long value) {
    LONG.set(out, at, value);
  }
}
