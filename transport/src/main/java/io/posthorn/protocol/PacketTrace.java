package io.posthorn.protocol;

import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.trace.PacketKind;
import io.posthorn.trace.RecoveryMetrics;
import io.posthorn.trace.TraceListener;
import java.net.InetSocketAddress;

/**
 * Tells of the single packets of one connection, and what is new by them: it remembers what it told
 * last of metrics, keys and path. Only for a listener that wants packets.
 */
final class PacketTrace {
  private final EndpointTrace shared;
  private final TraceListener listener;
  private long id;
  private InetSocketAddress address;
  private int mtuBytes;
  private long sendingPhase;
  private long receivingPhase;
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
   * @param address where the peer was met
   */
  PacketTrace(EndpointTrace shared, long id, InetSocketAddress address, int mtuBytes) {
    this.shared = shared;
    this.listener = shared.listener;
    this.id = id;
    this.address = address;
    this.mtuBytes = mtuBytes;
  }

  /** The connection has another id from now on. */
  void adopted(long newId) {
    id = newId;
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

  /** How recovery stands, if that is new. */
  void metrics(PacketRecovery recovery, long nowNanos) {
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
    now.probeTimeouts = recovery.probes().sinceAcknowledgement();
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
    probeTimeouts = now.probeTimeouts;
    listener.metricsUpdated(nowNanos, id, now);
  }
}
