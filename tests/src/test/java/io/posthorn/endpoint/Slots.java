package io.posthorn.endpoint;

import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.LoneResources;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.protocol.protection.ChecksumProtection;
import io.posthorn.wire.WireLimits;
import java.util.SplittableRandom;

/** Connections that only have a place in a table or queue, for the tests of this package. */
final class Slots {
  final EndpointResources shared;

  Slots(long seed) {
    SocketOptions options = SocketOptions.defaults(Mode.RELIABLE);
    shared = LoneResources.of(options, new SplittableRandom(seed), 1 << 20);
  }

  ConnectionSlot slot(long handle, long id) {
    return new ConnectionSlot(
        PeerConnection.opening(
            shared,
            handle,
            HandPeer.address((int) handle),
            id,
            ClearHandshake.initiator(id, shared.random()),
            WireLimits.SUITE_CLEAR,
            false,
            0));
  }

  /** Makes the connection continue under another id, as when the peer's attempt wins. */
  void rename(ConnectionSlot slot, long id) {
    slot.connection.adopt(
        id, 5, new ChecksumProtection(), new byte[0], new TransportParameters(), -1, 0);
  }
}
