package io.posthorn;

import java.net.InetSocketAddress;
import java.time.Duration;

/** Nobody answered at the peer's address while a connection was being opened. */
public final class ConnectionTimeoutException extends TransportException {
  private static final long serialVersionUID = 1L;

  private final Duration waited;

  ConnectionTimeoutException(InetSocketAddress peer, Duration waited, String what, String remedy) {
    super(peer, what, remedy);
    this.waited = waited;
  }

  /** For how long an answer was waited for. */
  public Duration waited() {
    return waited;
  }
}
