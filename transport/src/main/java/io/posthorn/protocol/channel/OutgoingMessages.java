package io.posthorn.protocol.channel;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.FrameWriter;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sending half of unordered messages (PROTOCOL.md §5.8): each has an id, given when it is first
 * packed, and is acknowledged by itself. Until then it may expire or, with a key, be replaced.
 */
final class OutgoingMessages {
  private static final long NEVER = Long.MAX_VALUE;

  /** Longer messages are not repeated unasked. */
  private static final int MOST_REPEATED_BYTES = 512;

  /** Messages remembered for repeating. */
  private static final int MOST_REPEATED = 16;

  /** What a frame takes beside its data, in most cases. */
  private static final int FRAME_BYTES = 12;

  /** One message. */
  private static final class Outgoing {
    final int channel;
    final long key;
    final byte[] body;
    final long expiresAtNanos;
    final boolean confirmRequested;
    final @Nullable Object receipt;
    final OffsetRanges lost = new OffsetRanges();
    final OffsetRanges arrived = new OffsetRanges();
    long id = -1;
    int sentTo;
    boolean begun;
    boolean queuedAgain;
    boolean replaced;
    boolean emptyLost;

    /** Packets under way that carry all of it. */
    int riding;

    long firstPacket;
    long lastPacket;
    boolean resent;

    Outgoing(
        int channel,
        long key,
        byte[] body,
        long expiresAtNanos,
        boolean confirmRequested,
        @Nullable Object receipt) {
      this.channel = channel;
      this.key = key;
      this.body = body;
      this.expiresAtNanos = expiresAtNanos;
      this.confirmRequested = confirmRequested;
      this.receipt = receipt;
    }
  }

  private final SendLedger ledger;
  private final Confirmations confirmations;
  private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>();
  private final ArrayDeque<Outgoing> again = new ArrayDeque<>();
  // Given up, by id with the length, until the peer is known to know; those that are to be written.
  private final Map<Long, Long> openAborts = new HashMap<>();
  private final ArrayDeque<Long> aborts = new ArrayDeque<>();
  private final Map<Long, Outgoing> newestOfKey = new HashMap<>();
  // Ring by id: the messages that have an id and are not settled; null where settled.
  private @Nullable Outgoing[] byId = new @Nullable Outgoing[16];
  private long baseId;
  private long nextId;
  private @Nullable Outgoing current;
  // The small messages that recent packets carried whole; the next ones may carry them again.
  private final ArrayDeque<Outgoing> recent = new ArrayDeque<>();
  private long maxMessages;
  private long maxBytes;
  private long reservedBytes;
  private long blockedToldAt = -1;
  private long earliestExpiryNanos = NEVER;

  OutgoingMessages(SendLedger ledger, Confirmations confirmations) {
    this.ledger = ledger;
    this.confirmations = confirmations;
  }

  void onCredit(long messages, long bytes) {
    maxMessages = Math.max(maxMessages, messages);
    maxBytes = Math.max(maxBytes, bytes);
  }

  /** Takes a message; {@code key} -1, or at least 0 for RELIABLE_LATEST. */
  void add(
      int channel,
      long key,
      byte[] body,
      long expiresAtNanos,
      boolean confirmRequested,
      @Nullable Object receipt) {
    Outgoing message = new Outgoing(channel, key, body, expiresAtNanos, confirmRequested, receipt);
    ledger.onTaken(body.length);
    if (key >= 0) {
      Outgoing older = newestOfKey.put(key, message);
      if (older != null) {
        replace(older);
      }
    }
    waiting.add(message);
    earliestExpiryNanos = Math.min(earliestExpiryNanos, expiresAtNanos);
  }

  private void replace(Outgoing older) {
    if (older.begun) {
      older.replaced = true; // what is lost of it from now on is given up
      return;
    }
    waiting.remove(older);
    settle(older, ReceiptOutcome.SUPERSEDED, false);
  }

  boolean canSend() {
    return !aborts.isEmpty()
        || !again.isEmpty()
        || current != null
        || (!waiting.isEmpty() && (hasCredit(waiting.peek()) || blockedToldAt != blockedMark()));
  }

  private boolean hasCredit(@Nullable Outgoing message) {
    return message != null
        && nextId < maxMessages
        && reservedBytes + message.body.length <= maxBytes;
  }

  private long blockedMark() {
    return maxMessages ^ maxBytes << 1;
  }

  boolean isBlocked() {
    return again.isEmpty()
        && aborts.isEmpty()
        && current == null
        && !waiting.isEmpty()
        && !hasCredit(waiting.peek());
  }

  boolean isDrained() {
    return waiting.isEmpty() && baseId == nextId && openAborts.isEmpty();
  }

  long deadlineNanos() {
    return earliestExpiryNanos;
  }

  /** Gives up what waits and is too old. */
  void expire(long nowNanos) {
    if (nowNanos < earliestExpiryNanos) {
      return;
    }
    long earliest = NEVER;
    for (var each = waiting.iterator(); each.hasNext(); ) {
      Outgoing message = each.next();
      if (message.expiresAtNanos <= nowNanos) {
        each.remove();
        settle(message, ReceiptOutcome.EXPIRED, false);
      } else {
        earliest = Math.min(earliest, message.expiresAtNanos);
      }
    }
    earliestExpiryNanos = earliest;
  }

  void writeFrames(PacketBuilder out, long nowNanos) {
    if (!writeAborts(out) || !writeAgain(out, nowNanos)) {
      return;
    }
    expire(nowNanos);
    while (true) {
      Outgoing message = current;
      if (message == null) {
        message = waiting.peek();
        if (message == null) {
          return;
        }
        if (!hasCredit(message)) {
          complain(out);
          return;
        }
      }
      if (!writeNew(message, out)) {
        return;
      }
    }
  }

  private void complain(PacketBuilder out) {
    if (blockedToldAt != blockedMark() && out.frames().messagesBlocked(maxMessages, maxBytes)) {
      blockedToldAt = blockedMark();
      out.carries(blockedToldAt, UnorderedMessages.BLOCKED_NOTE);
    }
  }

  private boolean writeAborts(PacketBuilder out) {
    Long id = aborts.peek();
    while (id != null) {
      long length = openAborts.getOrDefault(id, 0L);
      if (!out.frames().messageAbort(id, length)) {
        return false;
      }
      out.carries(id, UnorderedMessages.ABORT_NOTE);
      aborts.remove();
      id = aborts.peek();
    }
    return true;
  }

  private boolean writeAgain(PacketBuilder out, long nowNanos) {
    Outgoing message = again.peek();
    while (message != null) {
      if (at(message.id) != message) {
        message.queuedAgain = false;
        again.remove();
      } else if (message.replaced || message.expiresAtNanos <= nowNanos) {
        again.remove();
        giveUp(message);
      } else if (!writeLost(message, out)) {
        return false;
      }
      message = again.peek();
    }
    return true;
  }

  private boolean writeLost(Outgoing message, PacketBuilder out) {
    FrameWriter frames = out.frames();
    if (message.emptyLost) {
      if (!write(message, 0, 0, out, frames)) {
        return false;
      }
      message.emptyLost = false;
    }
    while (!message.lost.isEmpty()) {
      long from = message.lost.start(0);
      int fits = writePart(message, (int) from, (int) (message.lost.end(0) - from), out, frames);
      if (fits < 0) {
        return false;
      }
      message.lost.remove(from, from + fits);
      ledger.onRetransmitted(fits);
    }
    message.queuedAgain = false;
    again.remove();
    remember(message, true, out);
    return true;
  }

  /** Notes a message that a packet carries, as one that the next may carry again. */
  private void remember(Outgoing message, boolean resent, PacketBuilder out) {
    if (message.body.length > MOST_REPEATED_BYTES) {
      return;
    }
    message.firstPacket = out.packet();
    message.lastPacket = out.packet();
    message.resent = resent;
    if (resent) {
      recent.remove(message);
    }
    recent.add(message);
    if (recent.size() > MOST_REPEATED) {
      recent.remove();
    }
  }

  /** Writes once more what recent packets carried, as far as this one wants and may. */
  void repeatFrames(PacketBuilder out) {
    for (Iterator<Outgoing> each = recent.iterator(); each.hasNext(); ) {
      Outgoing message = each.next();
      if (at(message.id) != message
          || message.replaced
          || message.queuedAgain
          || !out.wantsAgain(message.firstPacket, message.resent)) {
        each.remove();
        continue;
      }
      int length = message.body.length;
      if (message.lastPacket < out.packet() && length + FRAME_BYTES <= out.repeatableBytes()) {
        writePart(message, 0, length, out, out.frames());
        message.lastPacket = out.packet();
        ledger.onRepeated(length);
      }
    }
  }

  /** Begins or continues a message; false if there is no room for (all of) it. */
  private boolean writeNew(Outgoing message, PacketBuilder out) {
    long id = message.begun ? message.id : nextId;
    message.id = id;
    int wanted = message.body.length - message.sentTo;
    int fits = writePart(message, message.sentTo, wanted, out, out.frames());
    if (fits < 0) {
      return false;
    }
    if (!message.begun) {
      message.begun = true;
      waiting.remove();
      place(message);
      reservedBytes += message.body.length;
      if (message.confirmRequested && message.receipt != null) {
        confirmations.expect(false, message.channel, id, message.receipt);
      }
    }
    message.sentTo += fits;
    current = message.sentTo < message.body.length && !message.replaced ? message : null;
    if (fits == message.body.length) {
      remember(message, false, out);
    }
    if (message.replaced && message.sentTo < message.body.length) {
      giveUp(message);
    }
    return true;
  }

  private int writePart(
      Outgoing message, int from, int wanted, PacketBuilder out, FrameWriter frames) {
    int fits =
        frames.beginMessage(
            message.id, message.channel, message.key, message.body.length, from, wanted);
    if (fits >= 0) {
      System.arraycopy(message.body, from, frames.array(), frames.position(), fits);
      frames.advance(fits);
      out.carries(message.id, UnorderedMessages.dataNote(from, fits));
      if (fits == message.body.length) {
        message.riding++;
      }
    }
    return fits;
  }

  private boolean write(
      Outgoing message, int from, int wanted, PacketBuilder out, FrameWriter frames) {
    return writePart(message, from, wanted, out, frames) >= 0;
  }

  private void place(Outgoing message) {
    if (nextId - baseId == byId.length) {
      @Nullable Outgoing[] larger = new @Nullable Outgoing[byId.length * 2];
      for (long id = baseId; id < nextId; id++) {
        larger[(int) id & (larger.length - 1)] = byId[(int) id & (byId.length - 1)];
      }
      byId = larger;
    }
    byId[(int) nextId & (byId.length - 1)] = message;
    nextId++;
  }

  private @Nullable Outgoing at(long id) {
    return id < baseId || id >= nextId ? null : byId[(int) id & (byId.length - 1)];
  }

  private void drop(long id) {
    byId[(int) id & (byId.length - 1)] = null;
    while (baseId < nextId && byId[(int) baseId & (byId.length - 1)] == null) {
      baseId++;
    }
  }

  private void settle(Outgoing message, ReceiptOutcome outcome, boolean mayHaveArrived) {
    if (message.key >= 0) {
      newestOfKey.remove(message.key, message);
    }
    if (outcome != ReceiptOutcome.ACKNOWLEDGED && message.begun) {
      confirmations.forget(false, message.channel, message.id);
    }
    ledger.onSettled(message.body.length, message.receipt, outcome, mayHaveArrived);
  }

  private void giveUp(Outgoing message) {
    if (current == message) {
      current = null;
    }
    drop(message.id);
    openAborts.put(message.id, (long) message.body.length);
    aborts.add(message.id);
    settle(message, message.replaced ? ReceiptOutcome.SUPERSEDED : ReceiptOutcome.EXPIRED, true);
  }

  void onAcknowledged(long id, int from, int length) {
    Outgoing message = at(id);
    if (message == null) {
      return;
    }
    if (length > 0) {
      message.arrived.add(from, from + (long) length);
      message.lost.remove(from, from + (long) length);
    }
    boolean whole =
        message.sentTo == message.body.length
            && (message.body.length == 0 || message.arrived.contains(0, message.body.length));
    if (whole) {
      drop(id);
      settle(message, ReceiptOutcome.ACKNOWLEDGED, true);
    }
  }

  void onLost(long id, int from, int length) {
    Outgoing message = at(id);
    if (message == null) {
      return;
    }
    if (length == message.body.length && --message.riding > 0) {
      return; // lost is what lost its last copy
    }
    sendAgain(message, from, length);
  }

  /** A probe is to carry these bytes, though they may be under way. */
  void onProbe(long id, int from, int length) {
    Outgoing message = at(id);
    if (message != null) {
      sendAgain(message, from, length);
    }
  }

  private void sendAgain(Outgoing message, int from, int length) {
    if (length == 0) {
      message.emptyLost = true;
    } else {
      message.lost.add(from, from + (long) length);
      for (int i = 0; i < message.arrived.count(); i++) {
        message.lost.remove(message.arrived.start(i), message.arrived.end(i));
      }
      if (message.lost.isEmpty()) {
        return;
      }
    }
    if (!message.queuedAgain) {
      message.queuedAgain = true;
      again.add(message);
    }
  }

  /** The peer knows; may come more than once for one id. */
  void onAbortAcknowledged(long id) {
    openAborts.remove(id);
    aborts.remove(id);
  }

  void onAbortLost(long id) {
    if (openAborts.containsKey(id) && !aborts.contains(id)) {
      aborts.add(id);
    }
  }

  void onBlockedLost(long mark) {
    if (blockedToldAt == mark) {
      blockedToldAt = -1;
    }
  }

  /** The connection ended: nothing that is left will be sent. */
  void abandon(ReceiptOutcome outcome) {
    for (long id = baseId; id < nextId; id++) {
      Outgoing message = byId[(int) id & (byId.length - 1)];
      if (message != null) {
        settle(message, outcome, true);
      }
    }
    for (Outgoing message : waiting) {
      settle(message, outcome, false);
    }
    waiting.clear();
    again.clear();
    aborts.clear();
    recent.clear();
    openAborts.clear();
    current = null;
    baseId = nextId;
  }
}
