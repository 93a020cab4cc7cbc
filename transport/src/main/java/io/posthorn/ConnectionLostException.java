package io.posthorn;

import java.net.InetSocketAddress;

/**
 * An open connection ended without anybody closing it: silence, a restart, a breach of protocol.
 */
public final class ConnectionLostException extends TransportException {
  private static final long serialVersionUID = 1L;

  private final CloseCause cause;

  ConnectionLostException(InetSocketAddress peer, CloseCause cause, String what, String remedy) {
    super(peer, what, remedy);
    this.cause = cause;
  }

  /** Why it ended. */
  public CloseCause closeCause() {
    return cause;
  }
}
