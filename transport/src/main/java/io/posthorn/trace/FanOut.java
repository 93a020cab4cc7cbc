package io.posthorn.trace;

import java.net.InetSocketAddress;

/** Tells two listeners; packets only if one of them wants them. */
public final class FanOut implements TraceListener {
  private final TraceListener first;
  private final TraceListener second;
  private final boolean firstPackets;
  private final boolean secondPackets;

  /** Tells the first, then the second. */
  public FanOut(TraceListener first, TraceListener second) {
    this.first = first;
    this.second = second;
    this.firstPackets = first.wantsPackets();
    this.secondPackets = second.wantsPackets();
  }

  @Override
  public boolean wantsPackets() {
    return firstPackets || secondPackets;
  }

  @Override
  public void connectionStarted(
      long nowNanos, long connection, InetSocketAddress remote, boolean openedHere) {
    first.connectionStarted(nowNanos, connection, remote, openedHere);
    second.connectionStarted(nowNanos, connection, remote, openedHere);
  }

  @Override
  public void connectionOpened(long nowNanos, long connection, InetSocketAddress remote) {
    first.connectionOpened(nowNanos, connection, remote);
    second.connectionOpened(nowNanos, connection, remote);
  }

  @Override
  public void connectionClosed(
      long nowNanos,
      long connection,
      InetSocketAddress remote,
      String reason,
      int code,
      boolean byPeer,
      long applicationCode) {
    first.connectionClosed(nowNanos, connection, remote, reason, code, byPeer, applicationCode);
    second.connectionClosed(nowNanos, connection, remote, reason, code, byPeer, applicationCode);
  }

  @Override
  public void packetSent(
      long nowNanos,
      long connection,
      PacketKind kind,
      long packetNumber,
      long keyPhase,
      int lengthBytes,
      TracedFrames frames) {
    if (firstPackets) {
      first.packetSent(nowNanos, connection, kind, packetNumber, keyPhase, lengthBytes, frames);
    }
    if (secondPackets) {
      second.packetSent(nowNanos, connection, kind, packetNumber, keyPhase, lengthBytes, frames);
    }
  }

  @Override
  public void packetReceived(
      long nowNanos,
      long connection,
      PacketKind kind,
      long packetNumber,
      long keyPhase,
      int lengthBytes,
      TracedFrames frames) {
    if (firstPackets) {
      first.packetReceived(nowNanos, connection, kind, packetNumber, keyPhase, lengthBytes, frames);
    }
    if (secondPackets) {
      second.packetReceived(
          nowNanos, connection, kind, packetNumber, keyPhase, lengthBytes, frames);
    }
  }

  @Override
  public void packetDropped(
      long nowNanos, long connection, PacketKind kind, int lengthBytes, String reason) {
    if (firstPackets) {
      first.packetDropped(nowNanos, connection, kind, lengthBytes, reason);
    }
    if (secondPackets) {
      second.packetDropped(nowNanos, connection, kind, lengthBytes, reason);
    }
  }

  @Override
  public void packetLost(
      long nowNanos, long connection, long packetNumber, int lengthBytes, boolean byReordering) {
    first.packetLost(nowNanos, connection, packetNumber, lengthBytes, byReordering);
    second.packetLost(nowNanos, connection, packetNumber, lengthBytes, byReordering);
  }

  @Override
  public void probeTimeout(long nowNanos, long connection, int count) {
    first.probeTimeout(nowNanos, connection, count);
    second.probeTimeout(nowNanos, connection, count);
  }

  @Override
  public void metricsUpdated(long nowNanos, long connection, RecoveryMetrics metrics) {
    if (firstPackets) {
      first.metricsUpdated(nowNanos, connection, metrics);
    }
    if (secondPackets) {
      second.metricsUpdated(nowNanos, connection, metrics);
    }
  }

  @Override
  public void congestionStateUpdated(long nowNanos, long connection, String before, String after) {
    first.congestionStateUpdated(nowNanos, connection, before, after);
    second.congestionStateUpdated(nowNanos, connection, before, after);
  }

  @Override
  public void keyUpdated(long nowNanos, long connection, boolean received, long phase) {
    if (firstPackets) {
      first.keyUpdated(nowNanos, connection, received, phase);
    }
    if (secondPackets) {
      second.keyUpdated(nowNanos, connection, received, phase);
    }
  }

  @Override
  public void pathChanged(
      long nowNanos, long connection, InetSocketAddress before, InetSocketAddress after) {
    if (firstPackets) {
      first.pathChanged(nowNanos, connection, before, after);
    }
    if (secondPackets) {
      second.pathChanged(nowNanos, connection, before, after);
    }
  }

  @Override
  public void mtuUpdated(long nowNanos, long connection, int beforeBytes, int afterBytes) {
    if (firstPackets) {
      first.mtuUpdated(nowNanos, connection, beforeBytes, afterBytes);
    }
    if (secondPackets) {
      second.mtuUpdated(nowNanos, connection, beforeBytes, afterBytes);
    }
  }

  @Override
  public void socketClosed() {
    first.socketClosed();
    second.socketClosed();
  }
}
