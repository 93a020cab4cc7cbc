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

  private final int run;
  private final int sizeBytes;

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

  byte[] make(int sequence, long sentNanos) {
    ByteBuffer message = ByteBuffer.allocate(sizeBytes);
    message.putInt(run).putInt(sequence).putLong(sentNanos);
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
    return sequence > 0 ? sequence : FOREIGN;
  }

  /** When it was sent; of an answer that is not foreign. */
  static long sentNanos(ByteBuffer answer) {
    return answer.getLong(answer.position() + 2 * Integer.BYTES);
  }
}
