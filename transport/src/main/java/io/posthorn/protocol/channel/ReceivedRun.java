package io.posthorn.protocol.channel;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Whole messages of one ordered channel, lent where they lie in the channel's ring; in plain mode
 * datagrams, each of a sender of its own. Reused from run to run; the bytes stay as they are until
 * the run is ended.
 */
public final class ReceivedRun {
  /** Messages lent at once. */
  private static final int LIMIT = 512;

  private static final byte[] NONE = new byte[0];

  private final int[] at = new int[LIMIT];
  private final int[] lengths = new int[LIMIT];
  private byte[] ring = NONE;
  private byte[] joined = NONE;
  private long connection;
  private @Nullable InetSocketAddress from;

  /** Of each message, where they are not all of one sender. */
  private @Nullable InetSocketAddress @Nullable [] senders;

  private int channel;
  private int count;
  private int wrapped;
  private long endOffset;

  /** Makes an empty one. */
  public ReceivedRun() {}

  /** Begins anew, with messages of one channel that lie in this array. */
  public void begin(int number, byte[] bytes) {
    channel = number;
    ring = bytes;
    from = null;
    count = 0;
    wrapped = -1;
  }

  boolean isFull() {
    return count == LIMIT;
  }

  void add(long offset, int length) {
    int from = (int) offset & (ring.length - 1);
    if (from + length > ring.length) {
      join(from, length);
    }
    at[count] = from;
    lengths[count] = length;
    count++;
  }

  /** Adds a datagram in plain mode, which lies in one piece. */
  public void add(int begin, int length, InetSocketAddress sender) {
    InetSocketAddress[] of = senders;
    if (of == null) {
      of = new InetSocketAddress[LIMIT];
      senders = of;
    }
    of[count] = sender;
    at[count] = begin;
    lengths[count] = length;
    count++;
  }

  /** Adds a message that is put together in the array answered, from index 0 on. */
  byte[] addJoined(int length) {
    if (joined.length < length) {
      joined = new byte[length];
    }
    wrapped = count;
    at[count] = 0;
    lengths[count] = length;
    count++;
    return joined;
  }

  /** The one message that begins at the end of the ring and goes on at its beginning. */
  private void join(int from, int length) {
    if (joined.length < length) {
      joined = new byte[length];
    }
    int head = ring.length - from;
    System.arraycopy(ring, from, joined, 0, head);
    System.arraycopy(ring, 0, joined, head, length - head);
    wrapped = count;
  }

  void end(long offset) {
    endOffset = offset;
  }

  long endOffset() {
    return endOffset;
  }

  /** Notes whose messages all of these are. */
  public void by(long handle, InetSocketAddress sender) {
    connection = handle;
    from = sender;
  }

  /** The connection's handle. */
  public long connection() {
    return connection;
  }

  /** The sender of a message. */
  public InetSocketAddress sender(int index) {
    InetSocketAddress[] of = senders;
    InetSocketAddress sender = from != null || of == null ? from : of[index];
    if (sender == null) {
      throw new IllegalStateException("nothing was lent");
    }
    return sender;
  }

  /** Which channel. */
  public int channel() {
    return channel;
  }

  /** How many messages. */
  public int count() {
    return count;
  }

  /** The array that a message lies in. */
  public byte[] bytes(int index) {
    return index == wrapped ? joined : ring;
  }

  /** Where it begins there. */
  public int from(int index) {
    return index == wrapped ? 0 : at[index];
  }

  /** Its length in bytes. */
  public int length(int index) {
    return lengths[index];
  }
}
