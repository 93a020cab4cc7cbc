package io.posthorn.trace;

import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameHandler;
import io.posthorn.wire.FrameReader;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one packet, for as long as the call lasts that was given them. Not thread-safe, and
 * used again for the next packet.
 *
 * <p>They are read only when {@link #visit} is called. Messages, reset tokens and the words of a
 * CLOSE stay behind: a trace can be shown to people.
 */
public final class TracedFrames {
  private final FrameReader reader = new FrameReader();
  private final Reading reading = new Reading();
  private byte[] plain = new byte[0];
  private int from;
  private int length;

  /** No frames yet. */
  public TracedFrames() {}

  /** Takes the payload of another packet; the bytes are borrowed. */
  public void set(byte[] payload, int payloadFrom, int payloadLength) {
    plain = payload;
    from = payloadFrom;
    length = payloadLength;
  }

  /** Bytes of all frames. */
  public int lengthBytes() {
    return length;
  }

  /** Tells the visitor of each frame, up to the first that cannot be read. */
  public void visit(FrameVisitor visitor) {
    if (length > 0) {
      reading.visitor = visitor;
      reader.read(plain, from, length, reading);
    }
  }

  /** Passes on all but the bytes that are nobody else's business. */
  private static final class Reading implements FrameHandler {
    private FrameVisitor visitor = new FrameVisitor() {};

    @Override
    public @Nullable CloseReason onPing() {
      visitor.ping();
      return null;
    }

    @Override
    public @Nullable CloseReason onAck(
        long delayMicros, long[] first, long[] last, int count, long ect0, long ect1, long ce) {
      visitor.ack(delayMicros, first, last, count, ect0, ect1, ce);
      return null;
    }

    @Override
    public @Nullable CloseReason onChannelData(
        int channel, long offset, byte[] bytes, int at, int dataLength) {
      visitor.channelData(channel, offset, dataLength);
      return null;
    }

    @Override
    public @Nullable CloseReason onChannelFin(int channel, long finalOffset) {
      visitor.channelFin(channel, finalOffset);
      return null;
    }

    @Override
    public @Nullable CloseReason onMaxChannelData(int channel, long maxOffset) {
      visitor.maxChannelData(channel, maxOffset);
      return null;
    }

    @Override
    public @Nullable CloseReason onChannelBlocked(int channel, long limit) {
      visitor.channelBlocked(channel, limit);
      return null;
    }

    @Override
    public @Nullable CloseReason onMaxMessages(long count) {
      visitor.maxMessages(count);
      return null;
    }

    @Override
    public @Nullable CloseReason onMaxMessageData(long bytes) {
      visitor.maxMessageData(bytes);
      return null;
    }

    @Override
    public @Nullable CloseReason onMessagesBlocked(long count, long bytes) {
      visitor.messagesBlocked(count, bytes);
      return null;
    }

    @Override
    public @Nullable CloseReason onMessage(
        long id,
        int channel,
        long key,
        long totalLength,
        long offset,
        byte[] bytes,
        int at,
        int partLength) {
      visitor.message(id, channel, key, totalLength, offset, partLength);
      return null;
    }

    @Override
    public @Nullable CloseReason onMessageAbort(long id, long totalLength) {
      visitor.messageAbort(id, totalLength);
      return null;
    }

    @Override
    public @Nullable CloseReason onDatagram(
        int channel, long sequence, byte[] bytes, int at, int datagramLength) {
      visitor.datagram(channel, sequence, datagramLength);
      return null;
    }

    @Override
    public @Nullable CloseReason onConfirmRequest(boolean ordered, int channel, long number) {
      visitor.confirmRequest(ordered, channel, number);
      return null;
    }

    @Override
    public @Nullable CloseReason onConfirm(boolean ordered, int channel, long number) {
      visitor.confirm(ordered, channel, number);
      return null;
    }

    @Override
    public @Nullable CloseReason onNewConnectionId(
        long sequence, long retirePriorTo, long connectionId, byte[] bytes, int tokenFrom) {
      visitor.newConnectionId(sequence, retirePriorTo, connectionId);
      return null;
    }

    @Override
    public @Nullable CloseReason onRetireConnectionId(long sequence) {
      visitor.retireConnectionId(sequence);
      return null;
    }

    @Override
    public @Nullable CloseReason onPathChallenge(long data) {
      visitor.pathChallenge(data);
      return null;
    }

    @Override
    public @Nullable CloseReason onPathResponse(long data) {
      visitor.pathResponse(data);
      return null;
    }

    @Override
    public @Nullable CloseReason onAckFrequency(
        long sequence, long packetTolerance, long maxAckDelayMicros) {
      visitor.ackFrequency(sequence, packetTolerance, maxAckDelayMicros);
      return null;
    }

    @Override
    public @Nullable CloseReason onClose(
        long code, long applicationCode, byte[] text, int at, int textLength) {
      visitor.close(code, applicationCode);
      return null;
    }
  }
}
