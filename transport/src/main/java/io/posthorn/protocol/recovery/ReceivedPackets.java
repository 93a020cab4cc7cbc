package io.posthorn.protocol.recovery;

import io.posthorn.wire.WireLimits;
import java.util.Arrays;

/**
 * The packet numbers that were received and are still worth acknowledging, as ascending disjoint
 * ranges (RFC 9000 §13.2.3). At most {@link WireLimits#MAX_ACK_RANGES} are kept; the oldest are
 * forgotten first.
 */
public final class ReceivedPackets {
  /** Ranges that there is room for while packets come in order. */
  private static final int FEW_RANGES = 2;

  private long[] first = new long[FEW_RANGES];
  private long[] last = new long[FEW_RANGES];
  private int count;
  private long largest = -1;
  private long largestReceivedNanos;

  /**
   * Records a packet that was not recorded before.
   *
   * @return whether it arrived in order: directly after the largest so far
   */
  public boolean add(long packetNumber, long nowNanos) {
    boolean inOrder = packetNumber == largest + 1;
    if (packetNumber > largest) {
      largest = packetNumber;
      largestReceivedNanos = nowNanos;
    }
    int at = count;
    while (at > 0 && first[at - 1] > packetNumber) {
      at--;
    }
    // Range at - 1 begins at or below the number, range at begins above it.
    boolean joinsBelow = at > 0 && last[at - 1] >= packetNumber - 1;
    boolean joinsAbove = at < count && first[at] == packetNumber + 1;
    if (joinsBelow && joinsAbove) {
      last[at - 1] = last[at];
      removeRange(at);
    } else if (joinsBelow) {
      last[at - 1] = Math.max(last[at - 1], packetNumber);
    } else if (joinsAbove) {
      first[at] = packetNumber;
    } else {
      insertRange(at, packetNumber);
    }
    return inOrder;
  }

  private void insertRange(int at, long packetNumber) {
    int to = at;
    if (count == first.length && count < WireLimits.MAX_ACK_RANGES) {
      int room = Math.min(WireLimits.MAX_ACK_RANGES, 4 * count);
      first = Arrays.copyOf(first, room);
      last = Arrays.copyOf(last, room);
    }
    if (count == first.length) {
      if (to == 0) {
        return; // older than all that is kept
      }
      removeRange(0);
      to--;
    }
    System.arraycopy(first, to, first, to + 1, count - to);
    System.arraycopy(last, to, last, to + 1, count - to);
    first[to] = packetNumber;
    last[to] = packetNumber;
    count++;
  }

  private void removeRange(int at) {
    System.arraycopy(first, at + 1, first, at, count - at - 1);
    System.arraycopy(last, at + 1, last, at, count - at - 1);
    count--;
  }

  /**
   * The peer has seen an acknowledgement that went up to this number: what lies at or below it need
   * not be acknowledged again (RFC 9000 §13.2.4). The newest range always stays.
   */
  public void forgetThrough(long packetNumber) {
    int drop = 0;
    while (drop < count - 1 && last[drop] <= packetNumber) {
      drop++;
    }
    if (drop > 0) {
      System.arraycopy(first, drop, first, 0, count - drop);
      System.arraycopy(last, drop, last, 0, count - drop);
      count -= drop;
    }
    if (count > 0 && first[0] <= packetNumber && last[0] > packetNumber) {
      first[0] = packetNumber + 1;
    }
  }

  /** Number of ranges. */
  public int count() {
    return count;
  }

  /** Smallest number of each range, ascending; valid below {@link #count()}. */
  public long[] first() {
    return first;
  }

  /** Largest number of each range, ascending; valid below {@link #count()}. */
  public long[] last() {
    return last;
  }

  /** The largest number received, -1 if none. */
  public long largest() {
    return largest;
  }

  /** When the largest was received. */
  public long largestReceivedNanos() {
    return largestReceivedNanos;
  }
}
