package io.posthorn.endpoint;

import io.posthorn.protocol.ConnectionEnd;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes a connection of a handshake that a peer began and its M3 proved: a new one, or what the own
 * attempt to the same peer becomes. Ends the one that the peer had before it restarted, and refuses
 * who is not accepted, or for whom there is no room.
 */
final class ConnectionAcceptor {
  private final EndpointResources shared;
  private final Predicate<InetSocketAddress> isSelf;
  private final HandshakeSuite suite;
  private final ConnectionTable table;
  private final PeerAddresses addresses;
  private final ConnectionTurns turns;

  ConnectionAcceptor(
      EndpointResources shared,
      Predicate<InetSocketAddress> isSelf,
      HandshakeSuite suite,
      ConnectionTable table,
      PeerAddresses addresses,
      ConnectionTurns turns) {
    this.shared = shared;
    this.isSelf = isSelf;
    this.suite = suite;
    this.table = table;
    this.addresses = addresses;
    this.turns = turns;
  }

  /**
   * Its M3 verified. One that is refused is told so by what the half-open handshake then answers.
   *
   * @param peer its parameters, which make sense
   */
  DropReason accept(HalfOpen halfOpen, TransportParameters peer, long nowNanos) {
    InetSocketAddress address = halfOpen.key.address();
    long remoteId = halfOpen.key.initiatorConnectionId();
    ConnectionSlot existing = addresses.byName(address);
    byte[] key = halfOpen.handshake.remoteStatic();
    boolean self = peer.instanceId == shared.instanceId() && suite.isOwn(key);
    if (self && !isSelf.test(address)) {
      halfOpen.handshake.destroy(); // begun by another endpoint of this port, which knew M1
      return DropReason.REFLECTED;
    }
    if (existing != null
        && !self
        && existing.connection.isUnanswered()
        && existing.connection.isSendable()) {
      if (refusal(existing.connection.peer().alias(), key, existing) != null) {
        halfOpen.handshake.destroy(); // the own attempt goes on, and may yet find the right peer
        return DropReason.IDENTITY_REFUSED;
      }
      traceKeys(halfOpen);
      existing.connection.adopt(
          halfOpen.responderConnectionId,
          remoteId,
          shared.keysOf(halfOpen.handshake),
          key,
          peer,
          halfOpen.roundTripNanos(nowNanos),
          nowNanos);
      table.rekey(existing);
      turns.settle(existing, nowNanos);
      return DropReason.NONE;
    }
    String refusal = self ? null : refusal(address, key, existing);
    if (refusal != null) {
      refuse(halfOpen, peer, refusal, nowNanos);
      return DropReason.IDENTITY_REFUSED;
    }
    ConnectionSlot slot = new ConnectionSlot(connection(halfOpen, peer, nowNanos));
    table.add(slot);
    endIfBecome(addresses.byPath(address), slot, nowNanos);
    endIfBecome(existing, slot, nowNanos);
    endIfBecome(addresses.newestWaiting(address), slot, nowNanos);
    if (!self || addresses.byName(address) == null) {
      addresses.meet(address, slot);
    }
    turns.settle(slot, nowNanos);
    return DropReason.NONE;
  }

  /**
   * Its M3 verified, and there is no room for it by now: it is told so, under the keys that it has
   * proved to hold. No connection is kept, nor can be made of this handshake any more.
   */
  void turnAway(HalfOpen halfOpen, TransportParameters peer, long nowNanos) {
    PeerConnection connection = connection(halfOpen, peer, nowNanos);
    connection.turnAway(nowNanos);
    byte[] last = lastWord(connection, ConnectionEnd.local(CloseReason.REFUSED), nowNanos);
    halfOpen.refuse(last, DropReason.CONNECTION_LIMIT);
    connection.traceEnd(nowNanos);
  }

  /**
   * As {@link #turnAway}, and this side is told why: whoever may not come must not take the place
   * of one that may, not even until it has heard so.
   */
  private void refuse(HalfOpen halfOpen, TransportParameters peer, String why, long nowNanos) {
    PeerConnection connection = connection(halfOpen, peer, nowNanos);
    connection.refuse(why, nowNanos);
    ConnectionEnd how = new ConnectionEnd(CloseReason.IDENTITY, false, 0, why);
    halfOpen.refuse(lastWord(connection, how, nowNanos), DropReason.UNEXPECTED_HANDSHAKE);
    turns.tellEnd(connection, nowNanos);
  }

  /** The datagram with the CLOSE of a connection that ends with it. */
  private static byte[] lastWord(PeerConnection connection, ConnectionEnd how, long nowNanos) {
    byte[] last = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    int bytes = connection.sender().writeDatagram(last, 0, last.length, nowNanos);
    connection.finish(how);
    return Arrays.copyOf(last, bytes);
  }

  private PeerConnection connection(HalfOpen halfOpen, TransportParameters peer, long nowNanos) {
    traceKeys(halfOpen);
    byte[] key = halfOpen.handshake.remoteStatic();
    return PeerConnection.accepted(
        shared,
        table.issueHandle(),
        halfOpen.key.address(),
        halfOpen.responderConnectionId,
        halfOpen.key.initiatorConnectionId(),
        shared.keysOf(halfOpen.handshake),
        key,
        peer,
        halfOpen.roundTripNanos(nowNanos),
        nowNanos);
  }

  private void traceKeys(HalfOpen halfOpen) {
    EndpointTrace told = shared.trace();
    if (told != null) {
      told.handshakeKeys(
          halfOpen.handshake, halfOpen.key.initiatorConnectionId(), halfOpen.responderConnectionId);
    }
  }

  /**
   * Ends a connection whose peer is the one that has opened another from where it is. If it has
   * left that address, whoever comes from there now is somebody else.
   */
  private void endIfBecome(@Nullable ConnectionSlot known, ConnectionSlot fresh, long nowNanos) {
    if (known != null
        && !known.connection.isOver()
        && !known.connection.isUnanswered()
        && known.connection.address().equals(fresh.connection.address())
        && known.connection.peer().instanceId() != fresh.connection.peer().instanceId()
        && known.connection.peer().mayBecome(fresh.connection.peer().key())) {
      known.connection.onPeerRestarted();
      turns.settle(known, nowNanos);
    }
  }

  /**
   * Why a peer that came by itself is not accepted, for its own sake or since this side has asked
   * for another at its address; else null.
   *
   * @param peer where it is
   * @param existing the connection with whoever is known at that address
   */
  private @Nullable String refusal(
      InetSocketAddress peer, byte[] key, @Nullable ConnectionSlot existing) {
    String refusal = shared.options().security().refusal(peer, key, false);
    return refusal != null || existing == null ? refusal : existing.connection.peer().refusal(key);
  }
}
