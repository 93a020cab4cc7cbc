package io.posthorn.trace;

/**
 * What loss recovery and congestion control of one connection measure and decide (RFC 9002); used
 * again for the next event.
 */
public final class RecoveryMetrics {
  /** Newest sample of the round trip; 0 before the first. */
  public long latestRttNanos;

  /** Smallest round trip; 0 before the first sample. */
  public long minRttNanos;

  /** Smoothed round trip; 0 before the first sample. */
  public long smoothedRttNanos;

  /** Mean deviation of the round trip; 0 before the first sample. */
  public long rttVarianceNanos;

  /** Bytes that may be in flight. */
  public long congestionWindowBytes;

  /** Bytes that are. */
  public long bytesInFlight;

  /** Packets that are. */
  public long packetsInFlight;

  /** The rate at which packets leave; 0 where window and round trip decide it. */
  public long pacingBytesPerSecond;

  /** Probe timeouts since the last acknowledgement. */
  public int probeTimeouts;

  /** Packets declared lost so far. */
  public long packetsLost;

  /** Of these, packets acknowledged after all. */
  public long packetsSpuriouslyLost;

  /** Nothing measured yet. */
  public RecoveryMetrics() {}
}
