package io.posthorn;

import java.net.InetSocketAddress;

/**
 * The peer's identity is not the one that is expected or allowed, or this side's is not to the
 * peer. The message names both keys, the file and line that is contradicted, and what to do.
 */
public final class PeerIdentityChangedException extends TransportException {
  private static final long serialVersionUID = 1L;

  PeerIdentityChangedException(InetSocketAddress peer, String what, String remedy) {
    super(peer, what, remedy);
  }
}
