package io.posthorn.protocol.recovery;

/**
 * Which packets the marks of congestion belong to that an ACK reports. It says how many arrived
 * with one, not which. RFC 9002 §7.1 takes the newest acknowledged for marked; but where a flight
 * has paid for its marks already, its last packets are often reported together with the first of
 * the next, which would pay for them again. So marks go to what asks for no acknowledgement first,
 * which no window holds back, then to the oldest: what cannot be theirs is reported again soon.
 */
final class CongestionMarks {
  private final SentPackets sent;

  /** The last that was counted. */
  private long reached;

  CongestionMarks(SentPackets sent) {
    this.sent = sent;
  }

  /**
   * When the newest packet left that must have been marked; -1 if none of the path's must. Called
   * before the ACK is noted; ranges descend.
   *
   * @param marked packets with a mark of either kind, since the last report
   * @param congested how many of them with the mark of congestion, at least 1
   */
  long sentNanos(long[] first, long[] last, int count, long marked, long congested) {
    long known = oldest(first, last, count, Long.MAX_VALUE);
    long left = congested - Math.max(0, marked - known);
    if (left <= 0 || left > known) {
      return -1;
    }
    oldest(first, last, count, left);
    return sent.isOnPath(reached) ? sent.sentNanos(reached) : -1;
  }

  /** Counts packets of the flight with a mark, the oldest first, up to {@code most}. */
  private long oldest(long[] first, long[] last, int count, long most) {
    long found = 0;
    for (int i = count - 1; i >= 0 && found < most; i--) {
      for (long number = next(first[i], last[i]);
          number <= last[i] && found < most;
          number = next(number + 1, last[i])) {
        if (isOfFlight(number)) {
          found++;
          reached = number;
        }
      }
    }
    return found;
  }

  private boolean isOfFlight(long number) {
    byte state = sent.state(number);
    return state == SentPackets.OUTSTANDING || state == SentPackets.LOST;
  }

  /** The next packet with a mark that is not acknowledged yet. */
  private long next(long from, long to) {
    long number = sent.nextUnacknowledged(from, to);
    while (number <= to && !sent.isMarked(number)) {
      number = sent.nextUnacknowledged(number + 1, to);
    }
    return number;
  }
}
