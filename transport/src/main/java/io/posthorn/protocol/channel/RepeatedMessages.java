package io.posthorn.protocol.channel;

import io.posthorn.protocol.PacketBuilder;
import java.util.ArrayDeque;

/**
 * The short unordered messages that recent packets carried whole: the next packets may carry them
 * once more (PROTOCOL.md §9.5). Only the newest few are kept.
 */
final class RepeatedMessages {
  /** Longer messages are not repeated unasked. */
  private static final int LONGEST_BYTES = 512;

  private static final int KEPT = 16;

  private final ArrayDeque<UnorderedMessage> recent = new ArrayDeque<>(1);

  /**
   * A packet carries all of a message.
   *
   * @param resent whether it goes again since it was lost
   */
  void add(UnorderedMessage message, boolean resent, PacketBuilder out) {
    if (message.body.length > LONGEST_BYTES) {
      return;
    }
    message.firstPacket = out.packet();
    message.lastPacket = out.packet();
    message.resent = resent;
    if (resent) {
      recent.remove(message);
    }
    recent.add(message);
    if (recent.size() > KEPT) {
      recent.remove();
    }
  }

  /** How many are kept. */
  int size() {
    return recent.size();
  }

  /** Takes the oldest; {@link #keep} puts it back if a later packet may want it too. */
  UnorderedMessage take() {
    return recent.remove();
  }

  void keep(UnorderedMessage message) {
    recent.add(message);
  }

  void clear() {
    recent.clear();
  }
}
