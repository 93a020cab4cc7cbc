package io.posthorn.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Notes each frame as a line of text, and checks that borrowed bytes lie within the packet. */
final class FrameRecorder implements FrameHandler {
  private final List<String> frames = new ArrayList<>();
  private int lowest = 0;
  private int end = Integer.MAX_VALUE;

  /** Bytes handed over must lie in this range from now on. */
  FrameRecorder within(int from, int length) {
    lowest = from;
    end = from + length;
    return this;
  }

  List<String> frames() {
    return frames;
  }

  String text() {
    return String.join("; ", frames);
  }

  private String hex(byte[] bytes, int from, int length) {
    if (from < lowest || length < 0 || from + length > end) {
      throw new AssertionError(from + " +" + length + " is not in " + lowest + " to " + end);
    }
    return length == 0 ? "empty" : HexFormat.of().formatHex(bytes, from, from + length);
  }

  private @Nullable CloseReason note(String frame) {
    frames.add(frame);
    return null;
  }

  @Override
  public @Nullable CloseReason onPing() {
    return note("PING");
  }

  @Override
  public @Nullable CloseReason onAck(
      long ackDelayMicros, long[] first, long[] last, int count, long ect0, long ect1, long ecnCe) {
    StringBuilder text = new StringBuilder(ecnCe < 0 ? "ACK" : "ACK_ECN");
    text.append(" delay ").append(ackDelayMicros);
    for (int i = 0; i < count; i++) {
      if (first[i] < 0 || first[i] > last[i] || (i > 0 && last[i] >= first[i - 1] - 1)) {
        throw new AssertionError("ranges do not descend");
      }
      text.append(' ').append(first[i]).append("..").append(last[i]);
    }
    if (ecnCe >= 0) {
      text.append(" ecn ").append(ect0).append(' ').append(ect1).append(' ').append(ecnCe);
    }
    return note(text.toString());
  }

  @Override
  public @Nullable CloseReason onChannelData(
      int channel, long offset, byte[] bytes, int from, int length) {
    return note("CHANNEL_DATA " + channel + " @" + offset + " " + hex(bytes, from, length));
  }

  @Override
  public @Nullable CloseReason onChannelFin(int channel, long finalOffset) {
    return note("CHANNEL_FIN " + channel + " @" + finalOffset);
  }

  @Override
  public @Nullable CloseReason onMaxChannelData(int channel, long maxOffset) {
    return note("MAX_CHANNEL_DATA " + channel + " @" + maxOffset);
  }

  @Override
  public @Nullable CloseReason onChannelBlocked(int channel, long limit) {
    return note("CHANNEL_BLOCKED " + channel + " @" + limit);
  }

  @Override
  public @Nullable CloseReason onMaxMessages(long count) {
    return note("MAX_MESSAGES " + count);
  }

  @Override
  public @Nullable CloseReason onMaxMessageData(long bytes) {
    return note("MAX_MESSAGE_DATA " + bytes);
  }

  @Override
  public @Nullable CloseReason onMessagesBlocked(long count, long bytes) {
    return note("MESSAGES_BLOCKED " + count + " " + bytes);
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
    String ofKey = key < 0 ? "" : " key " + key;
    return note(
        "MESSAGE %d channel %d%s @%d of %d %s"
            .formatted(id, channel, ofKey, offset, totalLength, hex(bytes, from, length)));
  }

  @Override
  public @Nullable CloseReason onMessageAbort(long id, long totalLength) {
    return note("MESSAGE_ABORT " + id + " of " + totalLength);
  }

  @Override
  public @Nullable CloseReason onDatagram(
      int channel, long sequence, byte[] bytes, int from, int length) {
    String ofSequence = sequence < 0 ? "" : " sequence " + sequence;
    return note("DATAGRAM " + channel + ofSequence + " " + hex(bytes, from, length));
  }

  @Override
  public @Nullable CloseReason onConfirmRequest(boolean ordered, int channel, long number) {
    return note("CONFIRM_REQUEST " + kind(ordered) + " " + channel + " " + number);
  }

  @Override
  public @Nullable CloseReason onConfirm(boolean ordered, int channel, long number) {
    return note("CONFIRM " + kind(ordered) + " " + channel + " " + number);
  }

  private static String kind(boolean ordered) {
    return ordered ? "ordered" : "unordered";
  }

  @Override
  public @Nullable CloseReason onNewConnectionId(
      long sequence, long retirePriorTo, long connectionId, byte[] bytes, int tokenFrom) {
    return note(
        "NEW_CONNECTION_ID %d retire %d id %016x token %s"
            .formatted(sequence, retirePriorTo, connectionId, hex(bytes, tokenFrom, 16)));
  }

  @Override
  public @Nullable CloseReason onRetireConnectionId(long sequence) {
    return note("RETIRE_CONNECTION_ID " + sequence);
  }

  @Override
  public @Nullable CloseReason onPathChallenge(long data) {
    return note("PATH_CHALLENGE %016x".formatted(data));
  }

  @Override
  public @Nullable CloseReason onPathResponse(long data) {
    return note("PATH_RESPONSE %016x".formatted(data));
  }

  @Override
  public @Nullable CloseReason onAckFrequency(
      long sequence, long packetTolerance, long maxAckDelayMicros) {
    return note("ACK_FREQUENCY " + sequence + " " + packetTolerance + " " + maxAckDelayMicros);
  }

  @Override
  public @Nullable CloseReason onClose(
      long code, long applicationCode, byte[] text, int from, int length) {
    hex(text, from, length);
    String said = new String(text, from, length, StandardCharsets.UTF_8);
    return note("CLOSE " + code + " " + applicationCode + " '" + said + "'");
  }
}
