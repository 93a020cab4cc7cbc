package io.posthorn;

import java.net.InetSocketAddress;

/** The two sides ask for different security or speak no common version. */
public final class SecurityMismatchException extends TransportException {
  private static final long serialVersionUID = 1L;

  SecurityMismatchException(InetSocketAddress peer, String what, String remedy) {
    super(peer, what, remedy);
  }
}
