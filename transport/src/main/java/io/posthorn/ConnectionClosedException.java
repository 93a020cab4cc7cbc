package io.posthorn;

import java.net.InetSocketAddress;

/** The connection was closed by an application, here or there. */
public final class ConnectionClosedException extends TransportException {
  private static final long serialVersionUID = 1L;

  private final long applicationCode;
  private final boolean byPeer;

  ConnectionClosedException(
      InetSocketAddress peer, long applicationCode, boolean byPeer, String what, String remedy) {
    super(peer, what, remedy);
    this.applicationCode = applicationCode;
    this.byPeer = byPeer;
  }

  /**
   * The number that the closing application gave; 0 where it is not known, as long as this side is
   * still closing and once the end is forgotten.
   */
  public long applicationCode() {
    return applicationCode;
  }

  /** Whether the peer closed it. */
  public boolean isByPeer() {
    return byPeer;
  }
}
