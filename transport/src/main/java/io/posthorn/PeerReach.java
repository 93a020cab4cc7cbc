package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;

/** Says once for each connection that the peer of a connected socket was found out of reach. */
final class PeerReach {
  /** The last connection to the peer whose end needs no more words; 0 for none. */
  private volatile long reportedConnection;

  /** What has ended so far needs no more words: it was before, or has been said. */
  void noteKnown(MessageSocket socket, InetSocketAddress peer) {
    EndpointEvent.Closed end = socket.drivers().lastEnd(peer);
    reportedConnection = end == null ? Endpoint.NO_CONNECTION : end.connection();
  }

  /** Throws if the peer was found out of reach since. */
  void require(MessageSocket socket, InetSocketAddress peer) throws PortUnreachableException {
    EndpointEvent.Closed end = socket.drivers().lastEnd(peer);
    if (end == null || end.connection() == reportedConnection) {
      return;
    }
    reportedConnection = end.connection();
    boolean isOutOfReach =
        switch (Endings.cause(end.reason())) {
          case NO_ANSWER, REFUSED, IDLE_TIMEOUT, IDENTITY, SECURITY -> true;
          default -> false;
        };
    if (isOutOfReach) {
      throw new PortUnreachableException(Endings.exception(end, socket.options()).getMessage());
    }
  }
}
