package io.posthorn.protocol;

import io.posthorn.wire.CloseReason;
import org.jspecify.annotations.Nullable;

/**
 * How a connection ends: it runs, then what waits is flushed, then CLOSE is on its way until it is
 * acknowledged, then late packets are still answered, then nothing is left. Steps may be skipped,
 * never taken back.
 */
final class Ending {
  private static final long NEVER = Long.MAX_VALUE;

  /** Where it stands. */
  enum Phase {
    RUNNING,
    FLUSHING,
    CLOSING,
    DRAINING,
    ENDED
  }

  private final CloseFrame closeFrame = new CloseFrame();
  private Phase phase = Phase.RUNNING;
  private @Nullable ConnectionEnd end;
  private boolean reported;
  private long lingerDeadlineNanos = NEVER;
  private long drainDeadlineNanos = NEVER;

  Phase phase() {
    return phase;
  }

  CloseFrame closeFrame() {
    return closeFrame;
  }

  /** How it ends, once that is decided. */
  @Nullable ConnectionEnd end() {
    return end;
  }

  private void decide(ConnectionEnd how) {
    if (end == null) {
      end = how;
    }
  }

  /** The application closes: what waits has until the deadline. */
  void flush(ConnectionEnd how, long deadlineNanos) {
    decide(how);
    phase = Phase.FLUSHING;
    lingerDeadlineNanos = deadlineNanos;
  }

  /** CLOSE is to be sent, again and again until the deadline. */
  void sendClose(ConnectionEnd how, long deadlineNanos) {
    decide(how);
    phase = Phase.CLOSING;
    lingerDeadlineNanos = deadlineNanos;
    // Why an identity is refused names files of this side, and is not for the peer.
    String words = how.reason() == CloseReason.IDENTITY ? "" : how.text();
    closeFrame.request(how.reason(), how.applicationCode(), words);
  }

  /** Both sides know: late packets are answered until the deadline. */
  void drain(ConnectionEnd how, long deadlineNanos) {
    decide(how);
    phase = Phase.DRAINING;
    drainDeadlineNanos = deadlineNanos;
    lingerDeadlineNanos = NEVER;
  }

  /** Nothing is left to do. */
  void finish(ConnectionEnd how) {
    decide(how);
    phase = Phase.ENDED;
    lingerDeadlineNanos = NEVER;
    drainDeadlineNanos = NEVER;
  }

  /** What ended it first is overruled: the peer, or the socket, was gone before it was told. */
  void finishInstead(ConnectionEnd how) {
    end = null;
    finish(how);
  }

  boolean isRunning() {
    return phase == Phase.RUNNING;
  }

  /** Whether it has ended, but for late packets. */
  boolean isOver() {
    return phase == Phase.DRAINING || phase == Phase.ENDED;
  }

  boolean isEnded() {
    return phase == Phase.ENDED;
  }

  /** Whether the time for flushing, or for CLOSE to be acknowledged, is over. */
  boolean isLate(long nowNanos) {
    return nowNanos >= lingerDeadlineNanos;
  }

  /** There is less time left for what is under way; answers whether that is so. */
  boolean shortenLinger(long deadlineNanos) {
    boolean shorter = deadlineNanos < lingerDeadlineNanos && !isOver();
    if (shorter) {
      lingerDeadlineNanos = deadlineNanos;
    }
    return shorter;
  }

  /** CLOSE could not even be written in time: it gets a little more. */
  void extendLinger(long deadlineNanos) {
    lingerDeadlineNanos = deadlineNanos;
  }

  long lingerDeadlineNanos() {
    return lingerDeadlineNanos;
  }

  long drainDeadlineNanos() {
    return drainDeadlineNanos;
  }

  /** How it ended, once; null before. */
  @Nullable ConnectionEnd poll() {
    if (reported || !isOver()) {
      return null;
    }
    reported = true;
    return end;
  }

  @Nullable CloseReason reason() {
    ConnectionEnd how = end;
    return how == null ? null : how.reason();
  }
}
