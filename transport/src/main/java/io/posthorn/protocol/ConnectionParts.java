package io.posthorn.protocol;

import io.posthorn.SocketOptions;
import io.posthorn.protocol.congestion.Adaptive;
import io.posthorn.protocol.congestion.CongestionController;
import io.posthorn.protocol.congestion.Cubic;
import io.posthorn.protocol.congestion.NewReno;
import io.posthorn.protocol.path.LocalConnectionIds;
import io.posthorn.protocol.path.MtuDiscovery;
import io.posthorn.protocol.path.Path;
import io.posthorn.protocol.path.PeerConnectionIds;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What one connection is made of, put together once: the rooms that know frames, and those that
 * know time. Opening, receiving, sending, the timers and the end work on the same parts.
 */
final class ConnectionParts {
  private static final long NEVER = Long.MAX_VALUE;

  final EndpointResources shared;
  final PeerIdentity peer;
  final Deliveries deliveries;
  final Inbox inbox;
  final Acknowledgements acknowledgements;
  final AckFrequency ackFrequency = new AckFrequency();
  final Pings pings = new Pings();
  final Ending ending = new Ending();
  final Path path;
  final LocalConnectionIds localIds;
  final PeerConnectionIds peerIds = new PeerConnectionIds();
  final MtuDiscovery mtu;
  final PacketRecovery recovery;
  final IdleTimeout idle;
  final Redundancy redundancy;

  /** Told what happens; null for nobody. */
  final @Nullable ConnectionTrace trace;

  /** Told of single packets; null for nobody. */
  final @Nullable PacketTrace packetTrace;

  /** What the peer is willing to take, once that is known. */
  int peerMaxUdpPayloadBytes = WireLimits.MINIMUM_DATAGRAM_BYTES;

  /** In the order of their priority, which is the order in which they fill a packet. */
  final FrameSource[] sources;

  /**
   * Makes the parts of a new connection.
   *
   * @param localConnectionId what this side calls itself in the handshake
   * @param openedHere whether this side keeps it alive
   * @param implicit whether a mere send opens it, so that it ends by itself when unused
   */
  ConnectionParts(
      EndpointResources shared,
      long handle,
      InetSocketAddress address,
      long localConnectionId,
      boolean openedHere,
      boolean implicit,
      long nowNanos) {
    SocketOptions options = shared.options();
    this.shared = shared;
    peer = new PeerIdentity(options.security(), address, !openedHere);
    redundancy = new Redundancy(options.redundancy());
    idle =
        new IdleTimeout(
            options.idleTimeout().toNanos(),
            openedHere ? options.keepAlive().toNanos() : NEVER,
            implicit ? options.implicitIdle().toNanos() : NEVER,
            nowNanos);
    deliveries = new Deliveries(shared, ending, idle, redundancy);
    inbox =
        new Inbox(
            handle, peer, deliveries.incoming(), deliveries.unordered(), deliveries.datagrams());
    acknowledgements = new Acknowledgements(PeerConnection.MAX_ACK_DELAY_NANOS);
    path = new Path(address, shared.random(), peerIds);
    localIds = new LocalConnectionIds(shared.ids(), localConnectionId);
    mtu = new MtuDiscovery(this::mtuCeilingBytes, this::isSilentSince);
    sources =
        new FrameSource[] {
          acknowledgements,
          path,
          pings,
          mtu,
          ending.closeFrame(),
          peerIds,
          localIds,
          ackFrequency,
          deliveries.confirmations(),
          deliveries.datagrams(),
          deliveries.outgoing(),
          deliveries.incoming(),
          deliveries.unordered()
        };
    recovery = new PacketRecovery(() -> controller(options), sources, shared.probeRate());
    EndpointTrace watched = shared.trace();
    if (watched == null) {
      trace = null;
      packetTrace = null;
    } else {
      trace = new ConnectionTrace(watched, localConnectionId, address);
      packetTrace =
          watched.wantsPackets()
              ? new PacketTrace(watched, localConnectionId, address, mtu.currentBytes())
              : null;
      recovery.traceLosses(watched.listener(), localConnectionId);
      trace.started(openedHere, nowNanos);
    }
  }

  /** The own attempt has become the connection that the peer opened, by another id. */
  void adopt(long localConnectionId, long nowNanos) {
    localIds.replaceFirst(localConnectionId);
    if (trace != null) {
      trace.adopted(localConnectionId, nowNanos);
      recovery.traceLosses(trace.listener(), localConnectionId);
    }
    if (packetTrace != null) {
      packetTrace.adopted(localConnectionId);
    }
  }

  /** Has a packet sent if only that is wanting to an update of keys that was asked for. */
  void requestDueKeyUpdate(PacketProtection keys) {
    if (keys.isKeyUpdateDue() && ending.isRunning()) {
      pings.request();
    }
  }

  /** The largest datagram that may be tried towards the path's address. */
  private int mtuCeilingBytes() {
    int host = shared.port().largestSentBytes().applyAsInt(path.address());
    int own = RateLimit.largestDatagramBytes(shared.options());
    return Math.min(Math.min(own, host), peerMaxUdpPayloadBytes);
  }

  private boolean isSilentSince(long packetNumber) {
    return recovery.isSilentSince(packetNumber);
  }

  private static CongestionController controller(SocketOptions options) {
    return switch (options.congestionControl()) {
      case NEW_RENO -> new NewReno(WireLimits.MINIMUM_DATAGRAM_BYTES);
      case CUBIC -> new Cubic(WireLimits.MINIMUM_DATAGRAM_BYTES);
      case ADAPTIVE -> new Adaptive(WireLimits.MINIMUM_DATAGRAM_BYTES);
    };
  }
}
