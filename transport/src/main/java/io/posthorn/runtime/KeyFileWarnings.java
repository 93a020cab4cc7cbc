package io.posthorn.runtime;

import io.posthorn.Security;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.wire.CloseReason;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Warns that a file of keys cannot be relied on any more, and so nobody is let in: the peers that
 * are refused cannot know that, and whoever runs this side sees nothing of them. Looked at only
 * when a peer was refused, and told once until there is something else to say.
 */
final class KeyFileWarnings {
  private final SocketLoop loop;
  private final Security security;
  private final AtomicReference<@Nullable String> told = new AtomicReference<>();

  KeyFileWarnings(SocketLoop loop) {
    this.loop = loop;
    security = loop.endpoint.security();
  }

  /** A connection has ended; called under the socket's lock. */
  void onClosed(EndpointEvent.Closed event) {
    if (event.reason() == CloseReason.IDENTITY && !event.byPeer()) {
      loop.later(this::look);
    }
  }

  private void look() {
    String wrong = null;
    try {
      security.check();
    } catch (IOException | IllegalStateException unreliable) {
      wrong = unreliable.getMessage();
    }
    String before = told.getAndSet(wrong);
    if (wrong != null && !wrong.equals(before)) {
      SocketLog.refusing(loop, wrong);
    }
  }
}
