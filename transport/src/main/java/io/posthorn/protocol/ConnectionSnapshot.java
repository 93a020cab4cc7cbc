package io.posthorn.protocol;

import io.posthorn.ConnectionInfo;
import io.posthorn.identity.Fingerprint;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.recovery.PacketRecovery;
import java.time.Duration;

/** What the table of connections shows of one. */
final class ConnectionSnapshot {
  private ConnectionSnapshot() {}

  static ConnectionInfo of(
      PeerConnection connection,
      Deliveries deliveries,
      PacketAssembler assembler,
      long packetsSent,
      long packetsReceived,
      long ageNanos,
      long nowNanos) {
    PacketRecovery recovery = connection.recovery();
    SendLedger ledger = deliveries.ledger();
    return new ConnectionInfo(
        connection.handle(),
        connection.localConnectionId(),
        connection.address(),
        state(connection),
        connection.isOpenedHere(),
        connection.peerKey().length == 0 ? null : Fingerprint.of(connection.peerKey()).toString(),
        Duration.ofNanos(recovery.rtt().hasSample() ? recovery.rtt().smoothedRttNanos() : 0),
        Duration.ofNanos(recovery.rtt().minRttNanos()),
        recovery.controller().windowBytes(),
        recovery.sent().bytesInFlight(),
        ledger.heldBytes(),
        packetsSent,
        packetsReceived,
        recovery.packetsLost(),
        recovery.packetsSpuriouslyLost(),
        ledger.retransmittedBytes(),
        Duration.ofNanos(ageNanos),
        limitedBy(deliveries, assembler, nowNanos));
  }

  private static ConnectionInfo.State state(PeerConnection connection) {
    if (connection.isOver()) {
      return ConnectionInfo.State.DRAINING;
    }
    if (!connection.isSendable()) {
      return ConnectionInfo.State.CLOSING;
    }
    return connection.isConfirmed() ? ConnectionInfo.State.OPEN : ConnectionInfo.State.OPENING;
  }

  private static ConnectionInfo.LimitedBy limitedBy(
      Deliveries deliveries, PacketAssembler assembler, long nowNanos) {
    if (assembler.pacedUntilNanos() != Long.MAX_VALUE) {
      return ConnectionInfo.LimitedBy.PACING;
    }
    if (assembler.isWindowLimited()) {
      return ConnectionInfo.LimitedBy.CONGESTION_WINDOW;
    }
    if (deliveries.isBlockedByPeer()) {
      return ConnectionInfo.LimitedBy.PEER_WINDOW;
    }
    if (deliveries.ledger().isRefusing() && !assembler.hasFrames(nowNanos)) {
      return ConnectionInfo.LimitedBy.SEND_BUFFER;
    }
    return ConnectionInfo.LimitedBy.APPLICATION;
  }
}
