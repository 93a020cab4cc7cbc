package io.posthorn.cli;

import io.posthorn.Connection;
import io.posthorn.cli.session.SessionControl;
import java.io.IOException;

/**
 * When the echo of one {@code connect} is complete: after its last message came back to it, it is
 * told that there will be no more. For the thread that serves it.
 */
final class EchoEnd {
  private final Connection session;
  private long taken;
  private long echoed;
  private long expected = Long.MAX_VALUE;

  EchoEnd(Connection session) {
    this.session = session;
  }

  /**
   * A message of the session was dealt with.
   *
   * @param sentBack false if it was too large for that
   */
  void took(boolean sentBack) throws IOException {
    taken++;
    echoed += sentBack ? 1 : 0;
    tellIfComplete();
  }

  /** The session's input ended after so many messages. */
  void ended(SessionControl.End end) throws IOException {
    expected = end.messages();
    tellIfComplete();
  }

  private void tellIfComplete() throws IOException {
    if (taken >= expected) {
      expected = Long.MAX_VALUE;
      session.send(
          session
              .message()
              .channel(SessionControl.CONTROL_CHANNEL)
              .body(new SessionControl.End(echoed).toBytes()));
    }
  }
}
