package io.posthorn.cli.compare;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The messages that a comparison sends: each says which one it is and when it was due, and any
 * change to it can be seen.
 *
 * <pre>
 *  0        4                  8                      16
 *  +--------+------------------+----------------------+~~~~~~~~+
 *  | index  | CRC-32C of rest  | due, nanoseconds     | filler |   big-endian
 *  +--------+------------------+----------------------+~~~~~~~~+
 * </pre>
 *
 * <p>The checksum is over index, due time and filler. The filler differs from message to message,
 * so that no transport gains by compression and no mixed-up message looks right. An instance holds
 * a checksum engine and is for one thread; sender and receiver have one each.
 */
public final class TestMessage {
  /** The smallest message: index, checksum and due time without filler. */
  public static final int MINIMUM_BYTES = 16;

  /** What {@link #index} answers for bytes that are no whole message. */
  public static final int CORRUPTED = -1;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final int INDEX_AT = 0;
  private static final int CHECKSUM_AT = INDEX_AT + Integer.BYTES;
  private static final int DUE_AT = CHECKSUM_AT + Integer.BYTES;
  private static final int FILLER_AT = DUE_AT + Long.BYTES;

  private final int messageBytes;
  private final CRC32C checksum = new CRC32C();

  /**
   * A writer and reader of messages of one size.
   *
   * @param messageBytes the size of each message, {@link #MINIMUM_BYTES} or more
   * @throws IllegalArgumentException if the size is smaller
   */
  public TestMessage(int messageBytes) {
    if (messageBytes < MINIMUM_BYTES) {
      throw new IllegalArgumentException(
          "a message of "
              + messageBytes
              + " bytes cannot hold its number, due time and checksum: at least "
              + MINIMUM_BYTES);
    }
    this.messageBytes = messageBytes;
  }

  /**
   * Writes one message.
   *
   * @param into where, with room for the whole message behind the offset
   * @param offset where it begins
   * @param index which message, 0 or more
   * @param dueNanos when it was due, in nanoseconds after the start of the run
   */
  public void write(byte[] into, int offset, int index, long dueNanos) {
    INT.set(into, offset + INDEX_AT, index);
    LONG.set(into, offset + DUE_AT, dueNanos);
    long state = index * 0x9E3779B97F4A7C15L + 1;
    int end = offset + messageBytes;
    int at = offset + FILLER_AT;
    for (; at + Long.BYTES <= end; at += Long.BYTES) {
      state = nextFiller(state);
      LONG.set(into, at, state);
    }
    for (; at < end; at++) {
      state = nextFiller(state);
      into[at] = (byte) (state >>> 56);
    }
    INT.set(into, offset + CHECKSUM_AT, checksumOf(into, offset));
  }

  /**
   * Which message the bytes hold.
   *
   * @param from what arrived
   * @param offset where it begins
   * @param lengthBytes how long it is
   * @return the index; {@link #CORRUPTED} if length or checksum are wrong
   */
  public int index(byte[] from, int offset, int lengthBytes) {
    if (lengthBytes != messageBytes || from.length - offset < lengthBytes) {
      return CORRUPTED;
    }
    int index = (int) INT.get(from, offset + INDEX_AT);
    boolean whole = (int) INT.get(from, offset + CHECKSUM_AT) == checksumOf(from, offset);
    return whole && index >= 0 ? index : CORRUPTED;
  }

  /**
   * The size of each message.
   *
   * @return bytes
   */
  public int messageBytes() {
    return messageBytes;
  }

  private int checksumOf(byte[] bytes, int offset) {
    checksum.reset();
    checksum.update(bytes, offset + INDEX_AT, Integer.BYTES);
    checksum.update(bytes, offset + DUE_AT, messageBytes - DUE_AT);
    return (int) checksum.getValue();
  }

  /** One step of xorshift64: cheap, and never zero once started from an odd or non-zero state. */
  private static long nextFiller(long state) {
    long next = state == 0 ? 1 : state;
    next ^= next << 13;
    next ^= next >>> 7;
    next ^= next << 17;
    return next;
  }
}
