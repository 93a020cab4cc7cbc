package io.posthorn.cli.bench;

/**
 * What one stream of a client has done so far.
 *
 * @param sent messages sent
 * @param sentBytes of those
 * @param received what came
 * @param link how the connection fares
 */
public record FlowSample(long sent, long sentBytes, FlowReport received, LinkState link) {
  /** Nothing yet. */
  public static final FlowSample NONE = new FlowSample(0, 0, FlowReport.NONE, LinkState.UNKNOWN);

  /** Several streams as one; what the connections tell is not summed. */
  public FlowSample plus(FlowSample that) {
    return new FlowSample(
        sent + that.sent,
        sentBytes + that.sentBytes,
        received.plus(that.received),
        LinkState.UNKNOWN);
  }

  /** The same, with no fewer missing than in an earlier sample: those have been told of. */
  FlowSample withMissingOf(FlowSample earlier) {
    return new FlowSample(sent, sentBytes, received.withMissingOf(earlier.received), link);
  }

  /** What was done since an earlier sample; what the connection tells is of now. */
  public FlowSample minus(FlowSample earlier) {
    return new FlowSample(
        sent - earlier.sent,
        sentBytes - earlier.sentBytes,
        received.minus(earlier.received),
        new LinkState(
            link.rttNanos(),
            link.windowBytes(),
            link.retransmittedBytes() - earlier.link.retransmittedBytes(),
            link.limitedBy()));
  }
}
