package io.posthorn.protocol.channel;

import io.posthorn.protocol.PacketBuilder;
import org.jspecify.annotations.Nullable;

/**
 * How many unordered messages the peer lets this side begin, and of how many bytes: a message takes
 * its whole length when its first byte leaves. Where that does not reach, the peer is told once.
 */
final class MessageCredit {
  private long maxMessages;
  private long maxBytes;
  private long begunMessages;
  private long begunBytes;

  /** Times that a limit rose: stands for the limits of now. */
  private long raises;

  private long toldAt = -1;

  /** Raises the limits; lower ones leave them as they are. */
  void raise(long messages, long bytes) {
    if (messages > maxMessages || bytes > maxBytes) {
      raises++;
    }
    maxMessages = Math.max(maxMessages, messages);
    maxBytes = Math.max(maxBytes, bytes);
  }

  /** Whether a message may be begun; null may not. */
  boolean allows(@Nullable UnorderedMessage message) {
    return message != null
        && begunMessages < maxMessages
        && begunBytes + message.body.length <= maxBytes;
  }

  /** A message of so many bytes was begun. */
  void onBegun(int bodyBytes) {
    begunMessages++;
    begunBytes += bodyBytes;
  }

  /** Whether the peer was not told yet that its limits are in the way. */
  boolean isComplaintNew() {
    return toldAt != raises;
  }

  /** Tells the peer, if the frame fits. */
  void complain(PacketBuilder out) {
    if (out.frames().messagesBlocked(maxMessages, maxBytes)) {
      toldAt = raises;
      out.carries(toldAt, UnorderedMessages.BLOCKED_NOTE);
    }
  }

  /** The complaint with this mark was lost. */
  void onComplaintLost(long mark) {
    if (toldAt == mark) {
      toldAt = -1;
    }
  }
}
