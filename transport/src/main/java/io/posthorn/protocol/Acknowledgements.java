package io.posthorn.protocol;

import io.posthorn.EcnMark;
import io.posthorn.protocol.recovery.AckScheduler;
import io.posthorn.protocol.recovery.ReceivedPackets;

/** ACK frames: what was received, and when to say so. Never by itself a reason for an ACK. */
final class Acknowledgements implements FrameSource {
  /** Whatever is asked for: a sender that hears nothing for longer stalls. */
  private static final int MOST_PACKETS = 256;

  private final ReceivedPackets received = new ReceivedPackets();
  private final AckScheduler scheduler;
  private long newestFrequency = -1;
  private long ect0;
  private long ect1;
  private long ce;

  Acknowledgements(long maxAckDelayNanos) {
    scheduler = new AckScheduler(maxAckDelayNanos);
  }

  /** A packet was accepted; the first that carried a mark makes every ACK tell of marks. */
  void onPacket(long packetNumber, boolean ackEliciting, EcnMark mark, long nowNanos) {
    count(mark);
    boolean inOrder = received.add(packetNumber, nowNanos);
    scheduler.onPacket(ackEliciting, inOrder && mark != EcnMark.CE, nowNanos);
  }

  private void count(EcnMark mark) {
    switch (mark) {
      case ECT_0 -> ect0++;
      case ECT_1 -> ect1++;
      case CE -> ce++;
      case NOT_ECT, UNKNOWN -> {}
    }
  }

  /** The peer asks for this many packets and this delay an acknowledgement; the newest counts. */
  void onAckFrequency(long sequence, long packetTolerance, long maxAckDelayMicros) {
    if (sequence > newestFrequency) {
      newestFrequency = sequence;
      scheduler.onAckFrequency(
          (int) Math.min(packetTolerance, MOST_PACKETS), maxAckDelayMicros * 1_000);
    }
  }

  /** Makes an acknowledgement due now. */
  void requestNow(long nowNanos) {
    scheduler.requestNow(nowNanos);
  }

  long largestReceived() {
    return received.largest();
  }

  /** Whether packets are missing among those that are acknowledged. */
  boolean hasGaps() {
    return received.count() > 1;
  }

  /** Whether an ACK must leave now, alone if need be. */
  boolean isDue(long nowNanos) {
    return received.count() > 0 && scheduler.isDue(nowNanos);
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return received.count() > 0 && scheduler.hasNews();
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    long delayMicros = Math.max(0, nowNanos - received.largestReceivedNanos()) / 1000;
    long reportedCe = ect0 + ect1 + ce == 0 ? -1 : ce;
    int written =
        out.frames()
            .ack(
                delayMicros,
                received.first(),
                received.last(),
                received.count(),
                ect0,
                ect1,
                reportedCe);
    if (written > 0) {
      scheduler.onAckSent();
    }
    if (written == received.count()) { // else the oldest go on waiting to be reported
      out.carriesQuietly(received.largest(), 0);
    }
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    received.forgetThrough(first);
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {}

  @Override
  public void onProbe(long first, long second, long nowNanos) {}

  @Override
  public long deadlineNanos() {
    return received.count() > 0 ? scheduler.deadlineNanos() : Long.MAX_VALUE;
  }

  @Override
  public void onTimeout(long nowNanos) {}
}
