package io.posthorn.protocol;

import io.posthorn.protocol.recovery.Standstill;

/**
 * When a silent connection is given up (RFC 9000 §10.1), when it is kept alive, and when one that a
 * mere send opened is let go.
 */
final class IdleTimeout {
  private static final long NEVER = Long.MAX_VALUE;

  private long idleNanos;
  private long keepAliveNanos;
  private final long implicitIdleNanos;
  private long lastHeardNanos;
  private long lastActivityNanos;
  private long lastSentNanos;
  private long lastMessageNanos;
  private boolean sentSinceHeard;
  private boolean probedAfterJump;

  /**
   * Starts now.
   *
   * @param keepAliveNanos {@link Long#MAX_VALUE} for the side that did not open the connection
   * @param implicitIdleNanos {@link Long#MAX_VALUE} for a connection opened by {@code connect}
   */
  IdleTimeout(long idleNanos, long keepAliveNanos, long implicitIdleNanos, long nowNanos) {
    this.idleNanos = idleNanos;
    this.keepAliveNanos = keepAliveNanos;
    this.implicitIdleNanos = implicitIdleNanos;
    lastHeardNanos = nowNanos;
    lastActivityNanos = nowNanos;
    lastSentNanos = nowNanos;
    lastMessageNanos = nowNanos;
  }

  /**
   * The smaller of both sides' timeouts counts. Where that is the peer's, whoever keeps the
   * connection alive does so in time for it, and for a packet that is lost.
   */
  void onPeerTimeout(long nanos) {
    if (nanos < idleNanos) {
      idleNanos = nanos;
      keepAliveNanos = keepAliveNanos == NEVER ? NEVER : Math.min(keepAliveNanos, nanos / 3);
    }
  }

  /** After so long a silence the peer counts as gone, if an answer can have come by then. */
  long idleNanos() {
    return idleNanos;
  }

  /** Nobody is given up before an answer to a probe or two can have come (RFC 9000 §10.1). */
  private long leastSilenceNanos(long probeTimeoutNanos) {
    return Math.max(idleNanos, 3 * probeTimeoutNanos);
  }

  void onReceived(long nowNanos) {
    lastHeardNanos = nowNanos;
    lastActivityNanos = nowNanos;
    sentSinceHeard = false;
    probedAfterJump = false;
  }

  void onAckElicitingSent(long nowNanos) {
    lastSentNanos = nowNanos;
    if (!sentSinceHeard && !probedAfterJump) {
      sentSinceHeard = true;
      lastActivityNanos = nowNanos;
    }
  }

  void onKeepAlive(long nowNanos) {
    lastSentNanos = nowNanos;
  }

  void onMessage(long nowNanos) {
    lastMessageNanos = nowNanos;
  }

  /**
   * When a peer that answers no probe counts as gone though it talks.
   *
   * @param silentSinceNanos when the first probe left that it has not answered, or Long.MAX_VALUE
   */
  long silentDeadlineNanos(long silentSinceNanos, long probeTimeoutNanos) {
    return silentSinceNanos == NEVER
        ? NEVER
        : silentSinceNanos + leastSilenceNanos(probeTimeoutNanos);
  }

  /**
   * When the peer counts as gone.
   *
   * @param probeTimeoutNanos as it is now, without back-off
   */
  long idleDeadlineNanos(long probeTimeoutNanos) {
    return lastActivityNanos + leastSilenceNanos(probeTimeoutNanos);
  }

  /** When to ask for a sign of life: an answer to the last must have had its time. */
  long keepAliveDeadlineNanos(long probeTimeoutNanos) {
    return keepAliveNanos == NEVER
        ? NEVER
        : Math.max(lastHeardNanos, lastSentNanos) + Math.max(keepAliveNanos, probeTimeoutNanos);
  }

  long implicitDeadlineNanos() {
    return implicitIdleNanos == NEVER ? NEVER : lastMessageNanos + implicitIdleNanos;
  }

  /** The first of all deadlines. */
  long deadlineNanos(long probeTimeoutNanos) {
    return Math.min(
        idleDeadlineNanos(probeTimeoutNanos),
        Math.min(keepAliveDeadlineNanos(probeTimeoutNanos), implicitDeadlineNanos()));
  }

  /**
   * A deadline after which the peer counts as gone has come. If it was overslept, the peer gets one
   * more chance of three probe timeouts; answers whether it does.
   */
  boolean takesGraceAfterJump(long deadlineNanos, long probeTimeoutNanos, long nowNanos) {
    if (probedAfterJump || !Standstill.hasOverslept(deadlineNanos, nowNanos)) {
      return false;
    }
    probedAfterJump = true;
    lastActivityNanos = nowNanos - leastSilenceNanos(probeTimeoutNanos) + 3 * probeTimeoutNanos;
    return true;
  }
}
