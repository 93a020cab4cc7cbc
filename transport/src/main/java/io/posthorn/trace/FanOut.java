package io.posthorn.trace;

import java.net.InetSocketAddress;

/** Tells two listeners; packets only if one of them wants them. */
public final class FanOut implements TraceListener {
  private static final TraceListener NOBODY = new TraceListener() {};

  private final TraceListener first;
  private final TraceListener second;

  /** The same two for what only those are told who want packets; else nobody. */
  private final TraceListener firstOfPackets;

  private final TraceListener secondOfPackets;

  /** Tells the first, then the second. */
  public FanOut(TraceListener first, TraceListener second) {
    this.first = first;
    this.second = second;
    this.firstOfPackets = first.wantsPackets() ? first : NOBODY;
    this.secondOfPackets = second.wantsPackets() ? second : NOBODY;
  }

  @Override
  public boolean wantsPackets() {
    return firstOfPackets != NOBODY || secondOfPackets != NOBODY;
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
    firstOfPackets.packetSent(
        nowNanos, connection, kind, packetNumber, keyPhase, lengthBytes, frames);
    secondOfPackets.packetSent(
        nowNanos, connection, kind, packetNumber, keyPhase, lengthBytes, frames);
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
    firstOfPackets.packetReceived(
        nowNanos, connection, kind, packetNumber, keyPhase, lengthBytes, frames);
    secondOfPackets.packetReceived(
        nowNanos, connection, kind, packetNumber, keyPhase, lengthBytes, frames);
  }

  @Override
  public void packetDropped(
      long nowNanos, long connection, PacketKind kind, int lengthBytes, String reason) {
    firstOfPackets.packetDropped(nowNanos, connection, kind, lengthBytes, reason);
    secondOfPackets.packetDropped(nowNanos, connection, kind, lengthBytes, reason);
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
    firstOfPackets.metricsUpdated(nowNanos, connection, metrics);
    secondOfPackets.metricsUpdated(nowNanos, connection, metrics);
  }

  @Override
  public void congestionStateUpdated(long nowNanos, long connection, String before, String after) {
    first.congestionStateUpdated(nowNanos, connection, before, after);
    second.congestionStateUpdated(nowNanos, connection, before, after);
  }

  @Override
  public void keyUpdated(long nowNanos, long connection, boolean received, long phase) {
    firstOfPackets.keyUpdated(nowNanos, connection, received, phase);
    secondOfPackets.keyUpdated(nowNanos, connection, received, phase);
  }

  @Override
  public void pathChanged(
      long nowNanos, long connection, InetSocketAddress before, InetSocketAddress after) {
    firstOfPackets.pathChanged(nowNanos, connection, before, after);
    secondOfPackets.pathChanged(nowNanos, connection, before, after);
  }

  @Override
  public void mtuUpdated(long nowNanos, long connection, int beforeBytes, int afterBytes) {
    firstOfPackets.mtuUpdated(nowNanos, connection, beforeBytes, afterBytes);
    secondOfPackets.mtuUpdated(nowNanos, connection, beforeBytes, afterBytes);
  }

  @Override
  public void socketClosed() {
    first.socketClosed();
    second.socketClosed();
  }

  @Override
  public void awaitWritten() {
    first.awaitWritten();
    second.awaitWritten();
  }
}
