package io.posthorn.protocol.channel;

import io.posthorn.protocol.PacketBuilder;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Unordered messages that were given up, until the peer is known to know. */
final class OutgoingAborts {
  private static final class Abort {
    final long id;
    final long length;
    boolean queued;
    boolean known;

    Abort(long id, long length) {
      this.id = id;
      this.length = length;
    }
  }

  private final Map<Long, Abort> open = new HashMap<>();

  /** Those that are to be written; the first is not known to the peer. */
  private final ArrayDeque<Abort> queue = new ArrayDeque<>(1);

  /** A message that the peer may have heard of will not come. */
  void add(long id, long length) {
    Abort abort = new Abort(id, length);
    open.put(id, abort);
    enqueue(abort);
  }

  private void enqueue(Abort abort) {
    abort.queued = true;
    queue.add(abort);
  }

  /** Whether there is something to write. */
  boolean canSend() {
    return !queue.isEmpty();
  }

  /** Whether the peer knows of all. */
  boolean isDrained() {
    return open.isEmpty();
  }

  /** Writes what is to be written; false if not all of it fits. */
  boolean write(PacketBuilder out) {
    for (Abort abort = queue.peek(); abort != null; abort = queue.peek()) {
      if (!out.frames().messageAbort(abort.id, abort.length)) {
        return false;
      }
      out.carries(abort.id, UnorderedMessages.ABORT_NOTE);
      abort.queued = false;
      queue.remove();
      passOverKnown();
    }
    return true;
  }

  private void passOverKnown() {
    for (Abort abort = queue.peek(); abort != null && abort.known; abort = queue.peek()) {
      queue.remove();
    }
  }

  /** The peer knows; may come more than once for one id. */
  void onAcknowledged(long id) {
    Abort abort = open.remove(id);
    if (abort != null) {
      abort.known = true;
      passOverKnown();
    }
  }

  void onLost(long id) {
    @Nullable Abort abort = open.get(id);
    if (abort != null && !abort.queued) {
      enqueue(abort);
    }
  }

  void clear() {
    open.clear();
    queue.clear();
  }
}
