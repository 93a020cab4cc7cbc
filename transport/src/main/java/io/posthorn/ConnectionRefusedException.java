package io.posthorn;

import java.net.InetSocketAddress;

/** The peer answered that it takes no (more) connections. */
public final class ConnectionRefusedException extends TransportException {
  private static final long serialVersionUID = 1L;

  ConnectionRefusedException(InetSocketAddress peer, String what, String remedy) {
    super(peer, what, remedy);
  }
}
