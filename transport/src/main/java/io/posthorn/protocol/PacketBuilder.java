package io.posthorn.protocol;

import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;

/** The packet that is being filled: its frames, and what each source notes about them. */
public final class PacketBuilder {
  private final FrameWriter frames = new FrameWriter();
  private final SentPackets sent;
  private byte source;
  private boolean ackEliciting;

  /**
   * Makes one.
   *
   * @param sent takes the notes
   */
  public PacketBuilder(SentPackets sent) {
    this.sent = sent;
  }

  /** Where frames go. */
  public FrameWriter frames() {
    return frames;
  }

  /** Begins an empty packet. */
  void begin(byte[] out, int from, int limit) {
    frames.reset(out, from, limit);
    ackEliciting = false;
  }

  /** The source that writes from now on. */
  void source(byte index) {
    source = index;
  }

  /** Notes a frame that wants an acknowledgement. */
  public void carries(long first, long second) {
    sent.token(source, first, second);
    ackEliciting = true;
  }

  /** Notes a frame that wants none (ACK). */
  public void carriesQuietly(long first, long second) {
    sent.token(source, first, second);
  }

  /** Whether the packet is to be acknowledged. */
  boolean isAckEliciting() {
    return ackEliciting;
  }
}
