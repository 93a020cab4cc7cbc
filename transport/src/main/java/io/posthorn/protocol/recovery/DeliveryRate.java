package io.posthorn.protocol.recovery;

/**
 * How fast the path delivers, sampled with each acknowledgement: bytes delivered between the
 * sending of a packet and its acknowledgement, over the longer of the time it took to send and to
 * acknowledge them (draft-cheng-iccrg-delivery-rate-estimation §3). One object for one connection;
 * the fields of the last sample are read by the congestion controller.
 */
public final class DeliveryRate {
  private static final long NONE = -1;

  private long deliveredBytes;
  private long deliveredNanos;
  private long firstSentNanos;

  /** The last packet that the application limited; none once a newer one has arrived. */
  private long limitedByNumber = NONE;

  private long sampleBytesPerSecond;
  private boolean sampleApplicationLimited;
  private long samplePriorDeliveredBytes;
  private long sampleRttNanos;
  private long sampleFeedbackNanos;

  /** A packet leaves; if nothing was in flight, the interval begins anew. */
  void onSent(long nowNanos, boolean nothingInFlight) {
    if (nothingInFlight) {
      firstSentNanos = nowNanos;
      deliveredNanos = nowNanos;
    }
  }

  /**
   * The sender has nothing (more) to send though the window has room: what is in flight now, and
   * what leaves before something newer arrives, says nothing of the path's rate. By number, not by
   * bytes, as the draft has it: bytes that are lost would have to be delivered by others.
   *
   * @param packetNumber sent last
   */
  void onApplicationLimited(long packetNumber) {
    limitedByNumber = packetNumber;
  }

  /** What is in flight went another way, and limits nothing on this one. */
  void onNewNetwork() {
    limitedByNumber = NONE;
  }

  /** Whether a packet that leaves now is application-limited. */
  boolean isLimitedNow() {
    return limitedByNumber != NONE;
  }

  /** Bytes were acknowledged for the first time, the newest in this packet. */
  void onDelivered(long bytes, long newestNumber, long nowNanos) {
    deliveredBytes += bytes;
    if (newestNumber > limitedByNumber) {
      limitedByNumber = NONE;
    }
    deliveredNanos = nowNanos;
  }

  /**
   * Samples by the newest packet that was just acknowledged.
   *
   * @param rttNanos the round trip that it measured; if a later packet had been acknowledged
   *     before, the latest one, for then its own is the age of a lost ACK
   * @param priorDeliveredBytes {@link #deliveredBytes} when it was sent
   * @param priorDeliveredNanos {@link #deliveredNanos} when it was sent
   * @param priorFirstSentNanos {@link #firstSentNanos} when it was sent
   * @param minRttNanos samples over less are noise
   */
  void sample(
      long sentNanos,
      long rttNanos,
      long priorDeliveredBytes,
      long priorDeliveredNanos,
      long priorFirstSentNanos,
      boolean applicationLimited,
      long minRttNanos,
      long nowNanos) {
    firstSentNanos = sentNanos;
    sampleApplicationLimited = applicationLimited;
    samplePriorDeliveredBytes = priorDeliveredBytes;
    sampleRttNanos = rttNanos;
    long sendNanos = sentNanos - priorFirstSentNanos;
    long acknowledgeNanos = nowNanos - priorDeliveredNanos;
    long intervalNanos = Math.max(sendNanos, acknowledgeNanos);
    sampleBytesPerSecond =
        intervalNanos < Math.max(1, minRttNanos)
            ? 0
            : (long) ((deliveredBytes - priorDeliveredBytes) * 1e9 / intervalNanos);
  }

  /** Bytes delivered so far. */
  public long deliveredBytes() {
    return deliveredBytes;
  }

  long deliveredNanos() {
    return deliveredNanos;
  }

  long firstSentNanos() {
    return firstSentNanos;
  }

  /** The last sample, 0 if it was too short to mean anything. */
  public long bytesPerSecond() {
    return sampleBytesPerSecond;
  }

  /** Whether the application, not the path, limited the last sample. */
  public boolean isApplicationLimited() {
    return sampleApplicationLimited;
  }

  /** What had been delivered when the sampled packet was sent: tells rounds apart. */
  public long priorDeliveredBytes() {
    return samplePriorDeliveredBytes;
  }

  /** Round trip at the sample, ACK delay included. */
  public long rttNanos() {
    return sampleRttNanos;
  }

  /** How long the oldest of the packets just acknowledged was in flight. */
  void feedback(long nanos) {
    sampleFeedbackNanos = nanos;
  }

  /**
   * Time from the sending of the oldest packet just acknowledged: how long packets are in flight,
   * whichever of them or of the acknowledgements overtook the others.
   */
  public long feedbackNanos() {
    return sampleFeedbackNanos;
  }
}
