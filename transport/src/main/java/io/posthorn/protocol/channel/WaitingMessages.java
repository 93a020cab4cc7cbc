package io.posthorn.protocol.channel;

import org.jspecify.annotations.Nullable;

/**
 * Unordered messages that wait in turn: a chain of them, from which any can be taken at once, since
 * a newer one may replace it wherever it stands, and then stands there.
 */
final class WaitingMessages {
  private @Nullable UnorderedMessage first;
  private @Nullable UnorderedMessage last;

  boolean isEmpty() {
    return first == null;
  }

  /** The one that waits longest; the others follow by {@link UnorderedMessage#after}. */
  @Nullable UnorderedMessage peek() {
    return first;
  }

  void add(UnorderedMessage message) {
    UnorderedMessage before = last;
    message.before = before;
    if (before == null) {
      first = message;
    } else {
      before.after = message;
    }
    last = message;
  }

  /** Puts one before all others. */
  void addFirst(UnorderedMessage message) {
    UnorderedMessage after = first;
    message.after = after;
    if (after == null) {
      last = message;
    } else {
      after.before = message;
    }
    first = message;
  }

  /** Takes one out that is in. */
  void remove(UnorderedMessage message) {
    UnorderedMessage before = message.before;
    UnorderedMessage after = message.after;
    if (before == null) {
      first = after;
    } else {
      before.after = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.before = before;
    }
    message.before = null;
    message.after = null;
  }

  /** Puts one in the place of another that is in. */
  void replace(UnorderedMessage older, UnorderedMessage newer) {
    UnorderedMessage before = older.before;
    UnorderedMessage after = older.after;
    newer.before = before;
    newer.after = after;
    if (before == null) {
      first = newer;
    } else {
      before.after = newer;
    }
    if (after == null) {
      last = newer;
    } else {
      after.before = newer;
    }
    older.before = null;
    older.after = null;
  }

  void clear() {
    first = null;
    last = null;
  }
}
