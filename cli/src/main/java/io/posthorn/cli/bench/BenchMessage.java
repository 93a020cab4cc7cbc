package io.posthorn.cli.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The messages of a test. Each begins alike:
 *
 * <pre>
 *  0      1      2      4        12            20              28
 *  +------+------+------+--------+-------------+---------------+~~~~~~~+
 *  | 0x50 | type |  0   | token  | sequence    | sent, nanos   | body  |   big-endian
 *  +------+------+------+--------+-------------+---------------+~~~~~~~+
 * </pre>
 *
 * <p>The sequence counts the data messages of a direction from 0; the time is of the sender's
 * clock, whose origin means nothing to others.
 */
final class BenchMessage {
  static final int HEADER_BYTES = 28;

  /** May this be? The body is a plan, padded so that no answer is larger. */
  static final byte REQUEST = 1;

  /** It may: here is a token. */
  static final byte READY = 2;

  /** It may not: the body says why. */
  static final byte REFUSED = 3;

  /** Begin: the token of READY, and the plan again, for nothing was kept of it. */
  static final byte START = 4;

  /** Begun. */
  static final byte STARTED = 5;

  /** One of many. */
  static final byte DATA = 6;

  /** No more data: the sequence says how many there were. */
  static final byte END = 7;

  /** What came of them: the body is a {@link FlowReport}. */
  static final byte REPORT = 8;

  /** Whoever says so is still there; each {@link #ALIVE_NANOS}, where nothing else shows it. */
  static final byte ALIVE = 9;

  static final long ALIVE_NANOS = 1_000_000_000L;

  /** The client wants no more data. */
  static final byte STOP = 10;

  private static final byte MAGIC = 0x50;
  private static final int TOKEN_AT = 4;
  private static final int SEQUENCE_AT = 12;
  private static final int SENT_AT = 20;
  private static final int PADDED_BYTES = 256;

  private BenchMessage() {}

  static byte[] control(byte type, long token, long sequence, byte... body) {
    byte[] message = new byte[HEADER_BYTES + body.length];
    write(message, type, token, sequence, 0);
    System.arraycopy(body, 0, message, HEADER_BYTES, body.length);
    return message;
  }

  /** A control message of at least the size of any answer to it. */
  static byte[] padded(byte type, long token, byte... body) {
    byte[] filled = Arrays.copyOf(body, Math.max(body.length, PADDED_BYTES - HEADER_BYTES));
    Arrays.fill(filled, body.length, filled.length, (byte) ' ');
    return control(type, token, 0, filled);
  }

  static boolean isPadded(byte[] message) {
    return message.length >= PADDED_BYTES && message.length <= 2 * PADDED_BYTES;
  }

  static byte[] refusal(String why) {
    byte[] text = why.getBytes(StandardCharsets.US_ASCII);
    return control(
        REFUSED, 0, 0, Arrays.copyOf(text, Math.min(text.length, PADDED_BYTES - HEADER_BYTES)));
  }

  static void write(byte[] message, byte type, long token, long sequence, long sentNanos) {
    ByteBuffer.wrap(message)
        .put(MAGIC)
        .put(type)
        .putShort((short) 0)
        .putLong(token)
        .putLong(sequence)
        .putLong(sentNanos);
  }

  /** The type, or 0 if these bytes are no message of a test. */
  static byte type(byte[] message) {
    return message.length >= HEADER_BYTES && message[0] == MAGIC ? message[1] : 0;
  }

  static long token(byte[] message) {
    return ByteBuffer.wrap(message).getLong(TOKEN_AT);
  }

  static long sequence(byte[] message) {
    return ByteBuffer.wrap(message).getLong(SEQUENCE_AT);
  }

  static long sentNanos(byte[] message) {
    return ByteBuffer.wrap(message).getLong(SENT_AT);
  }

  /** The body as text that no terminal obeys. */
  static String text(byte[] message) {
    return harmless(
        new String(
            message, HEADER_BYTES, message.length - HEADER_BYTES, StandardCharsets.US_ASCII));
  }

  static String harmless(String text) {
    return text.replaceAll("[^ -~]", "?").strip();
  }
}
