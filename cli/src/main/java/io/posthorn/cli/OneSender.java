package io.posthorn.cli;

import io.posthorn.Connection;
import io.posthorn.cli.session.Application;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which connection {@code listen --once} serves: the first that sends something. Others may come,
 * ping and leave; what they send is refused. Safe for all threads.
 */
final class OneSender {
  /** Commands that come to talk: one that leaves without a word is served too, if it is alone. */
  private final Set<Connection> talkers = new HashSet<>();

  private @Nullable Connection served;
  private boolean ended;

  /** A connection has opened; false if another is served. */
  synchronized boolean opened(Connection connection) {
    Application peer = Application.of(connection);
    if (peer == Application.CONNECT || peer == Application.SEND) {
      talkers.add(connection);
    }
    return served == null;
  }

  /** A connection has ended, and all that it brought is taken. */
  synchronized void closed(Connection connection) {
    boolean talker = talkers.remove(connection);
    if (served == null ? talker && talkers.isEmpty() : connection.equals(served)) {
      ended = true;
    }
  }

  /** A message has come; false if another connection is served. */
  synchronized boolean takes(Connection connection) {
    Connection before = served;
    if (before == null) {
      served = connection;
      return true;
    }
    return before.equals(connection);
  }

  /** Whether the one that is served has ended. */
  synchronized boolean isEnded() {
    return ended;
  }
}
