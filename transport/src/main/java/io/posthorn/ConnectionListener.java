package io.posthorn;

/**
 * Told about connections of a socket, in order, on a thread of its own that may wait.
 *
 * @see MessageSocket#onConnection(ConnectionListener)
 */
public interface ConnectionListener {
  /** A connection is open, by either side. */
  default void opened(Connection connection) {}

  /** A connection that was open ended. */
  default void closed(Connection connection, CloseReport report) {}
}
