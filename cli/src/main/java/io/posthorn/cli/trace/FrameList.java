package io.posthorn.cli.trace;

import io.posthorn.trace.FrameVisitor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Collects the frames of a packet, for a list. */
final class FrameList implements FrameVisitor {
  private static final double MICROS_PER_MILLI = 1_000;

  private final List<TraceFrame> frames = new ArrayList<>();

  List<TraceFrame> frames() {
    return frames;
  }

  /** Names and values by turns. */
  private void add(String type, Object... fields) {
    Map<String, Object> all = new LinkedHashMap<>();
    for (int i = 0; i < fields.length; i += 2) {
      all.put((String) fields[i], fields[i + 1]);
    }
    frames.add(new TraceFrame(type, all));
  }

  private static String hex(long value) {
    return String.format(Locale.ROOT, "%016x", value);
  }

  /** Ranges of acknowledged numbers, the first and the last of each. */
  static Map<String, Object> range(long first, long last) {
    Map<String, Object> range = new LinkedHashMap<>();
    range.put("first", first);
    range.put("last", last);
    return range;
  }

  @Override
  public void ping() {
    add("PING");
  }

  @Override
  public void ack(
      long ackDelayMicros, long[] first, long[] last, int ranges, long ect0, long ect1, long ce) {
    List<Map<String, Object>> acked = new ArrayList<>();
    for (int i = 0; i < ranges; i++) {
      acked.add(range(first[i], last[i]));
    }
    double delayMs = ackDelayMicros / MICROS_PER_MILLI;
    if (ce < 0) {
      add("ACK", "ranges", acked, "delayMs", delayMs);
    } else {
      add("ACK_ECN", "ranges", acked, "delayMs", delayMs, "ect0", ect0, "ect1", ect1, "ce", ce);
    }
  }

  @Override
  public void channelData(int channel, long offset, int lengthBytes) {
    add("CHANNEL_DATA", "channel", (long) channel, "offset", offset, "length", (long) lengthBytes);
  }

  @Override
  public void channelFin(int channel, long finalOffset) {
    add("CHANNEL_FIN", "channel", (long) channel, "offset", finalOffset);
  }

  @Override
  public void maxChannelData(int channel, long maxOffset) {
    add("MAX_CHANNEL_DATA", "channel", (long) channel, "maximum", maxOffset);
  }

  @Override
  public void channelBlocked(int channel, long limit) {
    add("CHANNEL_BLOCKED", "channel", (long) channel, "limit", limit);
  }

  @Override
  public void maxMessages(long count) {
    add("MAX_MESSAGES", "maximum", count);
  }

  @Override
  public void maxMessageData(long bytes) {
    add("MAX_MESSAGE_DATA", "maximum", bytes);
  }

  @Override
  public void messagesBlocked(long count, long bytes) {
    add("MESSAGES_BLOCKED", "count", count, "bytes", bytes);
  }

  @Override
  public void message(
      long id, int channel, long key, long totalLength, long offset, int lengthBytes) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("id", id);
    all.put("channel", (long) channel);
    if (key >= 0) {
      all.put("key", key);
    }
    all.put("totalLength", totalLength);
    all.put("offset", offset);
    all.put("length", (long) lengthBytes);
    frames.add(new TraceFrame("MESSAGE", all));
  }

  @Override
  public void messageAbort(long id, long totalLength) {
    add("MESSAGE_ABORT", "id", id, "totalLength", totalLength);
  }

  @Override
  public void datagram(int channel, long sequence, int lengthBytes) {
    if (sequence < 0) {
      add("DATAGRAM", "channel", (long) channel, "length", (long) lengthBytes);
    } else {
      add(
          "DATAGRAM_SEQUENCED",
          "channel",
          (long) channel,
          "sequence",
          sequence,
          "length",
          (long) lengthBytes);
    }
  }

  @Override
  public void confirmRequest(boolean ordered, int channel, long number) {
    add("CONFIRM_REQUEST", "ordered", ordered, "channel", (long) channel, "number", number);
  }

  @Override
  public void confirm(boolean ordered, int channel, long number) {
    add("CONFIRM", "ordered", ordered, "channel", (long) channel, "number", number);
  }

  @Override
  public void newConnectionId(long sequence, long retirePriorTo, long connectionId) {
    add(
        "NEW_CONNECTION_ID",
        "sequence",
        sequence,
        "retirePriorTo",
        retirePriorTo,
        "connectionId",
        hex(connectionId));
  }

  @Override
  public void retireConnectionId(long sequence) {
    add("RETIRE_CONNECTION_ID", "sequence", sequence);
  }

  @Override
  public void pathChallenge(long data) {
    add("PATH_CHALLENGE", "data", hex(data));
  }

  @Override
  public void pathResponse(long data) {
    add("PATH_RESPONSE", "data", hex(data));
  }

  @Override
  public void ackFrequency(long sequence, long packets, long maxDelayMicros) {
    add(
        "ACK_FREQUENCY",
        "sequence",
        sequence,
        "packets",
        packets,
        "maxDelayMs",
        maxDelayMicros / MICROS_PER_MILLI);
  }

  @Override
  public void close(long code, long applicationCode) {
    // A trace has the application's code only where the application closed.
    if (code == 0) {
      add("CLOSE", "code", code, "applicationCode", applicationCode);
    } else {
      add("CLOSE", "code", code);
    }
  }
}
