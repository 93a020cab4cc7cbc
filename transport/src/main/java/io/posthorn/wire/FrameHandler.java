package io.posthorn.wire;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link FrameReader} pushes, one method a frame type. Bytes are borrowed: they are valid
 * during the call only.
 *
 * <p>Each method answers {@code null} to go on, or the reason for which the peer broke the protocol
 * (the reader stops there and hands it up).
 */
public interface FrameHandler {
  /** PING. */
  @Nullable CloseReason onPing();

  /**
   * ACK or ACK_ECN. Ranges come in descending order: {@code first[i] <= last[i] < first[i-1] - 1}.
   *
   * @param ackDelayMicros time between receipt of the largest and sending of this frame
   * @param last largest number of each range; {@code last[0]} is the largest acknowledged
   * @param first smallest number of each range
   * @param count number of ranges, 1 to {@link WireLimits#MAX_ACK_RANGES}
   * @param ecnCe packets received with the CE mark so far, or -1 if not reported
   */
  @Nullable CloseReason onAck(
      long ackDelayMicros, long[] first, long[] last, int count, long ect0, long ect1, long ecnCe);

  /** CHANNEL_DATA: bytes of an ordered channel. */
  @Nullable CloseReason onChannelData(int channel, long offset, byte[] bytes, int from, int length);

  /** CHANNEL_FIN: the channel ends at this offset. */
  @Nullable CloseReason onChannelFin(int channel, long finalOffset);

  /** MAX_CHANNEL_DATA: the peer may be sent bytes below this offset. */
  @Nullable CloseReason onMaxChannelData(int channel, long maxOffset);

  /** CHANNEL_BLOCKED: the peer has more to send but stands at this limit. */
  @Nullable CloseReason onChannelBlocked(int channel, long limit);

  /** MAX_MESSAGES: ids of unordered messages below this count may be used. */
  @Nullable CloseReason onMaxMessages(long count);

  /** MAX_MESSAGE_DATA: sum of the lengths of all unordered messages that may be begun. */
  @Nullable CloseReason onMaxMessageData(long bytes);

  /** MESSAGES_BLOCKED: the peer has unordered messages to send but no id or byte of credit left. */
  @Nullable CloseReason onMessagesBlocked(long count, long bytes);

  /**
   * MESSAGE, MESSAGE_PART or MESSAGE_LATEST: a part of an unordered message, or all of it.
   *
   * @param key -1, or the key of a RELIABLE_LATEST message
   * @param totalLength length of the whole message
   */
  @Nullable CloseReason onMessage(
      long id,
      int channel,
      long key,
      long totalLength,
      long offset,
      byte[] bytes,
      int from,
      int length);

  /** MESSAGE_ABORT: the rest of this unordered message will not come. */
  @Nullable CloseReason onMessageAbort(long id, long totalLength);

  /**
   * DATAGRAM or DATAGRAM_SEQUENCED: an unreliable message (RFC 9221).
   *
   * @param sequence -1, or the number within the sequenced deliveries of the channel
   */
  @Nullable CloseReason onDatagram(int channel, long sequence, byte[] bytes, int from, int length);

  /** CONFIRM_REQUEST: the sender wants to hear when the application confirms this message. */
  @Nullable CloseReason onConfirmRequest(boolean ordered, int channel, long number);

  /** CONFIRM: the application confirmed this message. */
  @Nullable CloseReason onConfirm(boolean ordered, int channel, long number);

  /** NEW_CONNECTION_ID (RFC 9000 §19.15). {@code bytes[tokenFrom .. +16)} is the reset token. */
  @Nullable CloseReason onNewConnectionId(
      long sequence, long retirePriorTo, long connectionId, byte[] bytes, int tokenFrom);

  /** RETIRE_CONNECTION_ID (RFC 9000 §19.16). */
  @Nullable CloseReason onRetireConnectionId(long sequence);

  /** PATH_CHALLENGE (RFC 9000 §19.17). */
  @Nullable CloseReason onPathChallenge(long data);

  /** PATH_RESPONSE (RFC 9000 §19.18). */
  @Nullable CloseReason onPathResponse(long data);

  /** ACK_FREQUENCY: the peer asks for at most one ACK each so many packets or microseconds. */
  @Nullable CloseReason onAckFrequency(long sequence, long packetTolerance, long maxAckDelayMicros);

  /**
   * CLOSE: the connection ends.
   *
   * @param code {@link CloseReason#code()}
   * @param applicationCode the application's own number, 0 if it gave none
   */
  @Nullable CloseReason onClose(long code, long applicationCode, byte[] text, int from, int length);
}
