package io.posthorn.trace;

/**
 * Told what stands in a packet, frame by frame, without the messages themselves; one method a frame
 * type (PROTOCOL.md §5). PADDING is passed over.
 */
public interface FrameVisitor {
  /** PING. */
  default void ping() {}

  /**
   * ACK or ACK_ECN. Ranges descend; the arrays are borrowed for the call.
   *
   * @param ackDelayMicros from the receipt of the largest to the sending
   * @param first smallest number of each range
   * @param last largest number of each range
   * @param ranges how many there are
   * @param ect0 packets received with ECT(0); it and the next two count only if the last is not -1
   * @param ect1 packets received with ECT(1)
   * @param ce packets received with the CE mark, or -1 if nothing is said of ECN
   */
  default void ack(
      long ackDelayMicros, long[] first, long[] last, int ranges, long ect0, long ect1, long ce) {}

  /** CHANNEL_DATA: so many bytes of an ordered channel, from this offset on. */
  default void channelData(int channel, long offset, int lengthBytes) {}

  /** CHANNEL_FIN. */
  default void channelFin(int channel, long finalOffset) {}

  /** MAX_CHANNEL_DATA. */
  default void maxChannelData(int channel, long maxOffset) {}

  /** CHANNEL_BLOCKED. */
  default void channelBlocked(int channel, long limit) {}

  /** MAX_MESSAGES. */
  default void maxMessages(long count) {}

  /** MAX_MESSAGE_DATA. */
  default void maxMessageData(long bytes) {}

  /** MESSAGES_BLOCKED. */
  default void messagesBlocked(long count, long bytes) {}

  /**
   * MESSAGE, MESSAGE_PART or MESSAGE_LATEST.
   *
   * @param key -1 if the message has none
   * @param totalLength of the whole message, in bytes
   * @param lengthBytes of this part
   */
  default void message(
      long id, int channel, long key, long totalLength, long offset, int lengthBytes) {}

  /** MESSAGE_ABORT. */
  default void messageAbort(long id, long totalLength) {}

  /**
   * DATAGRAM or DATAGRAM_SEQUENCED.
   *
   * @param sequence -1 if it has none
   */
  default void datagram(int channel, long sequence, int lengthBytes) {}

  /** CONFIRM_REQUEST. */
  default void confirmRequest(boolean ordered, int channel, long number) {}

  /** CONFIRM. */
  default void confirm(boolean ordered, int channel, long number) {}

  /** NEW_CONNECTION_ID; its reset token is a secret, and not told. */
  default void newConnectionId(long sequence, long retirePriorTo, long connectionId) {}

  /** RETIRE_CONNECTION_ID. */
  default void retireConnectionId(long sequence) {}

  /** PATH_CHALLENGE. */
  default void pathChallenge(long data) {}

  /** PATH_RESPONSE. */
  default void pathResponse(long data) {}

  /** ACK_FREQUENCY. */
  default void ackFrequency(long sequence, long packets, long maxDelayMicros) {}

  /**
   * CLOSE.
   *
   * @param code why, PROTOCOL.md §13.1
   * @param applicationCode the closing application's number; its words are not told
   */
  default void close(long code, long applicationCode) {}
}
