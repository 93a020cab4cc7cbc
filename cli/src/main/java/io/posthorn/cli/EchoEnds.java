package io.posthorn.cli;

import io.posthorn.Connection;
import io.posthorn.cli.session.SessionControl;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * When the echo of each {@code connect} is complete: after its last message came back to it, it is
 * told that there will be no more. For the thread that serves.
 */
final class EchoEnds {
  private static final class Count {
    private long echoed;
    private long expected = Long.MAX_VALUE;
  }

  private final Map<Connection, Count> counts = new HashMap<>();

  /** A message of a session was sent back. */
  void echoed(Connection session) throws IOException {
    of(session).echoed++;
    tellIfComplete(session);
  }

  /** The session's input ended after so many messages. */
  void ended(Connection session, SessionControl.End end) throws IOException {
    of(session).expected = end.messages();
    tellIfComplete(session);
  }

  private Count of(Connection session) {
    counts.keySet().removeIf(one -> !one.isOpen());
    return counts.computeIfAbsent(session, one -> new Count());
  }

  private void tellIfComplete(Connection session) throws IOException {
    Count count = of(session);
    if (count.echoed >= count.expected) {
      counts.remove(session);
      session.send(
          session
              .message()
              .channel(SessionControl.CONTROL_CHANNEL)
              .body(new SessionControl.End(count.echoed).toBytes()));
    }
  }
}
