package io.posthorn.protocol;

import io.posthorn.wire.CloseReason;

/** Takes a connection from one phase of its {@link Ending} to the next. */
final class Closing {
  /** A peer that took long to answer does not have its ended connection kept for minutes. */
  private static final long LONGEST_DRAIN_NANOS = 30_000_000_000L;

  private static final long IMPLICIT_LINGER_NANOS = 3_000_000_000L;

  /** Where nothing but CLOSE is left, it is repeated for so long, and for three probe timeouts. */
  private static final long CLOSE_ALONE_NANOS = 1_000_000_000L;

  private static final long NEVER = Long.MAX_VALUE;

  private final ConnectionParts parts;
  private final Ending ending;
  private final Opening opening;

  Closing(ConnectionParts parts, Opening opening) {
    this.parts = parts;
    this.ending = parts.ending;
    this.opening = opening;
  }

  /**
   * The application closes: flushes what waits, for at most so long. Where it has closed before, or
   * something else ends the connection, there is no more than that time left for it.
   */
  void close(long applicationCode, String text, long lingerNanos, long nowNanos) {
    long deadlineNanos = lingerNanos >= NEVER - nowNanos ? NEVER : nowNanos + lingerNanos;
    if (ending.isRunning()) {
      ending.flush(
          new ConnectionEnd(CloseReason.APPLICATION, false, applicationCode, text), deadlineNanos);
      refuseMessages();
    } else if (!ending.shortenLinger(deadlineNanos)) {
      return;
    }
    proceed(nowNanos);
  }

  /** A connection that a mere send opened was not used for long. */
  void closeUnused(long nowNanos) {
    close(0, "", IMPLICIT_LINGER_NANOS, nowNanos);
  }

  /** The peer broke the protocol, or the keys are used up: say so, and end. */
  void fail(CloseReason breach, long nowNanos) {
    if (ending.end() == null) {
      sendClose(ConnectionEnd.local(breach), drainUntilNanos(nowNanos));
    }
  }

  /** Little more can be sent: CLOSE is to have it, and not what waits to be flushed. */
  void cutShort(CloseReason why, long nowNanos) {
    ConnectionEnd how = ending.end();
    if (how == null) {
      fail(why, nowNanos);
    } else if (ending.phase() == Ending.Phase.FLUSHING) {
      sendClose(how, Math.min(ending.lingerDeadlineNanos(), drainUntilNanos(nowNanos)));
    }
  }

  /** Tells the peer that its identity is not accepted, and ends; nothing of it is handed over. */
  void refuse(String why, long nowNanos) {
    if (ending.end() == null) {
      sendClose(new ConnectionEnd(CloseReason.IDENTITY, false, 0, why), drainUntilNanos(nowNanos));
    }
  }

  /**
   * CLOSE came. It is acknowledged each time that it comes, and nothing else is for its sake: two
   * ends whose CLOSE crossed would answer acknowledgements with acknowledgements.
   */
  void onPeerClosed(FrameDispatcher frames, long nowNanos) {
    parts.acknowledgements.requestNow(nowNanos);
    if (ending.isOver()) {
      return;
    }
    ConnectionEnd how =
        new ConnectionEnd(
            CloseReason.ofCode(frames.closeCode()),
            true,
            frames.closeApplicationCode(),
            frames.closeText());
    parts.deliveries.abandon();
    frames.refuseMessages(); // packets that CLOSE overtook bring nothing any more
    ending.drain(how, drainUntilNanos(nowNanos));
  }

  /** After each input: whether the next phase has come. */
  void proceed(long nowNanos) {
    ConnectionEnd how = ending.end();
    if (how == null) {
      return;
    }
    boolean late = ending.isLate(nowNanos);
    boolean flushed = parts.deliveries.isFlushed();
    if (ending.phase() == Ending.Phase.FLUSHING && (flushed || late)) {
      if (opening.session() == null) {
        finish(how);
        return;
      }
      long deadlineNanos = Math.max(ending.lingerDeadlineNanos(), nowNanos);
      if (flushed) {
        deadlineNanos = Math.min(deadlineNanos, closeAloneUntilNanos(nowNanos));
      }
      sendClose(how, deadlineNanos);
    }
    if (ending.phase() == Ending.Phase.CLOSING) {
      CloseFrame frame = ending.closeFrame();
      if (frame.isAcknowledged() || (late && frame.isWritten())) {
        ending.drain(how, drainUntilNanos(nowNanos));
      } else if (late) {
        ending.extendLinger(nowNanos + parts.recovery.probeTimeoutNanos());
      }
    }
  }

  /**
   * All has arrived, so that the linger time has nothing to wait for. The peer may have heard CLOSE
   * and be no more, its acknowledgement lost: that looks like an outage, and is far more frequent.
   */
  private long closeAloneUntilNanos(long nowNanos) {
    return Math.max(drainUntilNanos(nowNanos), nowNanos + CLOSE_ALONE_NANOS);
  }

  private long drainUntilNanos(long nowNanos) {
    return nowNanos + Math.min(3 * parts.recovery.probeTimeoutNanos(), LONGEST_DRAIN_NANOS);
  }

  private void sendClose(ConnectionEnd how, long deadlineNanos) {
    refuseMessages();
    parts.deliveries.abandon();
    ending.sendClose(how, deadlineNanos);
    parts.recovery.probes().request(); // the word that ends all waits for no window
  }

  private void refuseMessages() {
    Session session = opening.session();
    if (session != null) {
      session.frames().refuseMessages();
    }
  }

  /** Ends at once, without a word to the peer. */
  void finish(ConnectionEnd how) {
    parts.deliveries.abandon();
    ending.finish(how);
    opening.eraseKeys();
  }

  /** The peer or the socket is gone: that, and not what ended it first, is how it ended. */
  void giveUp(CloseReason reason) {
    parts.deliveries.abandon();
    ending.finishInstead(ConnectionEnd.local(reason));
    opening.eraseKeys();
  }

  /**
   * The peer never answered, is silent, or is another process now. That is how it ended, also while
   * it flushed; but once CLOSE is on its way, what ended it first stands: a peer that has heard
   * that may be silent, and knows nothing of the connection any more.
   */
  void onPeerGone(CloseReason how) {
    if (ending.isRunning() || ending.phase() == Ending.Phase.FLUSHING) {
      giveUp(how);
    } else {
      finish(ConnectionEnd.local(how));
    }
  }
}
