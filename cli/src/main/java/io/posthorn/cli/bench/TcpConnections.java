package io.posthorn.cli.bench;

import java.net.Socket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The TCP connections of a server, each of which costs a thread: no more than so many, and none for
 * long that asks for no test. Safe for all threads.
 */
final class TcpConnections {
  /**
   * Within this a connection has to begin a test, or it is closed; in nanoseconds. A client opens
   * its streams one after the other before the first begins, which on a long way takes a while.
   */
  static final long SILENCE_NANOS = 120_000_000_000L;

  /** A connection that has begun a test: the test sees to its end. */
  private static final long SERVED = Long.MAX_VALUE;

  private final int most;
  private final Map<Socket, Long> since = new HashMap<>();

  /** None yet, and never more than so many. */
  TcpConnections(int most) {
    this.most = most;
  }

  /** Takes one more, in nanoseconds since any time; false if there are too many. */
  synchronized boolean add(Socket socket, long nowNanos) {
    if (since.size() >= most) {
      return false;
    }
    since.put(socket, nowNanos);
    return true;
  }

  /** A test has begun on a connection. */
  synchronized void onTest(Socket socket) {
    since.computeIfPresent(socket, (same, before) -> SERVED);
  }

  /** A connection is closed. */
  synchronized void remove(Socket socket) {
    since.remove(socket);
  }

  /** Those that asked for nothing for too long. */
  synchronized List<Socket> silent(long nowNanos) {
    List<Socket> silent = new ArrayList<>();
    since.forEach(
        (socket, openedNanos) -> {
          if (openedNanos != SERVED && nowNanos - openedNanos >= SILENCE_NANOS) {
            silent.add(socket);
          }
        });
    return silent;
  }

  /** All of them. */
  synchronized List<Socket> all() {
    return List.copyOf(since.keySet());
  }
}
