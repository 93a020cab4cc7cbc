package io.posthorn.wire;

import org.jspecify.annotations.Nullable;

/**
 * Reads the frames of one opened packet and pushes them into a {@link FrameHandler} (PROTOCOL.md
 * §5); the mirror image of {@link FrameWriter}. Reusable, not thread-safe, allocates nothing after
 * construction.
 *
 * <p>Each field is checked before it is used: nothing in a packet makes the reader throw, read
 * outside the packet or loop longer than the packet is long. Frames before a malformed one have
 * been handed over by then; that does no harm, for the connection ends.
 */
public final class FrameReader {
  private final long[] first = new long[WireLimits.MAX_ACK_RANGES];
  private final long[] last = new long[WireLimits.MAX_ACK_RANGES];

  private byte[] in = new byte[0];
  private int at;
  private int end;
  private boolean sawAckEliciting;
  // The first fault found in the frame at hand; the fields behind it read as 0.
  private @Nullable CloseReason breach;

  /**
   * Reads all frames of a packet.
   *
   * @param plain holds the packet's payload
   * @param length bytes of it; 0 is a breach, for an empty packet tells nothing (RFC 9000 §12.4)
   * @return null if all was read, or why the connection must close: what the reader found, or what
   *     the handler answered
   */
  public @Nullable CloseReason read(byte[] plain, int from, int length, FrameHandler handler) {
    in = plain;
    at = from;
    end = from + length;
    sawAckEliciting = false;
    breach = null;
    if (length == 0) {
      return CloseReason.PROTOCOL_VIOLATION;
    }
    while (at < end) {
      // Types are below 0x40, so a byte above it is a long form or a type that does not exist.
      int type = in[at++];
      CloseReason reason = frame(type, handler);
      if (reason != null) {
        return reason;
      }
      sawAckEliciting |= FrameType.isAckEliciting(type);
    }
    return null;
  }

  /** Whether the last packet read has to be acknowledged: has more than ACK, PADDING and CLOSE. */
  public boolean sawAckEliciting() {
    return sawAckEliciting;
  }

  private @Nullable CloseReason frame(int type, FrameHandler handler) {
    return switch (type) {
      case FrameType.PADDING -> null;
      case FrameType.PING -> handler.onPing();
      case FrameType.ACK -> ack(false, handler);
      case FrameType.ACK_ECN -> ack(true, handler);
      case FrameType.CHANNEL_DATA -> channelData(false, handler);
      case FrameType.CHANNEL_DATA_LAST -> channelData(true, handler);
      case FrameType.CHANNEL_FIN, FrameType.MAX_CHANNEL_DATA, FrameType.CHANNEL_BLOCKED ->
          channelOffset(type, handler);
      case FrameType.MAX_MESSAGES -> maxMessages(handler);
      case FrameType.MAX_MESSAGE_DATA -> maxMessageData(handler);
      case FrameType.MESSAGES_BLOCKED -> messagesBlocked(handler);
      case FrameType.MESSAGE -> message(handler);
      case FrameType.MESSAGE_PART -> messagePart(false, handler);
      case FrameType.MESSAGE_LATEST -> messagePart(true, handler);
      case FrameType.MESSAGE_ABORT -> messageAbort(handler);
      case FrameType.DATAGRAM -> datagram(false, handler);
      case FrameType.DATAGRAM_SEQUENCED -> datagram(true, handler);
      case FrameType.CONFIRM_REQUEST -> confirmation(true, handler);
      case FrameType.CONFIRM -> confirmation(false, handler);
      case FrameType.NEW_CONNECTION_ID -> newConnectionId(handler);
      case FrameType.RETIRE_CONNECTION_ID -> retireConnectionId(handler);
      case FrameType.PATH_CHALLENGE -> pathChallenge(handler);
      case FrameType.PATH_RESPONSE -> pathResponse(handler);
      case FrameType.ACK_FREQUENCY -> ackFrequency(handler);
      case FrameType.CLOSE -> close(handler);
      default -> CloseReason.FRAME_ENCODING;
    };
  }

  //  type | largest | delay | ranges-1 | packets-1 { | gap | packets-1 } [ | ect0 | ect1 | ce ]
  private @Nullable CloseReason ack(boolean ecn, FrameHandler handler) {
    long largest = number();
    long delayMicros = atMost(WireLimits.MAX_ACK_DELAY_MICROS);
    int count = (int) atMost(WireLimits.MAX_ACK_RANGES - 1) + 1;
    long smallest = largest - number();
    if (breach != null || smallest < 0) {
      return CloseReason.FRAME_ENCODING;
    }
    last[0] = largest;
    first[0] = smallest;
    for (int i = 1; i < count; i++) {
      // Both are at most 2^62 - 1, so neither difference overflows.
      last[i] = smallest - number() - 2;
      first[i] = last[i] - number();
      if (breach != null || first[i] < 0) {
        return CloseReason.FRAME_ENCODING;
      }
      smallest = first[i];
    }
    long ect0 = ecn ? number() : 0;
    long ect1 = ecn ? number() : 0;
    long ce = ecn ? number() : -1;
    return breach != null ? breach : handler.onAck(delayMicros, first, last, count, ect0, ect1, ce);
  }

  //  type | channel | offset [ | length ] | bytes
  private @Nullable CloseReason channelData(boolean toTheEnd, FrameHandler handler) {
    int channel = channel();
    long offset = atMost(WireLimits.MAX_OFFSET);
    int length = toTheEnd ? end - at : dataLength();
    if (length == 0 || offset + length > WireLimits.MAX_OFFSET) {
      fail(CloseReason.FRAME_ENCODING);
    }
    if (breach != null) {
      return breach;
    }
    return handler.onChannelData(channel, offset, in, take(length), length);
  }

  //  type | channel | offset
  private @Nullable CloseReason channelOffset(int type, FrameHandler handler) {
    int channel = channel();
    long offset = atMost(WireLimits.MAX_OFFSET);
    if (breach != null) {
      return breach;
    }
    return switch (type) {
      case FrameType.CHANNEL_FIN -> handler.onChannelFin(channel, offset);
      case FrameType.MAX_CHANNEL_DATA -> handler.onMaxChannelData(channel, offset);
      default -> handler.onChannelBlocked(channel, offset);
    };
  }

  private @Nullable CloseReason maxMessages(FrameHandler handler) {
    long count = number();
    return breach != null ? breach : handler.onMaxMessages(count);
  }

  private @Nullable CloseReason maxMessageData(FrameHandler handler) {
    long bytes = number();
    return breach != null ? breach : handler.onMaxMessageData(bytes);
  }

  private @Nullable CloseReason messagesBlocked(FrameHandler handler) {
    long count = number();
    long bytes = number();
    return breach != null ? breach : handler.onMessagesBlocked(count, bytes);
  }

  //  type | id | channel | length | bytes
  private @Nullable CloseReason message(FrameHandler handler) {
    long id = number();
    int channel = channel();
    int length = dataLength();
    if (breach != null) {
      return breach;
    }
    return handler.onMessage(id, channel, -1, length, 0, in, take(length), length);
  }

  //  type | id | channel [ | key ] | total length | offset | length | bytes
  private @Nullable CloseReason messagePart(boolean latest, FrameHandler handler) {
    long id = number();
    int channel = channel();
    long key = latest ? number() : -1;
    long totalLength = atMost(WireLimits.MAX_MESSAGE_BYTES);
    long offset = atMost(totalLength);
    int length = dataLength();
    boolean pointless = length == 0 && totalLength > 0;
    if (pointless || offset + length > totalLength) {
      fail(CloseReason.FRAME_ENCODING);
    }
    if (breach != null) {
      return breach;
    }
    return handler.onMessage(id, channel, key, totalLength, offset, in, take(length), length);
  }

  private @Nullable CloseReason messageAbort(FrameHandler handler) {
    long id = number();
    long totalLength = atMost(WireLimits.MAX_MESSAGE_BYTES);
    return breach != null ? breach : handler.onMessageAbort(id, totalLength);
  }

  //  type | channel [ | sequence ] | length | bytes
  private @Nullable CloseReason datagram(boolean sequenced, FrameHandler handler) {
    int channel = channel();
    long sequence = sequenced ? number() : -1;
    int length = dataLength();
    if (breach != null) {
      return breach;
    }
    return handler.onDatagram(channel, sequence, in, take(length), length);
  }

  //  type | kind 1 | channel | number
  private @Nullable CloseReason confirmation(boolean request, FrameHandler handler) {
    int kind = at < end ? in[at++] : -1;
    if (kind != 0 && kind != 1) {
      return CloseReason.FRAME_ENCODING;
    }
    int channel = channel();
    long number = number();
    if (breach != null) {
      return breach;
    }
    return request
        ? handler.onConfirmRequest(kind == 1, channel, number)
        : handler.onConfirm(kind == 1, channel, number);
  }

  //  type | sequence | retire prior to | id 8 | token 16
  private @Nullable CloseReason newConnectionId(FrameHandler handler) {
    long sequence = number();
    long retirePriorTo = atMost(sequence);
    long id = eightBytes();
    if (breach != null || end - at < WireLimits.RESET_TOKEN_BYTES) {
      return CloseReason.FRAME_ENCODING;
    }
    int tokenFrom = take(WireLimits.RESET_TOKEN_BYTES);
    return handler.onNewConnectionId(sequence, retirePriorTo, id, in, tokenFrom);
  }

  private @Nullable CloseReason retireConnectionId(FrameHandler handler) {
    long sequence = number();
    return breach != null ? breach : handler.onRetireConnectionId(sequence);
  }

  private @Nullable CloseReason pathChallenge(FrameHandler handler) {
    long data = eightBytes();
    return breach != null ? breach : handler.onPathChallenge(data);
  }

  private @Nullable CloseReason pathResponse(FrameHandler handler) {
    long data = eightBytes();
    return breach != null ? breach : handler.onPathResponse(data);
  }

  //  type | sequence | packets | microseconds
  private @Nullable CloseReason ackFrequency(FrameHandler handler) {
    long sequence = number();
    long packetTolerance = number();
    long delayMicros = atMost(WireLimits.MAX_ACK_DELAY_MICROS);
    if (packetTolerance == 0) {
      fail(CloseReason.FRAME_ENCODING);
    }
    return breach != null ? breach : handler.onAckFrequency(sequence, packetTolerance, delayMicros);
  }

  //  type | code | application code | length | text
  private @Nullable CloseReason close(FrameHandler handler) {
    long code = number();
    long applicationCode = number();
    int length = dataLength();
    if (length > WireLimits.MAX_CLOSE_TEXT_BYTES) {
      fail(CloseReason.FRAME_ENCODING);
    }
    if (breach != null) {
      return breach;
    }
    return handler.onClose(code, applicationCode, in, take(length), length);
  }

  private long number() {
    long value = VarInt.read(in, at, end);
    if (value < 0) {
      fail(CloseReason.FRAME_ENCODING);
      at = end;
      return 0;
    }
    at += VarInt.lengthOfFirstByte(in[at]);
    return value;
  }

  private long atMost(long bound) {
    long value = number();
    if (value > bound) {
      fail(CloseReason.FRAME_ENCODING);
      return 0;
    }
    return value;
  }

  private int channel() {
    long channel = number();
    if (channel >= WireLimits.MAX_CHANNELS) {
      fail(CloseReason.LIMIT);
      return 0;
    }
    return (int) channel;
  }

  /** A length, which the rest of the packet must hold. */
  private int dataLength() {
    long length = number();
    if (length > end - at) {
      fail(CloseReason.FRAME_ENCODING);
      return 0;
    }
    return (int) length;
  }

  private long eightBytes() {
    if (end - at < Long.BYTES) {
      fail(CloseReason.FRAME_ENCODING);
      return 0;
    }
    return BigEndian.getLong(in, take(Long.BYTES));
  }

  /** Steps over bytes that are known to be there; answers where they begin. */
  private int take(int bytes) {
    int from = at;
    at += bytes;
    return from;
  }

  private void fail(CloseReason reason) {
    if (breach == null) {
      breach = reason;
    }
  }
}
