package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Small ordered messages on their way from the application's threads to one channel of one
 * connection. A sender appends here, encoded as the channel's stream has it, and goes on; whoever
 * holds the socket's lock moves all of them on at once.
 *
 * <p><b>What guards what.</b> {@code append} guards the buffer that is being filled; under it
 * nobody waits, seals or makes a system call. What was taken out and did not fit the send buffer
 * ({@code rest}) belongs to the holder of the socket's lock. The two are taken in this order:
 * socket's lock, append lock.
 */
final class SendLane {
  private static final byte[] NONE = new byte[0];

  enum Appended {
    /** It waits, and so did others: somebody is on the way. */
    BEHIND_OTHERS,
    /** It waits, and somebody must be told. */
    FIRST,
    /** The sender must wait. */
    FULL,
    /** The connection takes no more. */
    CLOSED
  }

  final long connection;
  final InetSocketAddress peer;
  final int channel;
  private final LaneBuffers buffers;
  private final ShortLock append = new ShortLock();
  private byte[] filling = NONE;
  private int filled;

  /** What waited of late when it was taken out, so that a burst does not grow from the least. */
  private int usual;

  private int messages;
  private boolean announced;
  private boolean refusing;
  private boolean closed;

  // With the socket's lock.
  private byte[] rest = NONE;
  private int restFrom;
  private int restTo;
  private boolean isGone;
  boolean isBlocked;

  /** Whether it was taken from the chain while it was blocked, and counts as announced since. */
  boolean isSkipped;

  /** The lane announced before this one; see {@link SendLanes}. */
  @Nullable SendLane announcedBefore;

  SendLane(long connection, InetSocketAddress peer, int channel, LaneBuffers buffers) {
    this.connection = connection;
    this.peer = peer;
    this.channel = channel;
    this.buffers = buffers;
  }

  /** The largest message: one chunk of the stream; in plain mode one datagram. */
  int mostBytes() {
    return connection == Endpoint.NO_CONNECTION
        ? WireLimits.MAX_DATAGRAM_BYTES
        : WireLimits.MAX_CHUNK_BYTES;
  }

  /** Appends a copy of what remains in {@code body}, at most {@link #mostBytes}. */
  Appended append(ByteBuffer body) {
    int length = body.remaining();
    int header = VarInt.length(length * 2L);
    append.lock();
    try {
      if (closed) {
        return Appended.CLOSED;
      }
      if (refusing) {
        return Appended.FULL;
      }
      if (filled + header + length > filling.length && !enlarge(filled + header + length)) {
        return Appended.FULL;
      }
      VarInt.write(filling, filled, length * 2L);
      body.get(body.position(), filling, filled + header, length);
      filled += header + length;
      messages++;
      boolean first = !announced;
      announced = true;
      return first ? Appended.FIRST : Appended.BEHIND_OTHERS;
    } finally {
      append.unlock();
    }
  }

  private boolean enlarge(int wanted) {
    if (wanted > LaneBuffers.MOST_BYTES) {
      return false;
    }
    byte[] larger = buffers.take(Math.max(wanted, usual));
    if (larger == null && wanted < usual) {
      larger = buffers.take(wanted);
    }
    if (larger == null) {
      return false;
    }
    System.arraycopy(filling, 0, larger, 0, filled);
    if (filling.length > 0) {
      buffers.give(filling);
    }
    filling = larger;
    return true;
  }

  /**
   * Moves what waits to the endpoint; with the socket's lock.
   *
   * @param beyondLimit whether to move all even if the send buffer is full
   * @return whether all is gone; if not, the send buffer is full
   */
  boolean drain(Endpoint endpoint, boolean beyondLimit, long now) {
    while (true) {
      if (restFrom < restTo && !moveRest(endpoint, beyondLimit, now)) {
        return isGone; // what is left is counted by the end of the connection
      }
      append.lock();
      try {
        if (filled == 0) {
          return true;
        }
        usual = Math.max(filled, usual / 2);
        rest = filling;
        restFrom = 0;
        restTo = filled;
        filling = NONE;
        filled = 0;
        messages = 0;
      } finally {
        append.unlock();
      }
    }
  }

  private boolean moveRest(Endpoint endpoint, boolean beyondLimit, long now) {
    int moved =
        endpoint.sendRun(connection, peer, channel, rest, restFrom, restTo, beyondLimit, now);
    if (moved < 0) {
      close();
      isGone = true;
      return false;
    }
    restFrom = moved;
    if (restFrom < restTo) {
      return false;
    }
    buffers.give(rest);
    rest = NONE;
    return true;
  }

  /** It was taken from the chain: the next message announces it again. */
  void unannounce() {
    append.lock();
    try {
      announced = false;
    } finally {
      append.unlock();
    }
  }

  /** Whether senders must wait, for the send buffer behind is full. */
  void refuse(boolean full) {
    append.lock();
    try {
      refusing = full;
    } finally {
      append.unlock();
    }
  }

  /** Takes no more; with the socket's lock. */
  void close() {
    append.lock();
    try {
      closed = true;
    } finally {
      append.unlock();
    }
  }

  boolean isClosed() {
    append.lock();
    try {
      return closed;
    } finally {
      append.unlock();
    }
  }

  /** Forgets what waits and answers how many messages that was; after {@link #close}. */
  long abandon() {
    long lost = 0;
    append.lock();
    try {
      lost += messages;
      if (filling.length > 0) {
        buffers.give(filling);
      }
      filling = NONE;
      filled = 0;
      messages = 0;
    } finally {
      append.unlock();
    }
    for (int at = restFrom; at < restTo; lost++) {
      int header = VarInt.lengthOfFirstByte(rest[at]);
      at += header + (int) (VarInt.read(rest, at, at + header) >>> 1);
    }
    if (rest.length > 0) {
      buffers.give(rest);
    }
    rest = NONE;
    restFrom = 0;
    restTo = 0;
    return lost;
  }
}
