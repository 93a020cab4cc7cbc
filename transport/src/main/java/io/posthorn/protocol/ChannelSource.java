package io.posthorn.protocol;

/**
 * A room whose frames carry the messages of channels. What concerns no single channel it writes by
 * {@link #writeFrames}; the rest when the scheduler gives a channel its turn.
 */
public interface ChannelSource extends FrameSource {
  /** One bit for each channel that has something to write. */
  long sendableChannels(long nowNanos);

  /** Writes what a channel has, as far as it fits, and notes each frame. */
  void writeChannel(int channel, PacketBuilder out, long nowNanos);
}
