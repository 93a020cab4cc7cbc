package io.posthorn.endpoint;

import io.posthorn.protocol.ConnectionEnd;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.wire.CloseReason;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Opens connections to the peers that this side asks for, where it has none that it can use. */
final class ConnectionOpener {
  private final EndpointResources shared;
  private final HandshakeSuite suite;
  private final ConnectionTable table;
  private final PeerAddresses addresses;
  private final ConnectionTurns turns;
  private final LeftStreams left;

  ConnectionOpener(
      EndpointResources shared,
      HandshakeSuite suite,
      ConnectionTable table,
      PeerAddresses addresses,
      ConnectionTurns turns,
      LeftStreams left) {
    this.shared = shared;
    this.suite = suite;
    this.table = table;
    this.addresses = addresses;
    this.turns = turns;
    this.left = left;
  }

  /**
   * The connection to a peer, opened if there is none that has the key which is due under this
   * name; null at the limit.
   *
   * @param implicit whether a mere send asks for it
   */
  @Nullable ConnectionSlot find(InetSocketAddress peer, boolean implicit, long nowNanos) {
    ConnectionSlot known = addresses.byName(peer);
    ConnectionSlot found =
        known != null && known.connection.isSendable()
            ? askFor(known, peer, implicit, nowNanos)
            : null;
    return found != null ? found : open(peer, implicit, nowNanos);
  }

  /** Opens a connection to a peer; null at the limit. */
  private @Nullable ConnectionSlot open(InetSocketAddress peer, boolean implicit, long nowNanos) {
    if (!left.hasRoom(nowNanos)) {
      return null;
    }
    ConnectionSlot slot = attempt(peer, implicit, nowNanos);
    addresses.ask(peer, slot);
    return slot;
  }

  private ConnectionSlot attempt(InetSocketAddress peer, boolean implicit, long nowNanos) {
    long id = shared.ids().next();
    ConnectionSlot slot =
        new ConnectionSlot(
            PeerConnection.opening(
                shared,
                table.issueHandle(),
                peer,
                id,
                suite.initiator(id),
                suite.code(),
                implicit,
                nowNanos));
    table.add(slot);
    return slot;
  }

  /**
   * The connection, which can be used, for a peer that is asked for at its address under this name;
   * null if a new one is to be opened. The peer that has the key of another there is not it: one
   * that came by itself has no business at that address, and its connection ends. Where this side
   * asked for it, by another name, what that name demands is contradicted by this one: nothing is
   * sent to ask again, and the connection answered has ended for that.
   */
  private @Nullable ConnectionSlot askFor(
      ConnectionSlot known, InetSocketAddress peer, boolean implicit, long nowNanos) {
    String refusal = known.connection.askFor(peer);
    if (refusal == null) {
      return known;
    }
    if (!known.connection.isOpenedHere()) {
      known.connection.refuse(refusal, nowNanos);
      turns.settle(known, nowNanos);
      return null;
    }
    ConnectionSlot refused = attempt(peer, implicit, nowNanos);
    refused.connection.finish(new ConnectionEnd(CloseReason.IDENTITY, false, 0, refusal));
    return refused;
  }
}
