package io.posthorn.cli;

import java.nio.ByteBuffer;

/**
 * What a ping sends and hopes to see again, byte for byte.
 *
 * <pre>
 *  0        4           8                16
 *  +--------+-----------+----------------+~~~~~~~~+
 *  |  run   | sequence  | sent, nanos    | filler |   big-endian
 *  +--------+-----------+----------------+~~~~~~~~+
 * </pre>
 */
final class PingMessage {
  /** The smallest: its fields without filler. */
  static final int MINIMUM_BYTES = 16;

  /** {@link #sequence} of bytes that are no answer to this run. */
  static final int FOREIGN = -1;

  /** Answers to older ones count as foreign: nobody knows any more when those were sent. */
  private static final int REMEMBERED = 1 << 14;

  private final int run;
  private final int sizeBytes;
  private final long[] sentNanos = new long[REMEMBERED];
  private int newest;

  /**
   * The messages of one run.
   *
   * @param run tells this run from others that may use the same echo service
   * @param sizeBytes of each, {@link #MINIMUM_BYTES} or more
   */
  PingMessage(int run, int sizeBytes) {
    this.run = run;
    this.sizeBytes = sizeBytes;
  }

  /** The next message; sequences are given in turn, from 1 on. */
  byte[] make(int sequence, long nowNanos) {
    sentNanos[sequence % REMEMBERED] = nowNanos;
    newest = Math.max(newest, sequence);
    ByteBuffer message = ByteBuffer.allocate(sizeBytes);
    message.putInt(run).putInt(sequence).putLong(nowNanos);
    while (message.hasRemaining()) {
      message.put((byte) message.position());
    }
    return message.array();
  }

  /** Which one came back, or {@link #FOREIGN}. */
  int sequence(ByteBuffer answer) {
    if (answer.remaining() != sizeBytes || answer.getInt(answer.position()) != run) {
      return FOREIGN;
    }
    int at = answer.position();
    for (int i = MINIMUM_BYTES; i < sizeBytes; i++) {
      if (answer.get(at + i) != (byte) i) {
        return FOREIGN;
      }
    }
    int sequence = answer.getInt(at + Integer.BYTES);
    boolean known = sequence > Math.max(0, newest - REMEMBERED) && sequence <= newest;
    return known && sentNanos(answer) == sentNanos[sequence % REMEMBERED] ? sequence : FOREIGN;
  }

  /** When it was sent; of an answer that is not foreign. */
  static long sentNanos(ByteBuffer answer) {
    return answer.getLong(answer.position() + 2 * Integer.BYTES);
  }
}
