package io.posthorn.protocol;

import io.posthorn.protocol.recovery.AckScheduler;
import io.posthorn.protocol.recovery.ReceivedPackets;

/** ACK frames: what was received, and when to say so. Never by itself a reason for an ACK. */
final class Acknowledgements implements FrameSource {
  private final ReceivedPackets received = new ReceivedPackets();
  private final AckScheduler scheduler;

  Acknowledgements(long maxAckDelayNanos) {
    scheduler = new AckScheduler(maxAckDelayNanos);
  }

  /** A packet was accepted. */
  void onPacket(long packetNumber, boolean ackEliciting, long nowNanos) {
    boolean inOrder = received.add(packetNumber, nowNanos);
    scheduler.onPacket(ackEliciting, inOrder, nowNanos);
  }

  void onAckFrequency(long packetTolerance) {
    scheduler.onAckFrequency((int) Math.min(packetTolerance, 1 << 16));
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
    int written =
        out.frames()
            .ack(delayMicros, received.first(), received.last(), received.count(), 0, 0, -1);
    if (written > 0) {
      out.carriesQuietly(received.largest(), 0);
      scheduler.onAckSent();
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
