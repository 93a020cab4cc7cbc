package io.posthorn.protocol.channel;

/**
 * How far the sender of one ordered channel may go. The window begins as the channel's slice of the
 * {@link ReceiveBudget}; it widens with what the application takes, and narrows when other channels
 * want their share.
 */
final class ReceiveWindow {
  private final int channel;
  private final ReceiveBudget budget;
  private final ReassemblyBuffer buffer;
  private long windowBytes;
  private long granted;
  private boolean senderBlocked;

  // Since when, and from which offset on, what the application takes is measured.
  private long measuredSinceNanos = -1;
  private long measuredFrom;

  ReceiveWindow(int channel, ReceiveBudget budget, ReassemblyBuffer buffer) {
    this.channel = channel;
    this.budget = budget;
    this.buffer = buffer;
    this.windowBytes = budget.sliceBytes();
    this.granted = windowBytes;
  }

  /**
   * The limit to announce now, or -1 if the last one is good enough. Widens a window that the
   * sender uses up though the application keeps up with it, and takes the assembly token for a
   * message (or chunk, when streaming) that outgrew its window.
   *
   * @param allTaken whether nothing that could be taken waits for the application
   */
  long grantDue(boolean allTaken) {
    if (isTooNarrow(allTaken)) {
      widen(3 * windowBytes);
      senderBlocked = false;
    }
    shareWithOthers();
    if (isGrantWorthwhile() || buffer.base() + windowBytes - granted >= budget.sliceBytes()) {
      return buffer.base() + windowBytes;
    }
    return isMessageStuck(allTaken) && budget.tryAssemble(channel)
        ? buffer.contiguousEnd() + budget.sliceBytes()
        : -1;
  }

  private void widen(long bytes) {
    windowBytes += budget.claim(channel, windowBytes - budget.sliceBytes(), bytes);
  }

  /**
   * A window that is wider than its share narrows; not below what was promised, so it takes until
   * the sender has used that up.
   */
  private void shareWithOthers() {
    long fair = budget.sliceBytes() + budget.fairShareBytes();
    long narrowed = Math.max(fair, granted - buffer.base());
    if (narrowed < windowBytes) {
      budget.giveBack(windowBytes - narrowed);
      windowBytes = narrowed;
    }
  }

  /**
   * Tunes the window to twice of what the application takes in a round trip: enough that neither a
   * sender that doubles its rate nor the way of the grants back stops the flow (dynamic
   * right-sizing, as in TCP receivers).
   */
  void tune() {
    long rttNanos = budget.smoothedRttNanos();
    if (measuredSinceNanos < 0) {
      measuredSinceNanos = budget.nowNanos();
      measuredFrom = buffer.base();
      return;
    }
    long passedNanos = budget.nowNanos() - measuredSinceNanos;
    if (rttNanos == 0 || passedNanos < rttNanos) {
      return;
    }
    double taken = (double) (buffer.base() - measuredFrom) * rttNanos / passedNanos;
    long wanted = (long) (2 * taken);
    if (wanted > windowBytes) {
      widen(wanted - windowBytes);
    }
    measuredSinceNanos = budget.nowNanos();
    measuredFrom = buffer.base();
  }

  /** Bytes that the sender may have under way or waiting here. */
  long bytes() {
    return windowBytes;
  }

  /** Whether the sender stands at or near a limit while all that is whole has been taken. */
  private boolean isTooNarrow(boolean allTaken) {
    return allTaken && (senderBlocked || buffer.highestEnd() > granted - windowBytes / 4);
  }

  /** The sender said that it stands at this limit. */
  void onBlocked(long limit) {
    senderBlocked = limit > granted - windowBytes;
  }

  /**
   * Whether enough of the window is used for a new limit: of a wide one, a small part, or a sender
   * would stop short of it while the receiver waits for something lost.
   */
  private boolean isGrantWorthwhile() {
    long step = Math.max(Math.min(windowBytes, budget.sliceBytes()) / 2, windowBytes / 8);
    return buffer.base() + windowBytes - granted >= step;
  }

  /** Whether what stands at the front outgrows the window: without more credit it can not end. */
  boolean isMessageStuck(boolean allTaken) {
    return allTaken
        && buffer.contiguousEnd() - buffer.base() >= windowBytes / 2
        && granted - buffer.contiguousEnd() < budget.sliceBytes() / 2;
  }

  /** Whether more is promised than the window holds: that is what the assembly token is for. */
  boolean isExceeded() {
    return granted - buffer.base() > windowBytes;
  }

  /** Whether {@link #grantDue} may answer a limit. */
  boolean wantsGrant(boolean allTaken) {
    return isGrantWorthwhile()
        || (isTooNarrow(allTaken) && budget.hasSpare(windowBytes - budget.sliceBytes()))
        || (isMessageStuck(allTaken) && (budget.isAssemblyFree() || budget.isAssembling(channel)));
  }

  /** The limit was announced. */
  void onGranted(long limit) {
    granted = Math.max(granted, limit);
  }

  /** The highest limit announced. */
  long granted() {
    return granted;
  }
}
