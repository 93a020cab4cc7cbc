package io.posthorn.protocol;

import io.posthorn.EcnMark;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.PacketHeader;
import java.net.InetSocketAddress;

/** What happens to a data packet that came in: opened, read, acknowledged, its path noted. */
final class PacketReceiver {
  private final ConnectionParts parts;
  private final Opening opening;
  private final Closing closing;
  private final ConnectionTimers timers;
  private long packetsReceived;
  private long messageNanos;

  /** The largest number of a packet that verified, taken or not: its address is the newest. */
  private long newestNumber = -1;

  PacketReceiver(ConnectionParts parts, Opening opening, Closing closing, ConnectionTimers timers) {
    this.parts = parts;
    this.opening = opening;
    this.closing = closing;
    this.timers = timers;
  }

  /** When a packet with (a part of) a message was taken last. */
  long messageNanos() {
    return messageNanos;
  }

  /** Packets that verified and were accepted. */
  long packetsReceived() {
    return packetsReceived;
  }

  /**
   * A data packet came.
   *
   * @param datagramBytes length of the whole datagram
   * @param ecn its mark
   */
  DropReason onData(
      byte[] datagram,
      int from,
      int length,
      int datagramBytes,
      InetSocketAddress source,
      EcnMark ecn,
      long nowNanos) {
    Session session = opening.session();
    if (session == null) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    if (parts.ending.isEnded()) {
      return DropReason.CLOSING;
    }
    PacketProtection keys = session.protection();
    byte[] plain = keys.leavesInPlace() ? datagram : parts.shared.scratch().plain();
    long largest = parts.acknowledgements.largestReceived();
    int plainLength = keys.open(datagram, from, length, largest, nowNanos, plain, 0);
    if (plainLength == PacketProtection.FAILED && keys.isExhausted()) {
      closing.fail(CloseReason.KEY_LIMIT, nowNanos);
    }
    if (plainLength == PacketProtection.BREACH) {
      closing.fail(CloseReason.PROTOCOL_VIOLATION, nowNanos);
      return DropReason.NONE;
    }
    if (plainLength < 0) {
      return plainLength == PacketProtection.FAILED
          ? DropReason.AUTHENTICATION_FAILED
          : plainLength == PacketProtection.DUPLICATE ? DropReason.DUPLICATE : DropReason.STALE;
    }
    if (parts.packetTrace != null) {
      parts.packetTrace.received(
          keys.openedPacketNumber(),
          keys.receivingPhase(),
          length,
          plain,
          keys.openedFrom(),
          plainLength,
          nowNanos);
    }
    parts.idle.onReceived(nowNanos);
    parts.recovery.probes().onHeard();
    parts.path.onReceived(source, datagramBytes, nowNanos);
    if (opening.onPacketOpened(keys.openedPacketNumber())) {
      if (parts.trace != null) {
        parts.trace.opened(nowNanos);
      }
      String problem = opening.rememberPeer();
      if (problem != null) {
        closing.refuse(problem, nowNanos);
      }
    }
    FrameDispatcher frames = session.frames();
    frames.begin(source, PacketHeader.connectionId(datagram, from), nowNanos);
    FrameReader reader = parts.shared.scratch().reader();
    CloseReason breach = reader.read(plain, keys.openedFrom(), plainLength, frames);
    if (!keys.onAcknowledged(parts.recovery.largestAcknowledged(), nowNanos) && breach == null) {
      breach = CloseReason.PROTOCOL_VIOLATION;
    }
    keys.onProbeTimeout(parts.recovery.probeTimeoutNanos());
    parts.requestDueKeyUpdate(keys);
    if (parts.trace != null) {
      parts.trace.recovery(parts.recovery, nowNanos);
    }
    if (parts.packetTrace != null) {
      parts.packetTrace.metrics(parts.recovery, nowNanos);
    }
    if (breach != null) {
      closing.fail(breach, nowNanos);
      return DropReason.NONE;
    }
    timers.onPacketOpened(frames.carriedMessage() || frames.carriedCredit(), nowNanos);
    follow(keys.openedPacketNumber(), frames, datagramBytes, source, nowNanos);
    if (frames.refused() == DropReason.NONE) {
      accept(keys.openedPacketNumber(), frames, reader, ecn, nowNanos);
    }
    if (parts.packetTrace != null) {
      parts.packetTrace.path(parts.path.address(), nowNanos);
    }
    closing.proceed(nowNanos);
    return frames.refused();
  }

  /** Goes where the peer is now, be what it sends from there taken or not. */
  private void follow(
      long packetNumber,
      FrameDispatcher frames,
      int datagramBytes,
      InetSocketAddress source,
      long nowNanos) {
    boolean newest = packetNumber > newestNumber;
    newestNumber = Math.max(newestNumber, packetNumber);
    if (newest && !frames.wasProbingOnly() && !source.equals(parts.path.address())) {
      boolean wasProved = parts.path.isValidated();
      parts.path.onNewAddress(source, datagramBytes, parts.recovery.probeTimeoutNanos(), nowNanos);
      if (parts.path.isValidated()) {
        parts.recovery.onPathReturned();
      } else {
        parts.recovery.onPathMoved(wasProved);
      }
    }
    if (parts.path.pollNewNetwork()) {
      parts.mtu.restart();
      parts.recovery.onNewNetwork(parts.mtu.currentBytes());
    }
  }

  private void accept(
      long packetNumber, FrameDispatcher frames, FrameReader reader, EcnMark ecn, long nowNanos) {
    packetsReceived++;
    parts.acknowledgements.onPacket(packetNumber, reader.sawAckEliciting(), ecn, nowNanos);
    if (frames.carriedMessage()) {
      messageNanos = nowNanos;
      parts.idle.onMessage(nowNanos);
    }
    if (frames.carriedClose()) {
      closing.onPeerClosed(frames, nowNanos);
    }
  }
}
