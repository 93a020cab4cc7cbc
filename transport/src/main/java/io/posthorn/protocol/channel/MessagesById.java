package io.posthorn.protocol.channel;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The unordered messages that were begun and are not settled, by their ids: in a ring, but for
 * those that stand while many that were begun after them come and go.
 */
final class MessagesById {
  private static final int INITIAL_CAPACITY = 2;

  /** Up to so many places the ring grows however few of them are in use. */
  private static final int FREE_CAPACITY = 1024;

  /** Null where a message is settled. */
  private @Nullable UnorderedMessage[] ring = new @Nullable UnorderedMessage[INITIAL_CAPACITY];

  /** The messages in the ring: the first of them has {@link #baseId}. */
  private int inRing;

  private long baseId;
  private long nextId;

  /** Those of lower ids, ascending. */
  private final Map<Long, UnorderedMessage> apart = new LinkedHashMap<>();

  /** The id of the next message that is begun. */
  long nextId() {
    return nextId;
  }

  boolean isEmpty() {
    return inRing == 0 && apart.isEmpty();
  }

  /** Takes the message that has the next id. */
  void add(UnorderedMessage message) {
    if (nextId - baseId == ring.length) {
      if (ring.length < FREE_CAPACITY || inRing > ring.length / 4) {
        grow();
      } else {
        putFirstApart();
      }
    }
    ring[(int) nextId & (ring.length - 1)] = message;
    inRing++;
    nextId++;
  }

  private void grow() {
    @Nullable UnorderedMessage[] larger = new @Nullable UnorderedMessage[ring.length * 2];
    for (long id = baseId; id < nextId; id++) {
      larger[(int) id & (larger.length - 1)] = ring[(int) id & (ring.length - 1)];
    }
    ring = larger;
  }

  /** Or a peer that lets one stand and takes all others would have the ring grow without an end. */
  private void putFirstApart() {
    UnorderedMessage first = at(baseId);
    if (first != null) {
      apart.put(baseId, first);
      removeFromRing(baseId);
    }
  }

  /** The message with this id; null if it is settled, or was never begun. */
  @Nullable UnorderedMessage at(long id) {
    if (id < baseId) {
      return apart.isEmpty() ? null : apart.get(id);
    }
    return id >= nextId ? null : ring[(int) id & (ring.length - 1)];
  }

  /** The message of the lowest id, or null. */
  @Nullable UnorderedMessage first() {
    return apart.isEmpty() ? at(baseId) : apart.values().iterator().next();
  }

  /** The message that this receipt is for, or null. */
  @Nullable UnorderedMessage find(Object receipt) {
    for (UnorderedMessage message : apart.values()) {
      if (message.receipt == receipt) {
        return message;
      }
    }
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
    if (id < baseId) {
      apart.remove(id);
    } else {
      removeFromRing(id);
    }
  }

  private void removeFromRing(long id) {
    ring[(int) id & (ring.length - 1)] = null;
    inRing--;
    while (baseId < nextId && ring[(int) baseId & (ring.length - 1)] == null) {
      baseId++;
    }
  }

  /** All are settled. */
  void clear() {
    ring = new @Nullable UnorderedMessage[INITIAL_CAPACITY];
    inRing = 0;
    baseId = nextId;
    apart.clear();
  }

  /** Messages for which the ring has a place. */
  int capacity() {
    return ring.length;
  }
}
