package io.posthorn.protocol;

import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;

/** The packet that is being filled: its frames, and what each source notes about them. */
public final class PacketBuilder {
  private static final int RESENT_COPIES = 2;

  private final FrameWriter frames;
  private final SentPackets sent;
  private byte source;
  private boolean ackEliciting;
  private boolean outOfFlight;
  private long packet;
  private int copies = 1;
  private int budgetBytes;

  /**
   * Makes one.
   *
   * @param frames writes them, of one packet after the other
   * @param sent takes the notes
   */
  public PacketBuilder(FrameWriter frames, SentPackets sent) {
    this.frames = frames;
    this.sent = sent;
  }

  /** Where frames go. */
  public FrameWriter frames() {
    return frames;
  }

  /** Begins an empty packet. */
  public void begin(byte[] out, int from, int limit) {
    frames.reset(out, from, limit);
    ackEliciting = false;
    outOfFlight = false;
    copies = 1;
    budgetBytes = 0;
  }

  /** The packet may carry messages: it is the next of those by which is counted who rides again. */
  public void beginMessages() {
    packet++;
  }

  /**
   * Lets the packet carry again what recent ones carried.
   *
   * @param inHowManyPackets each new message is to ride
   * @param bytes of frames that the packet may have if it repeats anything
   */
  public void mayRepeat(int inHowManyPackets, int bytes) {
    copies = inHowManyPackets;
    budgetBytes = bytes;
  }

  /** The packet number that it will have. */
  public long number() {
    return sent.next();
  }

  /** A number of the packet that grows by one with each that may carry messages. */
  public long packet() {
    return packet;
  }

  /**
   * Whether something is to be carried again by this packet, if there is room.
   *
   * @param firstPacket the {@link #packet} that carried it first
   * @param resent whether that carried it because it was lost before: it rides in two at least
   */
  public boolean wantsAgain(long firstPacket, boolean resent) {
    return packet - firstPacket < (resent ? Math.max(copies, RESENT_COPIES) : copies);
  }

  /** How many packets before this one the oldest lies that it may carry again something of. */
  public int repeatsBack() {
    return Math.max(copies, RESENT_COPIES) - 1;
  }

  /** Bytes of this packet that may still be spent on repeating. */
  public int repeatableBytes() {
    return Math.min(budgetBytes - frames.written(), frames.remaining());
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

  /**
   * Has the packet count as not in flight, though the peer acknowledges what it carries: its loss
   * is no sign of congestion, its arrival tells something.
   */
  void leaveFlight() {
    ackEliciting = false;
    outOfFlight = true;
  }

  /** Whether the packet is kept, not being in flight, until it is acknowledged. */
  boolean hasLeftFlight() {
    return outOfFlight;
  }

  /** Whether the packet is in flight until it is acknowledged. */
  boolean isAckEliciting() {
    return ackEliciting;
  }
}
