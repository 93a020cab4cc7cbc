package io.posthorn;

import java.net.InetSocketAddress;

/**
 * The last connection to a peer ended with messages unacknowledged for which nobody holds a
 * receipt. Said once, by the first send after that; the next send opens anew. Not said where a
 * close by the application itself ended the connection: that has a {@link CloseReport}.
 */
public final class MessagesLostException extends TransportException {
  private static final long serialVersionUID = 1L;

  private final long unacknowledged;

  MessagesLostException(InetSocketAddress peer, long unacknowledged, String what, String remedy) {
    super(peer, what, remedy);
    this.unacknowledged = unacknowledged;
  }

  /** How many messages were not acknowledged; they may or may not have arrived. -1: not known. */
  public long unacknowledged() {
    return unacknowledged;
  }
}
