package io.posthorn.protocol.channel;

import io.posthorn.ChannelPriorities;
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

  private static final long EXPIRY_STEP_NANOS = 1_000_000L;

  /** What a frame takes beside its data, in most cases. */
  private static final int FRAME_BYTES = 12;

  /** What one channel has to send. */
  private static final class Queue {
    final WaitingMessages waiting = new WaitingMessages();
    final ArrayDeque<UnorderedMessage> again = new ArrayDeque<>(1);
    @Nullable UnorderedMessage current;

    boolean isEmpty() {
      return waiting.isEmpty() && again.isEmpty() && current == null;
    }
  }

  private final SendLedger ledger;
  private final SendShare share;
  private final Confirmations confirmations;
  private final ChannelPriorities priorities;
  private @Nullable Queue[] queues = new @Nullable Queue[1];
  // One bit a channel whose queue is not empty.
  private long busy;
  private final OutgoingAborts aborts = new OutgoingAborts();
  private final Map<Long, UnorderedMessage> newestOfKey = new HashMap<>();
  // Ring by id: the messages that have an id and are not settled; null where settled.
  private @Nullable UnorderedMessage[] byId = new @Nullable UnorderedMessage[2];
  private final RepeatedMessages recent = new RepeatedMessages();
  private long baseId;
  private long nextId;
  private long maxMessages;
  private long maxBytes;
  private long reservedBytes;
  private long blockedToldAt = -1;
  private long earliestExpiryNanos = NEVER;

  OutgoingMessages(SendLedger ledger, Confirmations confirmations, ChannelPriorities priorities) {
    this.ledger = ledger;
    this.share = ledger.ofMessages();
    this.confirmations = confirmations;
    this.priorities = priorities;
  }

  void onCredit(long messages, long bytes) {
    maxMessages = Math.max(maxMessages, messages);
    maxBytes = Math.max(maxBytes, bytes);
  }

  /** Whether a message may be taken; see {@link SendShare#hasRoom}. */
  boolean hasRoom(int bodyBytes) {
    return share.hasRoom(bodyBytes);
  }

  /** Takes a message; {@code key} -1, or at least 0 for RELIABLE_LATEST. */
  void add(
      int channel,
      long key,
      byte[] body,
      long expiresAtNanos,
      boolean confirmRequested,
      @Nullable Object receipt) {
    UnorderedMessage message =
        new UnorderedMessage(channel, key, body, expiresAtNanos, confirmRequested, receipt);
    share.onTaken(body.length);
    if (key >= 0) {
      UnorderedMessage older = newestOfKey.put(key, message);
      if (older != null) {
        replace(older);
      }
    }
    queues = ByChannel.withPlace(queues, channel);
    Queue queue = queues[channel];
    if (queue == null) {
      queue = new Queue();
      queues[channel] = queue;
    }
    queue.waiting.add(message);
    busy |= 1L << channel;
    earliestExpiryNanos = Math.min(earliestExpiryNanos, expiresAtNanos);
  }

  private Queue queue(int channel) {
    Queue queue = queues[channel];
    if (queue == null) {
      throw new IllegalStateException("nothing was ever sent on channel " + channel);
    }
    return queue;
  }

  private void noteEmpty(int channel) {
    if (queue(channel).isEmpty()) {
      busy &= ~(1L << channel);
    }
  }

  private void replace(UnorderedMessage older) {
    if (!older.begun) {
      queue(older.channel).waiting.remove(older);
      settle(older, ReceiptOutcome.SUPERSEDED, false);
      noteEmpty(older.channel);
      return;
    }
    older.replaced = true;
    if (older.queuedAgain || !older.isSentWhole()) {
      giveUp(older, ReceiptOutcome.SUPERSEDED);
    }
  }

  /** Gives up a message that is not acknowledged yet. Returns whether there was one. */
  boolean cancel(Object receipt) {
    for (long left = busy; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      WaitingMessages waiting = queue(channel).waiting;
      for (UnorderedMessage each = waiting.peek(); each != null; each = each.after) {
        if (each.receipt == receipt) {
          waiting.remove(each);
          settle(each, ReceiptOutcome.CANCELLED, false);
          noteEmpty(channel);
          return true;
        }
      }
    }
    for (long id = baseId; id < nextId; id++) {
      UnorderedMessage message = byId[(int) id & (byId.length - 1)];
      if (message != null && message.receipt == receipt) {
        giveUp(message, ReceiptOutcome.CANCELLED);
        return true;
      }
    }
    return false;
  }

  boolean canSend() {
    return aborts.canSend() || sendableChannels() != 0 || isComplaintDue();
  }

  /** One bit for each channel that has something to write that credit allows. */
  long sendableChannels() {
    if (busy == 0) {
      return 0;
    }
    int starved = starvedLevel();
    long sendable = 0;
    for (long left = busy; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      Queue queue = queue(channel);
      if (queue.current != null
          || !queue.again.isEmpty()
          || (priorities.level(channel) > starved && hasCredit(queue.waiting.peek()))) {
        sendable |= 1L << channel;
      }
    }
    return sendable;
  }

  /**
   * The highest level of a channel whose next message credit does not reach for; -1 if there is
   * none. Nothing may be begun up to that level, or small messages could take for ever what a large
   * one waits for.
   */
  private int starvedLevel() {
    int level = -1;
    for (long left = busy; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      UnorderedMessage next = queue(channel).waiting.peek();
      if (next != null && !hasCredit(next)) {
        level = Math.max(level, priorities.level(channel));
      }
    }
    return level;
  }

  private boolean hasCredit(@Nullable UnorderedMessage message) {
    return message != null
        && nextId < maxMessages
        && reservedBytes + message.body.length <= maxBytes;
  }

  private long blockedMark() {
    return maxMessages ^ maxBytes << 1;
  }

  private boolean isComplaintDue() {
    return blockedToldAt != blockedMark() && starvedLevel() >= 0;
  }

  /** Whether credit is what holds all sending back. */
  boolean isBlocked() {
    return !aborts.canSend() && busy != 0 && sendableChannels() == 0;
  }

  boolean isDrained() {
    for (long left = busy; left != 0; left &= left - 1) {
      if (!queue(Long.numberOfTrailingZeros(left)).waiting.isEmpty()) {
        return false;
      }
    }
    return baseId == nextId && aborts.isDrained();
  }

  long deadlineNanos() {
    return earliestExpiryNanos;
  }

  /** Gives up what waits and is too old, whether it has begun or not. */
  void expire(long nowNanos) {
    if (nowNanos < earliestExpiryNanos) {
      return;
    }
    long earliest = NEVER;
    for (long left = busy; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      Queue queue = queue(channel);
      UnorderedMessage next = queue.waiting.peek();
      while (next != null) {
        UnorderedMessage message = next;
        next = message.after;
        if (message.expiresAtNanos > nowNanos) {
          earliest = Math.min(earliest, message.expiresAtNanos);
        } else {
          queue.waiting.remove(message);
          settle(message, ReceiptOutcome.EXPIRED, false);
        }
      }
      UnorderedMessage current = queue.current;
      if (current != null) {
        earliest = Math.min(earliest, expireBegun(current, nowNanos));
      }
      for (Iterator<UnorderedMessage> each = queue.again.iterator(); each.hasNext(); ) {
        UnorderedMessage message = each.next();
        earliest = Math.min(earliest, expireBegun(message, nowNanos));
        if (at(message.id) != message) {
          each.remove();
        }
      }
      noteEmpty(channel);
    }
    // Not more often than each millisecond: the queue may be long, and each message has its time.
    earliestExpiryNanos =
        earliest == NEVER ? NEVER : Math.max(earliest, nowNanos + EXPIRY_STEP_NANOS);
  }

  private long expireBegun(UnorderedMessage message, long nowNanos) {
    if (at(message.id) != message) {
      return NEVER; // settled since it was queued
    }
    if (message.expiresAtNanos > nowNanos) {
      return message.expiresAtNanos;
    }
    giveUp(message, ReceiptOutcome.EXPIRED);
    return NEVER;
  }

  /** Writes what concerns no single channel: aborts, and that credit is short. */
  void writeFrames(PacketBuilder out, long nowNanos) {
    expire(nowNanos);
    if (aborts.write(out) && isComplaintDue()) {
      complain(out);
    }
  }

  /** Writes what a channel has, lost data first, as far as it fits. */
  void writeChannel(int channel, PacketBuilder out, long nowNanos) {
    Queue queue = queue(channel);
    if (writeAgain(queue, out, nowNanos)) {
      writeNew(queue, out, nowNanos);
    }
    noteEmpty(channel);
  }

  private void writeNew(Queue queue, PacketBuilder out, long nowNanos) {
    UnorderedMessage message = next(queue, nowNanos);
    while (message != null && writeNew(message, queue, out)) {
      message = next(queue, nowNanos);
    }
  }

  /** What is to be begun or continued; null if there is nothing, or no credit for it. */
  private @Nullable UnorderedMessage next(Queue queue, long nowNanos) {
    if (queue.current != null) {
      return queue.current;
    }
    UnorderedMessage message = queue.waiting.peek();
    while (message != null && message.expiresAtNanos <= nowNanos) {
      queue.waiting.remove(message);
      settle(message, ReceiptOutcome.EXPIRED, false);
      message = queue.waiting.peek();
    }
    return hasCredit(message) ? message : null;
  }

  private void complain(PacketBuilder out) {
    if (out.frames().messagesBlocked(maxMessages, maxBytes)) {
      blockedToldAt = blockedMark();
      out.carries(blockedToldAt, UnorderedMessages.BLOCKED_NOTE);
    }
  }

  private boolean writeAgain(Queue queue, PacketBuilder out, long nowNanos) {
    UnorderedMessage message = queue.again.peek();
    while (message != null) {
      if (at(message.id) != message) {
        message.queuedAgain = false;
        queue.again.remove();
      } else if (message.expiresAtNanos <= nowNanos) {
        queue.again.remove();
        giveUp(message, ReceiptOutcome.EXPIRED);
      } else if (writeLost(message, out)) {
        message.queuedAgain = false;
        queue.again.remove();
        if (message.isSentWhole()) {
          recent.add(message, true, out);
        }
      } else {
        return false;
      }
      message = queue.again.peek();
    }
    return true;
  }

  private boolean writeLost(UnorderedMessage message, PacketBuilder out) {
    if (message.emptyLost) {
      if (writePart(message, 0, 0, out, out.frames()) < 0) {
        return false;
      }
      message.emptyLost = false;
    }
    while (!message.lost.isEmpty()) {
      long from = message.lost.start(0);
      int wanted = (int) (message.lost.end(0) - from);
      int fits = writePart(message, (int) from, wanted, out, out.frames());
      if (fits < 0) {
        return false;
      }
      message.lost.remove(from, from + fits);
      ledger.onRetransmitted(fits);
    }
    return true;
  }

  /** Writes once more what recent packets carried, as far as this one wants and may. */
  void repeatFrames(PacketBuilder out) {
    for (int left = recent.size(); left > 0; left--) {
      UnorderedMessage message = recent.take();
      if (at(message.id) != message
          || message.replaced
          || message.queuedAgain
          || !out.wantsAgain(message.firstPacket, message.resent)) {
        continue;
      }
      recent.keep(message);
      int length = message.body.length;
      if (message.lastPacket < out.packet() && length + FRAME_BYTES <= out.repeatableBytes()) {
        writePart(message, 0, length, out, out.frames());
        message.lastPacket = out.packet();
        ledger.onRepeated(length);
      }
    }
  }

  /** Begins or continues a message; false if there is no room for (all of) it. */
  private boolean writeNew(UnorderedMessage message, Queue queue, PacketBuilder out) {
    message.id = message.begun ? message.id : nextId;
    int wanted = message.body.length - message.sentTo;
    int fits = writePart(message, message.sentTo, wanted, out, out.frames());
    if (fits < 0) {
      return false;
    }
    if (!message.begun) {
      message.begun = true;
      queue.waiting.remove(message);
      place(message);
      reservedBytes += message.body.length;
      if (message.confirmRequested && message.receipt != null) {
        confirmations.expect(false, message.channel, message.id, message.receipt);
      }
    }
    message.sentTo += fits;
    queue.current = message.isSentWhole() ? null : message;
    if (fits == message.body.length) {
      recent.add(message, false, out);
    }
    return true;
  }

  private int writePart(
      UnorderedMessage message, int from, int wanted, PacketBuilder out, FrameWriter frames) {
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

  private void place(UnorderedMessage message) {
    if (nextId - baseId == byId.length) {
      @Nullable UnorderedMessage[] larger = new @Nullable UnorderedMessage[byId.length * 2];
      for (long id = baseId; id < nextId; id++) {
        larger[(int) id & (larger.length - 1)] = byId[(int) id & (byId.length - 1)];
      }
      byId = larger;
    }
    byId[(int) nextId & (byId.length - 1)] = message;
    nextId++;
  }

  private @Nullable UnorderedMessage at(long id) {
    return id < baseId || id >= nextId ? null : byId[(int) id & (byId.length - 1)];
  }

  private void drop(long id) {
    byId[(int) id & (byId.length - 1)] = null;
    while (baseId < nextId && byId[(int) baseId & (byId.length - 1)] == null) {
      baseId++;
    }
  }

  private void settle(UnorderedMessage message, ReceiptOutcome outcome, boolean mayHaveArrived) {
    if (message.key >= 0) {
      newestOfKey.remove(message.key, message);
    }
    if (outcome != ReceiptOutcome.ACKNOWLEDGED && message.begun) {
      confirmations.forget(false, message.channel, message.id);
    }
    share.onSettled(message.body.length, message.receipt, outcome, mayHaveArrived);
  }

  /** Gives up a message that has an id: the peer is told, so that it need not wait for the rest. */
  private void giveUp(UnorderedMessage message, ReceiptOutcome outcome) {
    Queue queue = queue(message.channel);
    if (queue.current == message) {
      queue.current = null;
    }
    drop(message.id);
    aborts.add(message.id, message.body.length);
    settle(message, outcome, message.isSentWhole());
    noteEmpty(message.channel);
  }

  void onAcknowledged(long id, int from, int length) {
    UnorderedMessage message = at(id);
    if (message == null) {
      return;
    }
    if (length > 0) {
      message.arrived.add(from, from + (long) length);
      message.lost.remove(from, from + (long) length);
    }
    if (message.hasArrivedWhole()) {
      drop(id);
      settle(message, ReceiptOutcome.ACKNOWLEDGED, true);
    }
  }

  void onLost(long id, int from, int length) {
    UnorderedMessage message = at(id);
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
    UnorderedMessage message = at(id);
    if (message != null) {
      sendAgain(message, from, length);
    }
  }

  private void sendAgain(UnorderedMessage message, int from, int length) {
    if (message.replaced) {
      giveUp(message, ReceiptOutcome.SUPERSEDED);
      return;
    }
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
      queue(message.channel).again.add(message);
      busy |= 1L << message.channel;
      earliestExpiryNanos = Math.min(earliestExpiryNanos, message.expiresAtNanos);
    }
  }

  /** The peer knows; may come more than once for one id. */
  void onAbortAcknowledged(long id) {
    aborts.onAcknowledged(id);
  }

  void onAbortLost(long id) {
    aborts.onLost(id);
  }

  void onBlockedLost(long mark) {
    if (blockedToldAt == mark) {
      blockedToldAt = -1;
    }
  }

  /** The connection ended: nothing that is left will be sent. */
  void abandon(ReceiptOutcome outcome) {
    for (long id = baseId; id < nextId; id++) {
      UnorderedMessage message = byId[(int) id & (byId.length - 1)];
      if (message != null) {
        settle(message, outcome, true);
      }
    }
    for (; busy != 0; busy &= busy - 1) {
      Queue queue = queue(Long.numberOfTrailingZeros(busy));
      for (UnorderedMessage each = queue.waiting.peek(); each != null; each = each.after) {
        settle(each, outcome, false);
      }
      queue.waiting.clear();
      queue.again.clear();
      queue.current = null;
    }
    aborts.clear();
    recent.clear();
    baseId = nextId;
  }
}
