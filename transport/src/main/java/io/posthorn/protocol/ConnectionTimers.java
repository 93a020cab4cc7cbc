package io.posthorn.protocol;

import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.CloseReason;

/** All deadlines of one connection: which comes first, and what each brings. */
final class ConnectionTimers {
  /** A peer in the middle of something that is silent for less is not asked. */
  private static final long LEAST_QUIET_NANOS = 3_000_000L;

  /** And at least this part of a round trip: soon enough that all of it takes less than two. */
  private static final int QUIET_SHARE = 8;

  /** Nor one whose packets come so slowly that so many of their gaps are longer. */
  private static final int GAPS = 8;

  /** A pause before says little about what comes. */
  private static final long MOST_GAP_NANOS = 1_000_000_000L;

  /** A peer that answers, and brings nothing, is asked ever more seldom, up to so far apart. */
  private static final long MOST_QUIET_NANOS = 2_000_000_000L;

  /** Before that it is asked so often at even intervals: its answers may have been lost. */
  private static final int EVEN_QUIET_PINGS = 32;

  private static final long NEVER = Long.MAX_VALUE;

  private final ConnectionParts parts;
  private final Opening opening;
  private final Closing closing;
  private long quietPingNanos = NEVER;

  /** Times that it was asked since it brought something. */
  private int quietPings;

  private long openedNanos;
  private long meanGapNanos = LEAST_QUIET_NANOS;

  ConnectionTimers(ConnectionParts parts, Opening opening, Closing closing) {
    this.parts = parts;
    this.opening = opening;
    this.closing = closing;
  }

  /**
   * A packet of the peer opened: it is not silent.
   *
   * @param news whether it brought data or credit
   */
  void onPacketOpened(boolean news, long nowNanos) {
    if (news) {
      quietPings = 0;
    }
    meanGapNanos = (7 * meanGapNanos + Math.min(nowNanos - openedNanos, MOST_GAP_NANOS)) / 8;
    openedNanos = nowNanos;
    long quiet = Math.max(LEAST_QUIET_NANOS, parts.recovery.rtt().smoothedRttNanos() / QUIET_SHARE);
    quiet = Math.max(quiet, GAPS * meanGapNanos);
    long most = mostQuietNanos();
    quietPingNanos = nowNanos + (quietPings < EVEN_QUIET_PINGS ? Math.min(quiet, most) : most);
  }

  /** In the end twice as long each time that it was asked in vain. */
  private long mostQuietNanos() {
    long most = 3 * parts.recovery.probeTimeoutNanos();
    for (int i = EVEN_QUIET_PINGS; i < quietPings && most < MOST_QUIET_NANOS; i++) {
      most = Math.min(2 * most, MOST_QUIET_NANOS);
    }
    return most;
  }

  /**
   * When {@link #onTimeout} wants to be called, or Long.MAX_VALUE.
   *
   * @param pacedUntilNanos when the pacer lets the next packet leave
   */
  long nextTimeoutNanos(long pacedUntilNanos, long nowNanos) {
    Ending ending = parts.ending;
    if (ending.isEnded()) {
      return NEVER;
    }
    Session session = opening.session();
    long keys = session == null ? NEVER : session.protection().deadlineNanos();
    if (ending.isOver()) {
      long acknowledge = parts.path.isStifled() ? NEVER : parts.acknowledgements.deadlineNanos();
      return Math.min(keys, Math.min(ending.drainDeadlineNanos(), acknowledge));
    }
    long probeTimeoutNanos = parts.recovery.probeTimeoutNanos();
    if (parts.path.isStifled()) {
      // What may not leave before more comes from there must not keep a timer busy.
      long own = Math.min(parts.path.deadlineNanos(), parts.idle.deadlineNanos(probeTimeoutNanos));
      return Math.min(keys, Math.min(own, ending.lingerDeadlineNanos()));
    }
    long next = Math.min(ending.lingerDeadlineNanos(), opening.deadlineNanos());
    for (FrameSource source : parts.sources) {
      next = Math.min(next, source.deadlineNanos());
    }
    if (session == null) {
      return next;
    }
    next = Math.min(next, parts.recovery.deadlineNanos(nowNanos));
    next = Math.min(next, pacedUntilNanos);
    next = Math.min(next, parts.idle.deadlineNanos(probeTimeoutNanos));
    next = Math.min(next, keys);
    return parts.deliveries.awaitsPeer() ? Math.min(next, quietPingNanos) : next;
  }

  /** A deadline has come. */
  void onTimeout(long nowNanos) {
    Session session = opening.session();
    if (session != null) {
      PacketProtection keys = session.protection();
      keys.onTime(nowNanos);
      parts.requestDueKeyUpdate(keys);
    }
    if (parts.ending.isOver()) {
      if (nowNanos >= parts.ending.drainDeadlineNanos()) {
        closing.finish(ConnectionEnd.local(CloseReason.APPLICATION));
      }
      return;
    }
    for (FrameSource source : parts.sources) {
      if (source.deadlineNanos() <= nowNanos) {
        source.onTimeout(nowNanos);
      }
    }
    if (parts.path.pollReverted()) {
      parts.recovery.onPathReverted();
    }
    CloseReason failure = opening.failure(nowNanos);
    if (failure != null) {
      closing.onPeerGone(failure);
      return;
    }
    if (session != null && !onTimeoutWhenOpen(nowNanos)) {
      return;
    }
    closing.proceed(nowNanos);
  }

  /** Answers false if the peer is gone. */
  private boolean onTimeoutWhenOpen(long nowNanos) {
    IdleTimeout idle = parts.idle;
    long probeTimeoutNanos = parts.recovery.probeTimeoutNanos();
    long deadlineNanos =
        Math.min(
            idle.idleDeadlineNanos(probeTimeoutNanos),
            idle.silentDeadlineNanos(
                parts.recovery.probes().silentSinceNanos(), probeTimeoutNanos));
    if (nowNanos >= deadlineNanos) {
      if (!idle.takesGraceAfterJump(deadlineNanos, probeTimeoutNanos, nowNanos)) {
        closing.onPeerGone(CloseReason.IDLE_TIMEOUT);
        return false;
      }
      parts.pings.request();
      parts.recovery.probes().request();
      parts.recovery.probes().forgiveSilence(nowNanos);
    }
    parts.recovery.onTimeout(nowNanos);
    if (parts.recovery.probes().isDue() && !parts.recovery.probes().isBare()) {
      parts.ending.closeFrame().onProbeDue();
    }
    if (parts.trace != null) {
      parts.trace.recovery(parts.recovery, nowNanos);
    }
    if (parts.packetTrace != null) {
      parts.packetTrace.metrics(parts.recovery, nowNanos);
    }
    if (nowNanos >= idle.keepAliveDeadlineNanos(probeTimeoutNanos)) {
      idle.onKeepAlive(nowNanos);
      parts.pings.request();
    }
    if (nowNanos >= quietPingNanos) {
      quietPingNanos = nowNanos + mostQuietNanos();
      if (parts.deliveries.awaitsPeer()) {
        quietPings++;
        // The peer was in the middle of something: a rebound NAT here would hide it from us.
        parts.pings.request();
      }
    }
    if (nowNanos >= idle.implicitDeadlineNanos()) {
      idle.onMessage(nowNanos);
      if (parts.deliveries.isFlushed()) {
        closing.closeUnused(nowNanos);
      }
    }
    return true;
  }
}
