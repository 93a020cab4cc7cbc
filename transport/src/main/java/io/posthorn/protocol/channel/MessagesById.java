package io.posthorn.protocol.channel;

import org.jspecify.annotations.Nullable;

/** The unordered messages that were begun and are not settled, in a ring by their ids. */
final class MessagesById {
  private static final int INITIAL_CAPACITY = 2;

  /** Null where a message is settled. */
  private @Nullable UnorderedMessage[] ring = new @Nullable UnorderedMessage[INITIAL_CAPACITY];

  private long baseId;
  private long nextId;

  /** No message below this id is in. */
  long baseId() {
    return baseId;
  }

  /** The id of the next message that is begun. */
  long nextId() {
    return nextId;
  }

  boolean isEmpty() {
    return baseId == nextId;
  }

  /** Takes the message that has the next id. */
  void add(UnorderedMessage message) {
    if (nextId - baseId == ring.length) {
      grow();
    }
    ring[(int) nextId & (ring.length - 1)] = message;
    nextId++;
  }

  private void grow() {
    @Nullable UnorderedMessage[] larger = new @Nullable UnorderedMessage[ring.length * 2];
    for (long id = baseId; id < nextId; id++) {
      larger[(int) id & (larger.length - 1)] = ring[(int) id & (ring.length - 1)];
    }
    ring = larger;
  }

  /** The message with this id; null if it is settled, or was never begun. */
  @Nullable UnorderedMessage at(long id) {
    return id < baseId || id >= nextId ? null : ring[(int) id & (ring.length - 1)];
  }

  /** The message that this receipt is for, or null. */
  @Nullable UnorderedMessage find(Object receipt) {
    for (long id = baseId; id < nextId; id++) {
      UnorderedMessage message = at(id);
      if (message != null && message.receipt == receipt) {
        return message;
      }
    }
    return null;
  }

  /** The message with this id, which is in, is settled. */
  void remove(long id) {
    ring[(int) id & (ring.length - 1)] = null;
    while (baseId < nextId && ring[(int) baseId & (ring.length - 1)] == null) {
      baseId++;
    }
  }

  /** All are settled. */
  void clear() {
    ring = new @Nullable UnorderedMessage[INITIAL_CAPACITY];
    baseId = nextId;
  }
}
