package io.posthorn.endpoint;

import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.protocol.handshake.OpeningAttempt;
import io.posthorn.protocol.handshake.SharedRate;
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
 * asked, M3 to {@link ConnectionAcceptor}, control packets reach the attempt that they answer.
 */
final class Handshakes {
  /**
   * M2s tried in a second, and at once, that do not verify, for all attempts: as many as handshakes
   * begin, and each costs a part of one.
   */
  static final int FORGED_SECONDS_PER_SECOND = Admission.HANDSHAKES_PER_SECOND;

  private final EndpointResources shared;
  private final Predicate<InetSocketAddress> isSelf;
  private final ConnectionTable table;
  private final PeerAddresses addresses;
  private final ConnectionTurns turns;
  private final LeftStreams left;
  private final ConnectionAcceptor acceptor;
  private final Admission admission;
  private final RestartProbes restarts;
  private final SecondMessagePacket second = new SecondMessagePacket();
  private final ThirdMessagePacket third = new ThirdMessagePacket();
  private final ControlPacket control = new ControlPacket();
  private final SharedRate forgedSeconds =
      new SharedRate(FORGED_SECONDS_PER_SECOND, FORGED_SECONDS_PER_SECOND);
  private boolean closing;

  Handshakes(
      EndpointResources shared,
      Predicate<InetSocketAddress> isSelf,
      HandshakeSuite suite,
      ConnectionTable table,
      PeerAddresses addresses,
      ConnectionTurns turns,
      LeftStreams left,
      int cookieThreshold,
      Outbox outbox) {
    this.shared = shared;
    this.isSelf = isSelf;
    this.table = table;
    this.addresses = addresses;
    this.turns = turns;
    this.left = left;
    this.acceptor = new ConnectionAcceptor(shared, isSelf, suite, table, addresses, turns);
    this.admission = new Admission(shared, suite, cookieThreshold, outbox);
    this.restarts = new RestartProbes(shared, suite, outbox);
  }

  /** From now on no connection opens any more; who proves itself until the end is told so. */
  void close() {
    closing = true;
    restarts.clear();
  }

  /** Forgets all that is half done. */
  void destroy() {
    close();
    admission.clear();
  }

  long deadlineNanos() {
    return Math.min(admission.deadlineNanos(), restarts.deadlineNanos());
  }

  void onTimeout(long nowNanos) {
    admission.onTimeout(nowNanos);
    restarts.onTimeout(nowNanos);
  }

  /** Whether a handshake with this id waits for M3, or was refused when that came. */
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
    if (closing || !left.hasRoom(nowNanos)) {
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
      restarted.connection.onPeerRestarted();
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
      reason = complete(halfOpen, bytes, length, nowNanos);
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

  private DropReason complete(HalfOpen halfOpen, byte[] bytes, int length, long nowNanos) {
    byte[] before = halfOpen.refusal();
    if (before != null) {
      admission.refuseAgain(halfOpen, before, length);
      return halfOpen.furtherThird();
    }
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
    DropReason reason = DropReason.CONNECTION_LIMIT;
    if (closing || !left.hasRoom(nowNanos)) {
      acceptor.turnAway(halfOpen, peer, nowNanos);
    } else {
      reason = acceptor.accept(halfOpen, peer, nowNanos);
    }
    byte[] refusal = halfOpen.refusal();
    if (refusal == null) {
      admission.remove(halfOpen, nowNanos);
    } else {
      admission.refuse(halfOpen, refusal);
    }
    return reason;
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

  DropReason onControl(byte[] bytes, int at, int length, InetSocketAddress from, long nowNanos) {
    DropReason reason = control.check(bytes, at, length);
    if (reason != DropReason.NONE) {
      return reason;
    }
    if (control.kind() == ControlPacket.UNKNOWN_CONNECTION) {
      return restarts.onHint(addresses.byPath(from), control.connectionId(), nowNanos);
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
}
