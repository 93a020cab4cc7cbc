package io.posthorn.cli.session;

import io.posthorn.Connection;
import io.posthorn.Message;
import java.io.IOException;

/** A session over a connection (cli/SESSIONS.md). */
public final class ReliableLine implements SessionLine {
  private static final int LARGEST_BYTES = 16 << 10;

  private final Connection connection;
  private final Application peer;
  private final Message.Draft draft;
  private long messagesSent;

  /** Over this connection, which is open. */
  public ReliableLine(Connection connection) {
    this(connection, connection.message());
  }

  /**
   * Over this connection, which is open, each message sent as the draft says: reliably, and not on
   * the channel of control.
   */
  public ReliableLine(Connection connection, Message.Draft draft) {
    this.connection = connection;
    this.draft = draft;
    peer = Application.of(connection);
  }

  @Override
  public int largestBytes() {
    return LARGEST_BYTES;
  }

  @Override
  public void send(byte[] bytes) throws IOException {
    connection.send(draft.body(bytes));
    messagesSent++;
  }

  @Override
  public boolean sendEnd() throws IOException {
    if (peer != Application.EXEC && peer != Application.LISTEN && peer != Application.CONNECT) {
      return false;
    }
    connection.send(
        connection
            .message()
            .channel(SessionControl.CONTROL_CHANNEL)
            .body(new SessionControl.End(messagesSent).toBytes()));
    return true;
  }

  @Override
  public Message receive() throws IOException {
    return connection.receive();
  }

  @Override
  public Application peer() {
    return peer;
  }
}
