package io.posthorn.cli.bench;

/**
 * What a reliable connection tells of itself.
 *
 * @param rttNanos its smoothed round trip, 0 if it is not known
 * @param windowBytes its congestion window, 0 if it is not known
 * @param retransmittedBytes message bytes that were sent again
 * @param limitedBy why it is not faster; empty if it is not known
 */
public record LinkState(
    long rttNanos, long windowBytes, long retransmittedBytes, String limitedBy) {
  /** Nothing is known. */
  static final LinkState UNKNOWN = new LinkState(0, 0, 0, "");
}
