package io.posthorn.endpoint;

import io.posthorn.SocketOptions;
import io.posthorn.protocol.ConnectionEnd;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.NoiseXX;
import io.posthorn.protocol.handshake.OpeningAttempt;
import io.posthorn.protocol.handshake.SharedRate;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.protocol.handshake.TransportParameters;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The handshake packets of one endpoint: M1 goes to {@link Admission}, M2 to the attempt that
 * asked, M3 makes a connection, control packets reach the attempt that they answer.
 */
final class Handshakes {
  /**
   * M2s tried in a second, and at once, that do not verify, for all attempts: as many as handshakes
   * begin, and each costs a part of one.
   */
  static final int FORGED_SECONDS_PER_SECOND = Admission.HANDSHAKES_PER_SECOND;

  private final EndpointResources shared;
  private final SocketOptions options;
  private final Predicate<InetSocketAddress> isSelf;
  private final StaticKey identity;
  private final byte @Nullable [] preSharedKey;
  private final int suite;
  private final ConnectionTable table;
  private final PeerAddresses addresses;
  private final ConnectionTurns turns;
  private final EndpointCounters counters;
  private final Admission admission;
  private final RestartProbes restarts;
  private final SecondMessagePacket second = new SecondMessagePacket();
  private final ThirdMessagePacket third = new ThirdMessagePacket();
  private final ControlPacket control = new ControlPacket();
  private final SharedRate forgedSeconds =
      new SharedRate(FORGED_SECONDS_PER_SECOND, FORGED_SECONDS_PER_SECOND);
  private long nextHandle;
  private boolean closing;

  Handshakes(
      EndpointResources shared,
      Predicate<InetSocketAddress> isSelf,
      StaticKey identity,
      ConnectionTable table,
      PeerAddresses addresses,
      ConnectionTurns turns,
      EndpointCounters counters,
      int cookieThreshold,
      Outbox outbox,
      long handleBase) {
    this.nextHandle = handleBase + Endpoint.NO_CONNECTION + 1;
    this.shared = shared;
    this.options = shared.options();
    this.isSelf = isSelf;
    this.identity = identity;
    this.preSharedKey = options.security().preSharedKey();
    this.suite =
        !options.security().isEncrypted()
            ? WireLimits.SUITE_CLEAR
            : preSharedKey == null ? WireLimits.SUITE_NOISE_XX : WireLimits.SUITE_NOISE_XX_PSK3;
    this.table = table;
    this.addresses = addresses;
    this.turns = turns;
    this.counters = counters;
    this.admission = new Admission(shared, suite, identity, preSharedKey, cookieThreshold, outbox);
    this.restarts = new RestartProbes(shared, outbox, this::initiator);
  }

  /** From now on no connection opens any more. */
  void close() {
    closing = true;
    admission.clear();
    restarts.clear();
  }

  /** Erases the secret; nothing opens from then on. */
  void destroy() {
    close();
    byte[] key = preSharedKey;
    if (key != null) {
      Arrays.fill(key, (byte) 0);
    }
  }

  long deadlineNanos() {
    return Math.min(admission.deadlineNanos(), restarts.deadlineNanos());
  }

  void onTimeout(long nowNanos) {
    admission.onTimeout(nowNanos);
    restarts.onTimeout(nowNanos);
  }

  /** Whether a handshake with this id waits for M3. */
  boolean isHalfOpen(long connectionId) {
    return admission.find(connectionId) != null;
  }

  DropReason onFirst(byte[] bytes, int at, int length, InetSocketAddress from, long nowNanos) {
    DropReason reason = admission.check(bytes, at, length, from);
    if (reason != DropReason.NONE) {
      return reason;
    }
    FirstMessagePacket first = admission.first();
    ConnectionSlot own = table.byId(first.initiatorConnectionId());
    boolean toSelf = own != null && own.connection.isOpenedHere();
    if (toSelf && !isSelf.test(from)) {
      return DropReason.REFLECTED;
    }
    if (!toSelf && winsAgainst(bytes, first, from)) {
      return DropReason.SIMULTANEOUS_OPEN;
    }
    if (closing || table.size() >= options.maxConnections()) {
      admission.refuse(from, CloseReason.REFUSED);
      return DropReason.CONNECTION_LIMIT;
    }
    return admission.onFirst(bytes, from, nowNanos);
  }

  /** Whether both sides open at once and the own attempt goes on: the lower key wins. */
  private boolean winsAgainst(byte[] bytes, FirstMessagePacket first, InetSocketAddress from) {
    ConnectionSlot slot = addresses.byName(from);
    if (slot == null || !slot.connection.isUnanswered()) {
      return false;
    }
    var attempt = slot.connection.attempt();
    if (attempt == null || slot.connection.isOver()) {
      return false;
    }
    byte[] ours = attempt.handshake().localEphemeral();
    return first.bodyLength() >= ours.length
        && Arrays.compareUnsigned(
                ours, 0, ours.length, bytes, first.bodyFrom(), first.bodyFrom() + ours.length)
            < 0;
  }

  DropReason onSecond(byte[] bytes, int at, int length, long nowNanos) {
    DropReason reason = second.check(bytes, at, length);
    if (reason != DropReason.NONE) {
      return reason;
    }
    long id = second.destinationConnectionId();
    ConnectionSlot slot = table.byId(id);
    OpeningAttempt attempt = slot == null ? restarts.attempt(id) : slot.connection.attempt();
    if (attempt == null || attempt.isAnswered()) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    if (!attempt.mayTrySecond(nowNanos) || !forgedSeconds.has(nowNanos)) {
      return DropReason.RATE_LIMITED;
    }
    reason = slot == null ? onRestarted(id, bytes, nowNanos) : onAnswered(slot, bytes, nowNanos);
    if (reason == DropReason.HANDSHAKE_FORGED) {
      attempt.onForgedSecond(nowNanos);
      forgedSeconds.take(nowNanos);
    }
    return reason;
  }

  private DropReason onAnswered(ConnectionSlot slot, byte[] bytes, long nowNanos) {
    DropReason reason = slot.connection.onSecondMessage(second, bytes, nowNanos);
    turns.settle(slot, nowNanos);
    return reason;
  }

  private DropReason onRestarted(long id, byte[] bytes, long nowNanos) {
    ConnectionSlot restarted = restarts.onSecond(second, bytes);
    if (restarted != null) {
      restarted.connection.finish(ConnectionEnd.local(CloseReason.PEER_RESTARTED));
      turns.settle(restarted, nowNanos);
      return DropReason.NONE;
    }
    return restarts.attempt(id) == null
        ? DropReason.UNEXPECTED_HANDSHAKE
        : DropReason.HANDSHAKE_FORGED;
  }

  /** M3 came; {@link #third} holds what follows it. */
  DropReason onThird(byte[] bytes, int at, int length, long nowNanos) {
    DropReason reason = third.check(bytes, at, length);
    if (reason != DropReason.NONE) {
      return reason;
    }
    long id = third.destinationConnectionId();
    HalfOpen halfOpen = admission.find(id);
    if (halfOpen != null) {
      reason = complete(halfOpen, bytes, nowNanos);
      if (reason != DropReason.NONE) {
        return reason;
      }
    } else if (table.byId(id) == null) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    return DropReason.NONE;
  }

  /** The M3 that was read last. */
  ThirdMessagePacket third() {
    return third;
  }

  private DropReason complete(HalfOpen halfOpen, byte[] bytes, long nowNanos) {
    int from = third.bodyFrom();
    int bodyLength = third.bodyLength();
    if (halfOpen.handshake.isFurtherThird(bytes, from, bodyLength)
        && !admission.mayTryAgain(halfOpen, nowNanos)) {
      return DropReason.RATE_LIMITED;
    }
    ThirdParameters parameters = new ThirdParameters(halfOpen.key.initiatorConnectionId());
    halfOpen.handshake.readThird(bytes, from, bodyLength, shared.scratch().plain(), parameters);
    TransportParameters peer = parameters.accepted;
    if (peer == null) {
      return DropReason.HANDSHAKE_FORGED; // whether it verified or not: nobody is to learn that
    }
    admission.remove(halfOpen);
    if (closing || table.size() >= options.maxConnections()) {
      halfOpen.handshake.destroy();
      return DropReason.CONNECTION_LIMIT;
    }
    return establish(halfOpen, peer, nowNanos);
  }

  /** Takes the parameters in an M3 that verified, if they make sense. */
  private static final class ThirdParameters implements Handshake.PayloadCheck {
    private final long initiatorConnectionId;
    private @Nullable TransportParameters accepted;

    ThirdParameters(long initiatorConnectionId) {
      this.initiatorConnectionId = initiatorConnectionId;
    }

    @Override
    public boolean accepts(byte[] payload, int length) {
      TransportParameters peer = TransportParameters.decode(payload, 0, length);
      boolean fit = peer != null && PeerConnection.areAcceptable(peer, initiatorConnectionId);
      accepted = fit ? peer : null;
      return fit;
    }
  }

  private DropReason establish(HalfOpen halfOpen, TransportParameters peer, long nowNanos) {
    InetSocketAddress address = halfOpen.key.address();
    long remoteId = halfOpen.key.initiatorConnectionId();
    ConnectionSlot existing = addresses.byName(address);
    byte[] key = halfOpen.handshake.remoteStatic();
    boolean self = peer.instanceId == shared.instanceId() && isOwn(key);
    EndpointTrace told = shared.trace();
    if (told != null) {
      told.handshakeKeys(halfOpen.handshake, remoteId, halfOpen.responderConnectionId);
    }
    long roundTripNanos = halfOpen.roundTripNanos(nowNanos);
    if (existing != null
        && !self
        && existing.connection.isUnanswered()
        && existing.connection.isSendable()) {
      if (refusal(existing.connection.alias(), key, existing) != null) {
        halfOpen.handshake.destroy(); // the own attempt goes on, and may yet find the right peer
        return DropReason.IDENTITY_REFUSED;
      }
      counters.connectionsOpened++;
      existing.connection.adopt(
          halfOpen.responderConnectionId,
          remoteId,
          shared.keysOf(halfOpen.handshake),
          key,
          peer,
          roundTripNanos,
          nowNanos);
      table.rekey(existing);
      turns.settle(existing, nowNanos);
      return DropReason.NONE;
    }
    counters.connectionsOpened++;
    ConnectionSlot slot =
        new ConnectionSlot(
            PeerConnection.accepted(
                shared,
                nextHandle++,
                address,
                halfOpen.responderConnectionId,
                remoteId,
                shared.keysOf(halfOpen.handshake),
                key,
                peer,
                roundTripNanos,
                nowNanos));
    table.add(slot);
    String refusal = self ? null : refusal(address, key, existing);
    if (refusal != null) {
      slot.connection.refuse(refusal, nowNanos);
      turns.settle(slot, nowNanos);
      return DropReason.IDENTITY_REFUSED;
    }
    endIfBecome(addresses.byPath(address), slot, nowNanos);
    endIfBecome(existing, slot, nowNanos);
    endIfBecome(addresses.newestWaiting(address), slot, nowNanos);
    if (!self || addresses.byName(address) == null) {
      addresses.meet(address, slot);
    }
    turns.settle(slot, nowNanos);
    return DropReason.NONE;
  }

  /**
   * Whether a key is this end's: M2 tells its instance to anybody who asks, so that alone proves
   * nothing. Without encryption there are no keys, and nobody is refused for one.
   */
  private boolean isOwn(byte[] key) {
    return suite == WireLimits.SUITE_CLEAR || Arrays.equals(key, identity.publicKey());
  }

  /**
   * Ends a connection whose peer is the one that has opened another from where it is. If it has
   * left that address, whoever comes from there now is somebody else.
   */
  private void endIfBecome(@Nullable ConnectionSlot known, ConnectionSlot fresh, long nowNanos) {
    if (known != null
        && !known.connection.isOver()
        && !known.connection.isUnanswered()
        && known.connection.address().equals(fresh.connection.address())
        && known.connection.peerInstanceId() != fresh.connection.peerInstanceId()
        && known.connection.mayBecome(fresh.connection.peerKey())) {
      known.connection.finish(ConnectionEnd.local(CloseReason.PEER_RESTARTED));
      turns.settle(known, nowNanos);
    }
  }

  /**
   * Why a peer that came by itself is not accepted, for its own sake or since this side has asked
   * for another at its address; else null.
   *
   * @param peer where it is
   * @param existing the connection with whoever is known at that address
   */
  private @Nullable String refusal(
      InetSocketAddress peer, byte[] key, @Nullable ConnectionSlot existing) {
    String refusal = options.security().refusal(peer, key, false);
    return refusal != null || existing == null ? refusal : existing.connection.refusal(key);
  }

  DropReason onControl(byte[] bytes, int at, int length, InetSocketAddress from, long nowNanos) {
    DropReason reason = control.check(bytes, at, length);
    if (reason != DropReason.NONE) {
      return reason;
    }
    if (control.kind() == ControlPacket.UNKNOWN_CONNECTION) {
      return restarts.onHint(addresses.byPath(from), control.connectionId(), suite, nowNanos);
    }
    ConnectionSlot slot = table.byId(control.connectionId());
    if (slot == null && control.kind() == ControlPacket.RETRY) {
      return restarts.onRetry(control, bytes, from, nowNanos);
    }
    if (slot == null
        || !slot.connection.isUnanswered()
        || slot.connection.isOver()
        || !from.equals(slot.connection.address())) {
      return DropReason.UNEXPECTED_HANDSHAKE;
    }
    switch (control.kind()) {
      case ControlPacket.RETRY ->
          slot.connection.onRetry(bytes, control.cookieFrom(), control.cookieLength(), nowNanos);
      case ControlPacket.REFUSED -> slot.connection.onRefused(CloseReason.ofCode(control.code()));
      case ControlPacket.VERSIONS -> {
        if (listsOwnVersion()) {
          return DropReason.UNEXPECTED_HANDSHAKE;
        }
        slot.connection.onRefused(CloseReason.SECURITY);
      }
      default -> {
        return DropReason.UNEXPECTED_HANDSHAKE;
      }
    }
    turns.settle(slot, nowNanos);
    return DropReason.NONE;
  }

  private boolean listsOwnVersion() {
    for (int i = 0; i < control.versionCount(); i++) {
      if (control.version(i) == WireLimits.VERSION) {
        return true;
      }
    }
    return false;
  }

  /**
   * Opens a connection to a peer; null at the limit.
   *
   * @param implicit whether a mere send opens it
   */
  @Nullable ConnectionSlot open(InetSocketAddress peer, boolean implicit, long nowNanos) {
    if (table.size() >= options.maxConnections()) {
      return null;
    }
    ConnectionSlot slot = attempt(peer, implicit, nowNanos);
    counters.connectionsOpened++;
    addresses.ask(peer, slot);
    return slot;
  }

  private ConnectionSlot attempt(InetSocketAddress peer, boolean implicit, long nowNanos) {
    long id = shared.ids().next();
    ConnectionSlot slot =
        new ConnectionSlot(
            PeerConnection.opening(
                shared, nextHandle++, peer, id, initiator(id), suite, implicit, nowNanos));
    table.add(slot);
    return slot;
  }

  /**
   * The connection, which can be used, for a peer that is asked for at its address under this name;
   * null if a new one is to be opened. The peer that has the key of another there is not it: one
   * that came by itself has no business at that address, and its connection ends. Where this side
   * asked for it, by another name, what that name demands is contradicted by this one: nothing is
   * sent to ask again, and the connection answered has ended for that.
   */
  @Nullable ConnectionSlot askFor(
      ConnectionSlot known, InetSocketAddress peer, boolean implicit, long nowNanos) {
    String refusal = known.connection.askFor(peer);
    if (refusal == null) {
      return known;
    }
    if (!known.connection.isOpenedHere()) {
      known.connection.refuse(refusal, nowNanos);
      turns.settle(known, nowNanos);
      return null;
    }
    ConnectionSlot refused = attempt(peer, implicit, nowNanos);
    refused.connection.finish(new ConnectionEnd(CloseReason.IDENTITY, false, 0, refusal));
    return refused;
  }

  private Handshake initiator(long id) {
    if (suite == WireLimits.SUITE_CLEAR) {
      return ClearHandshake.initiator(id, shared.random());
    }
    Handshake handshake = NoiseXX.initiator(identity, id, preSharedKey, shared.random());
    EndpointTrace told = shared.trace();
    if (told != null) {
      told.keepKeys(handshake);
    }
    return handshake;
  }
}
