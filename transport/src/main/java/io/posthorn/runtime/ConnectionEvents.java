package io.posthorn.runtime;

/** Told of connections in order, on a thread of its own, never under a lock. */
public interface ConnectionEvents {
  /** A connection is open. */
  void opened(ConnectionRecord connection);

  /** A connection that was open ended. */
  void closed(ConnectionRecord connection);
}
