package io.posthorn.protocol;

import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.recovery.EcnValidation;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.trace.PacketKind;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;

/** What leaves next, and where to. */
public final class PacketSender {
  private static final int PROBES_AT_FULL_SIZE = 2;

  private final ConnectionParts parts;
  private final Opening opening;
  private final Closing closing;
  private final PacketAssembler assembler;
  private InetSocketAddress destination;
  private boolean offPath;
  private boolean marked;
  private long packetsSent;

  PacketSender(ConnectionParts parts, Opening opening, Closing closing) {
    this.parts = parts;
    this.opening = opening;
    this.closing = closing;
    this.assembler = new PacketAssembler(parts);
    this.destination = parts.path.address();
  }

  /**
   * Writes the next datagram that may leave now.
   *
   * @param limit most bytes
   * @return its length, 0 if none; {@link #destination} says where to
   */
  public int writeDatagram(byte[] out, int from, int limit, long nowNanos) {
    destination = parts.path.address();
    offPath = false;
    marked = false;
    if (parts.ending.isEnded()) {
      return 0;
    }
    Session session = opening.session();
    if (session == null) {
      int first = opening.writeFirst(out, from, limit, nowNanos);
      if (parts.packetTrace != null && first > 0) {
        parts.packetTrace.handshakeSent(PacketKind.FIRST_MESSAGE, first, nowNanos);
      }
      return first;
    }
    PacketProtection keys = session.protection();
    keys.onTime(nowNanos);
    endWhereUsedUp(keys, parts.recovery.sent(), nowNanos);
    if (parts.ending.isEnded()) {
      return 0;
    }
    byte[] frames = parts.shared.scratch().frames();
    InetSocketAddress elsewhere = parts.path.offPath();
    if (elsewhere != null) {
      destination = elsewhere;
      offPath = true;
      return counted(
          assembler.writeOffPath(
              keys, parts.peerIds.previous(), frames, out, from, limit, nowNanos),
          nowNanos);
    }
    if (parts.mtu.pollChanged()) {
      parts.recovery.controller().onPacketSizeChanged(parts.mtu.currentBytes());
    }
    byte[] prefix = opening.prefix();
    int probeBytes = parts.mtu.probeDueBytes();
    if (isMtuProbeDue() && probeBytes <= limit) {
      return counted(
          assembler.writeMtuProbe(
              keys, parts.peerIds.current(), frames, out, from, probeBytes, nowNanos),
          nowNanos);
    }
    int most = Math.min(limit, datagramBytes());
    int bytes =
        assembler.write(
            keys,
            parts.peerIds.current(),
            frames,
            out,
            from + prefix.length,
            most - prefix.length,
            parts.ending.isOver(),
            nowNanos);
    if (bytes == 0) {
      return 0;
    }
    System.arraycopy(prefix, 0, out, from, prefix.length);
    if (parts.packetTrace != null && prefix.length > 0) {
      parts.packetTrace.handshakeSent(PacketKind.THIRD_MESSAGE, prefix.length, nowNanos);
    }
    parts.path.onSent(bytes + prefix.length);
    if (bytes + prefix.length >= parts.mtu.currentBytes()) {
      parts.mtu.onFullPacket(nowNanos);
    }
    return counted(bytes + prefix.length, nowNanos);
  }

  /** Ends the connection when its keys or numbers are nearly used up, and at once when they are. */
  private void endWhereUsedUp(PacketProtection keys, SentPackets sent, long nowNanos) {
    if (!keys.canSeal(sent.next() + 1)) { // for one number may be skipped
      closing.finish(ConnectionEnd.local(CloseReason.KEY_LIMIT));
    } else if (sent.isUsedUp()) {
      closing.finish(ConnectionEnd.local(CloseReason.PROTOCOL_VIOLATION));
    } else if (keys.isExhausted()) {
      closing.cutShort(CloseReason.KEY_LIMIT, nowNanos);
    } else if (sent.isFull()) {
      closing.cutShort(CloseReason.PROTOCOL_VIOLATION, nowNanos);
    }
  }

  private int counted(int bytes, long nowNanos) {
    packetsSent++;
    marked = assembler.lastWasMarked();
    if (assembler.lastWasAckEliciting()) {
      parts.idle.onAckElicitingSent(nowNanos);
    }
    return bytes;
  }

  /**
   * Largest ordinary datagram. After two probes without an answer it is what every path carries:
   * perhaps large ones do not arrive any more. So it is on the way into another network.
   */
  public int datagramBytes() {
    return parts.recovery.probes().sinceAcknowledgement() >= PROBES_AT_FULL_SIZE
            || parts.path.isLeavingNetwork()
        ? WireLimits.MINIMUM_DATAGRAM_BYTES
        : parts.mtu.currentBytes();
  }

  private boolean isMtuProbeDue() {
    return parts.mtu.probeDueBytes() > 0
        && parts.recovery.probes().sinceAcknowledgement() == 0 // or its loss would say nothing
        && opening.isConfirmed()
        && parts.path.isValidated()
        && parts.ending.end() == null;
  }

  /** Whether the next datagram does not belong into a run of datagrams like the one before. */
  public boolean isNextApart() {
    EcnValidation ecn = parts.recovery.ecn();
    // In a trial that depends on what the next one holds, which is not known yet.
    return opening.session() != null
        && (offPath
            || parts.path.offPath() != null
            || isMtuProbeDue()
            || ecn.marksNext(true) != marked
            || ecn.marksNext(false) != marked);
  }

  /** Whether the datagram written last is to carry the mark ECT(0). */
  public boolean wasMarked() {
    return marked;
  }

  /** Where the datagram written last goes. */
  public InetSocketAddress destination() {
    return destination;
  }

  long packetsSent() {
    return packetsSent;
  }

  PacketAssembler assembler() {
    return assembler;
  }
}
