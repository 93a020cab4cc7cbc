package io.posthorn.simulation;

/**
 * What one or more links did so far. Datagrams, unless said otherwise.
 *
 * <p>Once nothing is under way, {@code delivered = offered - lost - outageDropped - mtuDropped -
 * queueDropped + duplicated}.
 *
 * @param offered handed to the link
 * @param lost taken by the loss model
 * @param duplicated copies made that entered the link too
 * @param reordered delivered after one that was offered later
 * @param corrupted delivered, or to be delivered, with a bit flipped
 * @param queueDropped refused by a full queue
 * @param outageDropped offered during an outage
 * @param mtuDropped larger than the MTU
 * @param delivered came out of the link, copies included
 * @param deliveredBytes bytes of those, without IP and UDP headers
 * @param marked of those that passed, given the mark of congestion by this link
 */
public record LinkCounters(
    long offered,
    long lost,
    long duplicated,
    long reordered,
    long corrupted,
    long queueDropped,
    long outageDropped,
    long mtuDropped,
    long delivered,
    long deliveredBytes,
    long marked) {
  /** Nothing happened yet. */
  public static final LinkCounters ZERO = new LinkCounters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** The sum of both. */
  public LinkCounters plus(LinkCounters that) {
    return new LinkCounters(
        offered + that.offered,
        lost + that.lost,
        duplicated + that.duplicated,
        reordered + that.reordered,
        corrupted + that.corrupted,
        queueDropped + that.queueDropped,
        outageDropped + that.outageDropped,
        mtuDropped + that.mtuDropped,
        delivered + that.delivered,
        deliveredBytes + that.deliveredBytes,
        marked + that.marked);
  }

  /** What happened since an earlier time, of which these counters are. */
  public LinkCounters minus(LinkCounters earlier) {
    return new LinkCounters(
        offered - earlier.offered,
        lost - earlier.lost,
        duplicated - earlier.duplicated,
        reordered - earlier.reordered,
        corrupted - earlier.corrupted,
        queueDropped - earlier.queueDropped,
        outageDropped - earlier.outageDropped,
        mtuDropped - earlier.mtuDropped,
        delivered - earlier.delivered,
        deliveredBytes - earlier.deliveredBytes,
        marked - earlier.marked);
  }
}
