package io.posthorn;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Something that a caller may want to tell apart from other input or output errors. Its message
 * names the peer, the limit that was met, and what to do.
 */
public class TransportException extends IOException {
  private static final long serialVersionUID = 1L;

  private final @Nullable InetSocketAddress peer;

  TransportException(@Nullable InetSocketAddress peer, String message) {
    super(message);
    this.peer = peer;
  }

  /** The peer concerned, or null if it is the socket as a whole. */
  public @Nullable InetSocketAddress peer() {
    return peer;
  }
}
