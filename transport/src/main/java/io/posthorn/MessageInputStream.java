package io.posthorn;

import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.runtime.ConnectionRecord;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A message that arrives in parts. For one thread at a time. */
final class MessageInputStream extends InputStream {
  private final MessageSocket socket;
  private final InetSocketAddress from;
  private final @Nullable ConnectionRecord connection;
  private final int channel;

  private byte[] part;
  private int taken;
  private boolean more;
  private boolean aborted;

  /**
   * @param connection null if it has ended: then what is missing of the message never comes
   */
  MessageInputStream(
      MessageSocket socket, @Nullable ConnectionRecord connection, ReceivedMessage first) {
    this.socket = socket;
    this.connection = connection;
    from = first.from();
    channel = first.channel();
    part = first.body();
    more = first.more();
    aborted = first.aborted() || connection == null;
  }

  @Override
  public int read() throws IOException {
    return fill() ? part[taken++] & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    Objects.checkFromIndexSize(from, length, into.length);
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, part.length - taken);
    System.arraycopy(part, taken, into, from, count);
    taken += count;
    return count;
  }

  /** Bytes that can be read without waiting. */
  @Override
  public int available() {
    return part.length - taken;
  }

  /** Reads and discards the rest, for the channel has no other way to its next message. */
  @Override
  public void close() throws IOException {
    while (more && !aborted) {
      taken = part.length;
      if (!fill()) {
        return;
      }
    }
    taken = part.length;
  }

  /** Sees that a byte can be taken; false at the end of the message. */
  private boolean fill() throws IOException {
    while (taken == part.length) {
      ConnectionRecord at = connection;
      if (aborted || at == null) {
        throw new EOFException(
            from + " gave the message up or is gone: what was read of it is not whole");
      }
      if (!more) {
        return false;
      }
      ReceivedMessage next = socket.drivers().receivePart(at, channel);
      if (next == null) {
        throw ended(at);
      }
      part = next.body();
      taken = 0;
      more = next.more();
      aborted = next.aborted();
    }
    return true;
  }

  private IOException ended(ConnectionRecord at) throws IOException {
    socket.refusals().requireOpen();
    EndpointEvent.Closed end = at.closed();
    if (end == null) {
      throw new IllegalStateException("a part is missing although connection and socket are open");
    }
    return Endings.exception(end, socket.options());
  }
}
