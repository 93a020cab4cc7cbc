package io.posthorn.protocol;

import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.trace.KeyLog;
import io.posthorn.trace.PacketKind;
import io.posthorn.trace.RecoveryMetrics;
import io.posthorn.trace.TraceListener;
import java.net.InetSocketAddress;

/**
 * Tells what one connection does, and only what is new: it remembers what it told last of metrics,
 * keys, path and congestion.
 */
final class ConnectionTrace {
  private final EndpointTrace shared;
  private final TraceListener listener;
  private final long id;
  private final InetSocketAddress alias;
  private String congestionState = "";
  private long sendingPhase;
  private long receivingPhase;
  private int mtuBytes;
  private InetSocketAddress address;
  private boolean closed;
  private int probeTimeouts;
  private long latestRttNanos;
  private long smoothedRttNanos;
  private long windowBytes = -1;
  private long bytesInFlight = -1;
  private long pacingBytesPerSecond;
  private long packetsSpuriouslyLost;

  /**
   * Makes one.
   *
   * @param id the connection's, as the application sees it
   * @param alias where the peer was met
   */
  ConnectionTrace(EndpointTrace shared, long id, InetSocketAddress alias, int mtuBytes) {
    this.shared = shared;
    this.listener = shared.listener;
    this.id = id;
    this.alias = alias;
    this.address = alias;
    this.mtuBytes = mtuBytes;
  }

  TraceListener listener() {
    return listener;
  }

  void started(boolean openedHere, long nowNanos) {
    listener.connectionStarted(nowNanos, id, alias, openedHere);
  }

  void opened(long nowNanos) {
    listener.connectionOpened(nowNanos, id, alias);
  }

  /** Tells of the end, once it has come. */
  void end(Ending ending, long nowNanos) {
    ConnectionEnd how = ending.end();
    if (closed || how == null || !ending.isOver()) {
      return;
    }
    closed = true;
    listener.connectionClosed(
        nowNanos,
        id,
        alias,
        how.reason().name(),
        how.reason().code(),
        how.byPeer(),
        how.applicationCode());
  }

  /** The handshake is done: whoever logs keys learns them. */
  void keys(PacketProtection protection, boolean openedHere, long localId, long remoteId) {
    KeyLog log = shared.keyLog;
    if (log != null) {
      protection.revealSecrets(
          (sending, receiving) -> {
            if (openedHere) {
              log.secrets(localId, remoteId, sending, receiving);
            } else {
              log.secrets(remoteId, localId, receiving, sending);
            }
          });
    }
  }

  void handshakeSent(PacketKind kind, int bytes, long nowNanos) {
    listener.packetSent(nowNanos, id, kind, -1, -1, bytes, shared.noFrames());
  }

  void sent(
      long packetNumber,
      long phase,
      int bytes,
      byte[] plain,
      int plainFrom,
      int length,
      int mtu,
      PacketRecovery recovery,
      long nowNanos) {
    shared.frames.set(plain, plainFrom, length);
    listener.packetSent(nowNanos, id, PacketKind.DATA, packetNumber, phase, bytes, shared.frames);
    if (phase != sendingPhase) {
      sendingPhase = phase;
      listener.keyUpdated(nowNanos, id, false, phase);
    }
    if (mtu != mtuBytes) {
      listener.mtuUpdated(nowNanos, id, mtuBytes, mtu);
      mtuBytes = mtu;
    }
    metrics(recovery, nowNanos);
  }

  void received(
      long packetNumber,
      long phase,
      int bytes,
      byte[] plain,
      int plainFrom,
      int length,
      long nowNanos) {
    shared.frames.set(plain, plainFrom, length);
    listener.packetReceived(
        nowNanos, id, PacketKind.DATA, packetNumber, phase, bytes, shared.frames);
    if (phase != receivingPhase) {
      receivingPhase = phase;
      listener.keyUpdated(nowNanos, id, true, phase);
    }
  }

  /** The peer may be elsewhere now. */
  void path(InetSocketAddress now, long nowNanos) {
    if (!now.equals(address)) {
      listener.pathChanged(nowNanos, id, address, now);
      address = now;
    }
  }

  /** An acknowledgement came, or a timer ended. */
  void recovery(PacketRecovery recovery, long nowNanos) {
    int timeouts = recovery.probesSinceAcknowledgement();
    if (timeouts > probeTimeouts) {
      listener.probeTimeout(nowNanos, id, timeouts);
    }
    String state = recovery.controller().state();
    if (!state.equals(congestionState)) {
      listener.congestionStateUpdated(nowNanos, id, congestionState, state);
      congestionState = state;
    }
    if (shared.wantsPackets()) {
      metrics(recovery, nowNanos);
    }
    probeTimeouts = timeouts;
  }

  private void metrics(PacketRecovery recovery, long nowNanos) {
    RecoveryMetrics now = shared.metrics;
    boolean sampled = recovery.rtt().hasSample();
    now.latestRttNanos = sampled ? recovery.rtt().latestRttNanos() : 0;
    now.minRttNanos = sampled ? recovery.rtt().minRttNanos() : 0;
    now.smoothedRttNanos = sampled ? recovery.rtt().smoothedRttNanos() : 0;
    now.rttVarianceNanos = sampled ? recovery.rtt().rttVarianceNanos() : 0;
    now.congestionWindowBytes = recovery.controller().windowBytes();
    now.bytesInFlight = recovery.sent().bytesInFlight();
    now.packetsInFlight = recovery.sent().outstanding();
    now.pacingBytesPerSecond = recovery.controller().pacingBytesPerSecond();
    now.probeTimeouts = recovery.probesSinceAcknowledgement();
    now.packetsLost = recovery.packetsLost();
    now.packetsSpuriouslyLost = recovery.packetsSpuriouslyLost();
    if (now.latestRttNanos == latestRttNanos
        && now.smoothedRttNanos == smoothedRttNanos
        && now.congestionWindowBytes == windowBytes
        && now.bytesInFlight == bytesInFlight
        && now.pacingBytesPerSecond == pacingBytesPerSecond
        && now.packetsSpuriouslyLost == packetsSpuriouslyLost
        && now.probeTimeouts == probeTimeouts) {
      return;
    }
    latestRttNanos = now.latestRttNanos;
    smoothedRttNanos = now.smoothedRttNanos;
    windowBytes = now.congestionWindowBytes;
    bytesInFlight = now.bytesInFlight;
    pacingBytesPerSecond = now.pacingBytesPerSecond;
    packetsSpuriouslyLost = now.packetsSpuriouslyLost;
    listener.metricsUpdated(nowNanos, id, now);
  }
}
