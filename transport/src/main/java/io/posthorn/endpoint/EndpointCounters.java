package io.posthorn.endpoint;

import io.posthorn.wire.DropReason;

/** Counters of one endpoint; plain fields, since the caller holds the endpoint's lock. */
public final class EndpointCounters {
  /** Datagrams handed in. */
  public long datagramsReceived;

  /** Bytes of UDP payload handed in. */
  public long bytesReceived;

  /** Datagrams handed out. */
  public long datagramsSent;

  /** Bytes of UDP payload handed out. */
  public long bytesSent;

  /** Messages taken from the application. */
  public long messagesSent;

  /** Messages given to the application. */
  public long messagesReceived;

  /** Data packets declared lost. */
  public long packetsLost;

  /** Data packets declared lost that were acknowledged later. */
  public long packetsSpuriouslyLost;

  /** Data packets that arrived with the mark of congestion, by the peers' count. */
  public long packetsMarked;

  /** Datagrams handed in with that mark. */
  public long datagramsReceivedMarked;

  /** Message bytes sent again, since they counted as lost or to probe. */
  public long bytesRetransmitted;

  /** Message bytes sent again unasked, as redundancy. */
  public long bytesRepeated;

  /** Connections that became usable, opened by either side. */
  public long connectionsOpened;

  private final long[] drops = new long[DropReason.count()];

  /** Counts one drop. */
  public void drop(DropReason reason) {
    drops[reason.ordinal()]++;
  }

  /** How often something was dropped for this reason. */
  public long drops(DropReason reason) {
    return drops[reason.ordinal()];
  }
}
