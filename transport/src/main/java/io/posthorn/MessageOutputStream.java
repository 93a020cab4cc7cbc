package io.posthorn;

import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;

/**
 * One message of any size, written as a stream in bounded memory: parts leave as they fill, and
 * {@link #write} waits when the peer does not keep up. {@link #close} ends the message, {@link
 * #abort} gives it up. Until then its channel takes no other message. For one thread at a time.
 *
 * <p>In plain mode the message is still one datagram: it leaves when the stream is closed.
 */
public final class MessageOutputStream extends OutputStream {
  /** The largest piece of an ordered message on the wire. */
  private static final int PART_BYTES = WireLimits.MAX_CHUNK_BYTES;

  private final PartSender sender;
  private final byte[] part = new byte[PART_BYTES];
  private int filled;
  private long writtenBytes;
  private boolean ended;

  /** Takes parts of one message. */
  interface PartSender {
    /**
     * Sends a part; waits for room.
     *
     * @return false if a part that is not full, nor the last, is to go with what follows
     */
    boolean send(byte[] part, boolean more, long writtenBytes) throws IOException;

    /** Gives the message up; never waits. */
    void abort();

    /** The stream has ended; its channel is free again. */
    void release();
  }

  MessageOutputStream(PartSender sender) {
    this.sender = sender;
  }

  @Override
  public void write(int oneByte) throws IOException {
    requireOpen();
    if (filled == PART_BYTES) {
      sendPart(true);
    }
    part[filled++] = (byte) oneByte;
    writtenBytes++;
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    Objects.checkFromIndexSize(from, length, bytes.length);
    requireOpen();
    int at = from;
    int end = from + length;
    while (at < end) {
      if (filled == PART_BYTES) {
        sendPart(true);
      }
      int count = Math.min(end - at, PART_BYTES - filled);
      System.arraycopy(bytes, at, part, filled, count);
      filled += count;
      writtenBytes += count;
      at += count;
    }
  }

  /**
   * Sends what was written so far, without waiting for a part to fill. To a peer that does not read
   * streams, but takes the message when it is whole, little goes with what follows once there were
   * very many such parts.
   */
  @Override
  public void flush() throws IOException {
    requireOpen();
    if (filled > 0) {
      sendPart(true);
    }
  }

  /**
   * Ends the message. A second call, or one after {@link #abort}, does nothing. If the last part
   * cannot be sent, as where an interrupt ends the waiting for room or the heap has none, the
   * message is given up.
   */
  @Override
  public void close() throws IOException {
    if (ended) {
      return;
    }
    ended = true;
    try {
      sendLastPart();
    } finally {
      sender.release();
    }
  }

  private void sendLastPart() throws IOException {
    boolean sent = false;
    try {
      sendPart(false);
      sent = true;
    } finally {
      if (!sent) {
        sender.abort(); // or the channel's next message would be taken for the rest of this one
      }
    }
  }

  /** Gives the message up: the receiver learns that what it has of it is not whole. */
  public void abort() throws IOException {
    if (ended) {
      return;
    }
    ended = true;
    try {
      sender.abort();
    } finally {
      sender.release();
    }
  }

  /** Bytes written so far. */
  public long writtenBytes() {
    return writtenBytes;
  }

  private void sendPart(boolean more) throws IOException {
    if (sender.send(Arrays.copyOf(part, filled), more, writtenBytes)) {
      filled = 0; // not before: who was interrupted may go on
    }
  }

  private void requireOpen() throws IOException {
    if (ended) {
      throw new IOException("the stream of this message is closed");
    }
  }
}
