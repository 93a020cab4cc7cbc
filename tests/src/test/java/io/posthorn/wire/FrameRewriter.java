package io.posthorn.wire;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Writes each frame that it is handed again; answers INTERNAL if the writer has no room for it. */
final class FrameRewriter implements FrameHandler {
  private final FrameWriter writer;

  FrameRewriter(FrameWriter writer) {
    this.writer = writer;
  }

  private static @Nullable CloseReason fits(boolean written) {
    return written ? null : CloseReason.INTERNAL;
  }

  @Override
  public @Nullable CloseReason onPing() {
    return fits(writer.ping());
  }

  @Override
  public @Nullable CloseReason onAck(
      long ackDelayMicros, long[] first, long[] last, int count, long ect0, long ect1, long ecnCe) {
    long[] ascendingFirst = new long[count];
    long[] ascendingLast = new long[count];
    for (int i = 0; i < count; i++) {
      ascendingFirst[i] = first[count - 1 - i];
      ascendingLast[i] = last[count - 1 - i];
    }
    int ranges =
        writer.ack(ackDelayMicros, ascendingFirst, ascendingLast, count, ect0, ect1, ecnCe);
    return fits(ranges == count);
  }

  @Override
  public @Nullable CloseReason onChannelData(
      int channel, long offset, byte[] bytes, int from, int length) {
    return fits(writer.channelData(channel, offset, bytes, from, length) == length);
  }

  @Override
  public @Nullable CloseReason onChannelFin(int channel, long finalOffset) {
    return fits(writer.channelFin(channel, finalOffset));
  }

  @Override
  public @Nullable CloseReason onMaxChannelData(int channel, long maxOffset) {
    return fits(writer.maxChannelData(channel, maxOffset));
  }

  @Override
  public @Nullable CloseReason onChannelBlocked(int channel, long limit) {
    return fits(writer.channelBlocked(channel, limit));
  }

  @Override
  public @Nullable CloseReason onMaxMessages(long count) {
    return fits(writer.maxMessages(count));
  }

  @Override
  public @Nullable CloseReason onMaxMessageData(long bytes) {
    return fits(writer.maxMessageData(bytes));
  }

  @Override
  public @Nullable CloseReason onMessagesBlocked(long count, long bytes) {
    return fits(writer.messagesBlocked(count, bytes));
  }

  @Override
  public @Nullable CloseReason onMessage(
      long id,
      int channel,
      long key,
      long totalLength,
      long offset,
      byte[] bytes,
      int from,
      int length) {
    int fits = writer.beginMessage(id, channel, key, totalLength, offset, length);
    if (fits != length) {
      return CloseReason.INTERNAL;
    }
    System.arraycopy(bytes, from, writer.array(), writer.position(), length);
    writer.advance(length);
    return null;
  }

  @Override
  public @Nullable CloseReason onMessageAbort(long id, long totalLength) {
    return fits(writer.messageAbort(id, totalLength));
  }

  @Override
  public @Nullable CloseReason onDatagram(
      int channel, long sequence, byte[] bytes, int from, int length) {
    return fits(writer.datagram(channel, sequence, bytes, from, length));
  }

  @Override
  public @Nullable CloseReason onConfirmRequest(boolean ordered, int channel, long number) {
    return fits(writer.confirmRequest(ordered, channel, number));
  }

  @Override
  public @Nullable CloseReason onConfirm(boolean ordered, int channel, long number) {
    return fits(writer.confirm(ordered, channel, number));
  }

  @Override
  public @Nullable CloseReason onNewConnectionId(
      long sequence, long retirePriorTo, long connectionId, byte[] bytes, int tokenFrom) {
    byte[] token = Arrays.copyOfRange(bytes, tokenFrom, tokenFrom + WireLimits.RESET_TOKEN_BYTES);
    return fits(writer.newConnectionId(sequence, retirePriorTo, connectionId, token));
  }

  @Override
  public @Nullable CloseReason onRetireConnectionId(long sequence) {
    return fits(writer.retireConnectionId(sequence));
  }

  @Override
  public @Nullable CloseReason onPathChallenge(long data) {
    return fits(writer.pathChallenge(data));
  }

  @Override
  public @Nullable CloseReason onPathResponse(long data) {
    return fits(writer.pathResponse(data));
  }

  @Override
  public @Nullable CloseReason onAckFrequency(
      long sequence, long packetTolerance, long maxAckDelayMicros) {
    return fits(writer.ackFrequency(sequence, packetTolerance, maxAckDelayMicros));
  }

  @Override
  public @Nullable CloseReason onClose(
      long code, long applicationCode, byte[] text, int from, int length) {
    byte[] said = Arrays.copyOfRange(text, from, from + length);
    return fits(writer.close(code, applicationCode, said, length));
  }
}
