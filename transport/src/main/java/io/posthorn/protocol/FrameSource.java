package io.posthorn.protocol;

/**
 * A room that puts frames on the wire. Packets are forgotten, data is sent again: for each frame it
 * notes two longs of its own in the packet, and gets them back when the packet is settled.
 */
public interface FrameSource {
  /** Whether {@link #writeFrames} would write something, given room. */
  boolean hasFrames(long nowNanos);

  /** Writes as many frames as fit and notes each with {@link PacketBuilder#carries}. */
  void writeFrames(PacketBuilder out, long nowNanos);

  /**
   * Writes once more what recent packets carried, as far as {@link PacketBuilder#wantsAgain} and
   * {@link PacketBuilder#repeatableBytes} say.
   */
  default void repeatFrames(PacketBuilder out) {}

  /**
   * A packet with this note arrived. May come twice for the same data, and after {@link #onLost}.
   */
  void onAcknowledged(long first, long second, long nowNanos);

  /** A packet with this note is lost: send again or forget. */
  void onLost(long first, long second, long nowNanos);

  /**
   * A packet with this note is late, and a probe may carry the same data (RFC 9002 §6.2.4): send
   * again what is worth it, without calling it lost.
   */
  void onProbe(long first, long second, long nowNanos);

  /** When the source wants to be asked again though nothing happens, or Long.MAX_VALUE. */
  long deadlineNanos();

  /** Its deadline has come. */
  void onTimeout(long nowNanos);
}
