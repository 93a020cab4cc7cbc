package io.posthorn;

import java.net.InetSocketAddress;

/** This socket has as many connections as it is allowed. */
public final class ConnectionLimitException extends TransportException {
  private static final long serialVersionUID = 1L;

  ConnectionLimitException(InetSocketAddress peer, String what, String remedy) {
    super(peer, what, remedy);
  }
}
