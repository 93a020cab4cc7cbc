package io.posthorn.vectors;

import static io.posthorn.vectors.VectorText.hex;
import static io.posthorn.vectors.VectorText.id;
import static io.posthorn.vectors.VectorText.integer;

import io.posthorn.cli.JsonText;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameHandler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The frames of a payload as JSON objects: what they say, not how they were written. */
final class FrameJson implements FrameHandler {
  private final List<JsonText> frames = new ArrayList<>();

  List<JsonText> frames() {
    return frames;
  }

  private static JsonText frame(String name) {
    return new JsonText().beginObject().put("frame", name);
  }

  private @Nullable CloseReason note(JsonText frame) {
    frames.add(frame.endObject());
    return null;
  }

  @Override
  public @Nullable CloseReason onPing() {
    return note(frame("PING"));
  }

  @Override
  public @Nullable CloseReason onAck(
      long ackDelayMicros, long[] first, long[] last, int count, long ect0, long ect1, long ecnCe) {
    JsonText json = frame(ecnCe < 0 ? "ACK" : "ACK_ECN").put("delay", ackDelayMicros);
    json.beginArray("ranges");
    for (int i = 0; i < count; i++) {
      JsonText range = new JsonText().beginObject();
      integer(integer(range, "smallest", first[i]), "largest", last[i]);
      json.add(range.endObject());
    }
    json.endArray();
    if (ecnCe >= 0) {
      integer(integer(integer(json, "ect0", ect0), "ect1", ect1), "ce", ecnCe);
    }
    return note(json);
  }

  @Override
  public @Nullable CloseReason onChannelData(
      int channel, long offset, byte[] bytes, int from, int length) {
    JsonText json = frame("CHANNEL_DATA").put("channel", channel);
    return note(integer(json, "offset", offset).put("data", hex(bytes, from, length)));
  }

  @Override
  public @Nullable CloseReason onChannelFin(int channel, long finalOffset) {
    JsonText json = frame("CHANNEL_FIN").put("channel", channel);
    return note(integer(json, "finalOffset", finalOffset));
  }

  @Override
  public @Nullable CloseReason onMaxChannelData(int channel, long maxOffset) {
    JsonText json = frame("MAX_CHANNEL_DATA").put("channel", channel);
    return note(integer(json, "maxOffset", maxOffset));
  }

  @Override
  public @Nullable CloseReason onChannelBlocked(int channel, long limit) {
    return note(integer(frame("CHANNEL_BLOCKED").put("channel", channel), "limit", limit));
  }

  @Override
  public @Nullable CloseReason onMaxMessages(long count) {
    return note(integer(frame("MAX_MESSAGES"), "count", count));
  }

  @Override
  public @Nullable CloseReason onMaxMessageData(long bytes) {
    return note(integer(frame("MAX_MESSAGE_DATA"), "bytes", bytes));
  }

  @Override
  public @Nullable CloseReason onMessagesBlocked(long count, long bytes) {
    return note(integer(integer(frame("MESSAGES_BLOCKED"), "count", count), "bytes", bytes));
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
    JsonText json = integer(frame(key < 0 ? "MESSAGE" : "MESSAGE_LATEST"), "id", id);
    json.put("channel", channel);
    if (key >= 0) {
      integer(json, "key", key);
    }
    integer(integer(json, "totalLength", totalLength), "offset", offset);
    return note(json.put("data", hex(bytes, from, length)));
  }

  @Override
  public @Nullable CloseReason onMessageAbort(long id, long totalLength) {
    return note(integer(integer(frame("MESSAGE_ABORT"), "id", id), "totalLength", totalLength));
  }

  @Override
  public @Nullable CloseReason onDatagram(
      int channel, long sequence, byte[] bytes, int from, int length) {
    JsonText json = frame(sequence < 0 ? "DATAGRAM" : "DATAGRAM_SEQUENCED").put("channel", channel);
    if (sequence >= 0) {
      integer(json, "sequence", sequence);
    }
    return note(json.put("data", hex(bytes, from, length)));
  }

  @Override
  public @Nullable CloseReason onConfirmRequest(boolean ordered, int channel, long number) {
    return note(confirmation("CONFIRM_REQUEST", ordered, channel, number));
  }

  @Override
  public @Nullable CloseReason onConfirm(boolean ordered, int channel, long number) {
    return note(confirmation("CONFIRM", ordered, channel, number));
  }

  private static JsonText confirmation(String name, boolean ordered, int channel, long number) {
    JsonText json = frame(name).put("kind", ordered ? 1 : 0).put("channel", channel);
    return integer(json, "number", number);
  }

  @Override
  public @Nullable CloseReason onNewConnectionId(
      long sequence, long retirePriorTo, long connectionId, byte[] bytes, int tokenFrom) {
    JsonText json = integer(frame("NEW_CONNECTION_ID"), "sequence", sequence);
    integer(json, "retirePriorTo", retirePriorTo).put("connectionId", id(connectionId));
    return note(json.put("resetToken", hex(bytes, tokenFrom, 16)));
  }

  @Override
  public @Nullable CloseReason onRetireConnectionId(long sequence) {
    return note(integer(frame("RETIRE_CONNECTION_ID"), "sequence", sequence));
  }

  @Override
  public @Nullable CloseReason onPathChallenge(long data) {
    return note(frame("PATH_CHALLENGE").put("data", id(data)));
  }

  @Override
  public @Nullable CloseReason onPathResponse(long data) {
    return note(frame("PATH_RESPONSE").put("data", id(data)));
  }

  @Override
  public @Nullable CloseReason onAckFrequency(
      long sequence, long packetTolerance, long maxAckDelayMicros) {
    JsonText json = integer(frame("ACK_FREQUENCY"), "sequence", sequence);
    return note(integer(json, "packets", packetTolerance).put("maxDelay", maxAckDelayMicros));
  }

  @Override
  public @Nullable CloseReason onClose(
      long code, long applicationCode, byte[] text, int from, int length) {
    JsonText json =
        integer(integer(frame("CLOSE"), "code", code), "applicationCode", applicationCode);
    return note(json.put("text", new String(text, from, length, StandardCharsets.UTF_8)));
  }
}
