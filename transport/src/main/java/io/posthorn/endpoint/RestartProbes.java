package io.posthorn.endpoint;

import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.PeerIdentity;
import io.posthorn.protocol.handshake.OpeningAttempt;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks into hints that a peer does not know its connection any more (PROTOCOL.md §12.3). A hint
 * proves nothing, so the peer is asked by a first handshake message; its answer is sealed, and if
 * it comes from another instance, with the same key or one that the peer may have now ({@link
 * PeerIdentity#mayBecome}), the peer has restarted. The handshake goes no further.
 */
final class RestartProbes {
  private static final int LIMIT = 64;
  private static final long TIMEOUT_NANOS = 3_000_000_000L;
  private static final long PAUSE_NANOS = 5_000_000_000L;

  private record Probe(ConnectionSlot slot, OpeningAttempt attempt, InetSocketAddress peer) {
    /**
     * Whether the peer has been heard from elsewhere meanwhile: whoever answers in its place has no
     * more than the address, which a translator may have given to the next.
     */
    boolean isMoot() {
      return slot.connection.isOver() || !peer.equals(slot.connection.address());
    }
  }

  private final EndpointResources shared;
  private final HandshakeSuite suite;
  private final Outbox outbox;
  private final Map<Long, Probe> probes = new LinkedHashMap<>();
  private final byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];

  RestartProbes(EndpointResources shared, HandshakeSuite suite, Outbox outbox) {
    this.shared = shared;
    this.suite = suite;
    this.outbox = outbox;
  }

  /**
   * A hint came.
   *
   * @param slot the connection whose peer is at the address it came from, or null
   * @param connectionId the id to which the peer got a packet
   */
  DropReason onHint(@Nullable ConnectionSlot slot, long connectionId, long nowNanos) {
    if (slot == null || slot.connection.isOver() || !slot.connection.knowsPeerId(connectionId)) {
      return DropReason.UNKNOWN_CONNECTION;
    }
    if (nowNanos < slot.nextRestartProbeNanos || probes.size() >= LIMIT) {
      return DropReason.NONE;
    }
    slot.nextRestartProbeNanos = nowNanos + PAUSE_NANOS;
    long id = shared.ids().next();
    OpeningAttempt attempt =
        new OpeningAttempt(suite.initiator(id), suite.code(), id, TIMEOUT_NANOS, 1, nowNanos);
    Probe probe = new Probe(slot, attempt, slot.connection.address());
    probes.put(id, probe);
    write(probe, nowNanos);
    return DropReason.NONE;
  }

  private void write(Probe probe, long nowNanos) {
    int length = probe.attempt.write(out, 0, nowNanos);
    if (length > 0) {
      outbox.add(Arrays.copyOf(out, length), probe.peer);
    }
  }

  /** The peer asks for a cookie. */
  DropReason onRetry(ControlPacket control, byte[] bytes, InetSocketAddress from, long nowNanos) {
    Probe probe = probes.get(control.connectionId());
    if (probe == null || !from.equals(probe.peer)) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    probe.attempt.onRetry(bytes, control.cookieFrom(), control.cookieLength(), nowNanos);
    write(probe, nowNanos);
    return DropReason.NONE;
  }

  /** The attempt under way by this id, or null. */
  @Nullable OpeningAttempt attempt(long connectionId) {
    Probe probe = probes.get(connectionId);
    return probe == null ? null : probe.attempt;
  }

  /**
   * M2 came; the attempt that it is for is under way no more if it verified.
   *
   * @return the connection whose peer has restarted, or null
   */
  @Nullable ConnectionSlot onSecond(SecondMessagePacket packet, byte[] bytes) {
    Probe probe = probes.get(packet.destinationConnectionId());
    if (probe == null) {
      return null;
    }
    byte[] payload = shared.scratch().plain();
    int length =
        probe
            .attempt
            .handshake()
            .readSecond(bytes, packet.bodyFrom(), packet.bodyLength(), payload);
    if (length < 0) {
      return null;
    }
    probes.remove(packet.destinationConnectionId());
    byte[] key = probe.attempt.handshake().remoteStatic();
    probe.attempt.handshake().destroy();
    TransportParameters peer = TransportParameters.decode(payload, 0, length);
    boolean restarted =
        peer != null
            && peer.instanceId != shared.instanceId()
            && peer.instanceId != probe.slot.connection.peer().instanceId()
            && !probe.isMoot()
            && mayBecome(probe.slot.connection.peer(), key);
    return restarted ? probe.slot : null;
  }

  /**
   * Whether the peer may be what answered. The pre-shared secret enters the handshake after M2, so
   * where there is one, an answer with another key proves nothing: such a restart shows when the
   * peer itself opens a connection, or falls silent for long.
   */
  private boolean mayBecome(PeerIdentity peer, byte[] key) {
    return shared.options().security().hasPreSharedKey() ? peer.hasKey(key) : peer.mayBecome(key);
  }

  long deadlineNanos() {
    if (probes.isEmpty()) {
      return Endpoint.NEVER; // as nearly always: no iterator for that
    }
    long earliest = Endpoint.NEVER;
    for (Probe probe : probes.values()) {
      OpeningAttempt attempt = probe.attempt;
      earliest = Math.min(earliest, Math.min(attempt.nextNanos(), attempt.deadlineNanos()));
    }
    return earliest;
  }

  void onTimeout(long nowNanos) {
    if (probes.isEmpty()) {
      return;
    }
    probes.values().removeIf(probe -> isOver(probe, nowNanos));
    for (Probe probe : probes.values()) {
      write(probe, nowNanos);
    }
  }

  private static boolean isOver(Probe probe, long nowNanos) {
    boolean over = nowNanos >= probe.attempt.deadlineNanos() || probe.isMoot();
    if (over) {
      probe.attempt.handshake().destroy();
    }
    return over;
  }

  void clear() {
    for (Probe probe : probes.values()) {
      probe.attempt.handshake().destroy();
    }
    probes.clear();
  }
}
