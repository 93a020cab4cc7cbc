package io.posthorn.protocol;

import io.posthorn.ConnectionInfo;
import io.posthorn.identity.Fingerprint;
import io.posthorn.protocol.channel.SendLedger;
import io.posthorn.protocol.recovery.PacketRecovery;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the table of connections shows of one. */
final class ConnectionSnapshot {
  private ConnectionSnapshot() {}

  static ConnectionInfo of(
      PeerConnection connection,
      PortLimits port,
      Deliveries deliveries,
      PacketAssembler assembler,
      long packetsSent,
      long packetsReceived,
      long ageNanos,
      long nowNanos) {
    PacketRecovery recovery = connection.recovery();
    SendLedger ledger = deliveries.ledger();
    byte[] key = connection.peer().key();
    return new ConnectionInfo(
        connection.handle(),
        connection.localConnectionId(),
        port.localTo().apply(connection.address()),
        connection.address(),
        state(connection),
        connection.isOpenedHere(),
        key.length == 0 ? null : Fingerprint.of(key).toString(),
        Duration.ofNanos(recovery.rtt().hasSample() ? recovery.rtt().smoothedRttNanos() : 0),
        Duration.ofNanos(recovery.rtt().minRttNanos()),
        recovery.controller().windowBytes(),
        recovery.sent().bytesInFlight(),
        ledger.heldBytes(),
        packetsSent,
        packetsReceived,
        recovery.packetsLost(),
        recovery.packetsSpuriouslyLost(),
        recovery.ecn().packetsMarkedCe(),
        recovery.ecn().state(),
        ledger.retransmittedBytes(),
        ledger.repeatedBytes(),
        Duration.ofNanos(ageNanos),
        timeToDrain(deliveries, assembler, recovery),
        connection.mtu().currentBytes(),
        connection.mtu().isSettled(),
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
    if (assembler.heldBy() != ConnectionInfo.LimitedBy.APPLICATION) {
      return assembler.heldBy();
    }
    if (deliveries.isBlockedByPeer()) {
      return ConnectionInfo.LimitedBy.PEER_WINDOW;
    }
    if (deliveries.ledger().isRefusing() && !assembler.hasFrames(nowNanos)) {
      return ConnectionInfo.LimitedBy.SEND_BUFFER;
    }
    return ConnectionInfo.LimitedBy.APPLICATION;
  }

  /** Queued bytes at the rate that window, pacer and limit allow, and the last one's round trip. */
  private static @Nullable Duration timeToDrain(
      Deliveries deliveries, PacketAssembler assembler, PacketRecovery recovery) {
    long queued = deliveries.ledger().heldBytes();
    if (queued == 0) {
      return Duration.ZERO;
    }
    if (!recovery.rtt().hasSample() || deliveries.isBlockedByPeer()) {
      return null;
    }
    long smoothedRttNanos = Math.max(1, recovery.rtt().smoothedRttNanos());
    double perSecond = recovery.controller().windowBytes() * 1e9 / smoothedRttNanos;
    long paced = recovery.controller().pacingBytesPerSecond();
    if (paced > 0) {
      perSecond = Math.min(perSecond, (double) paced);
    }
    long limit = assembler.rateLimitBytesPerSecond();
    if (limit > 0) {
      perSecond = Math.min(perSecond, (double) limit);
    }
    double leavesNanos = Math.min(1e18, queued * 1e9 / Math.max(1, perSecond));
    return Duration.ofNanos((long) leavesNanos + smoothedRttNanos);
  }
}
