package io.posthorn.protocol.channel;

import io.posthorn.ChannelPriorities;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.FrameWriter;
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

  /** What a frame takes beside its data, in most cases. */
  private static final int FRAME_BYTES = 12;

  private final SendLedger ledger;
  private final SendShare share;
  private final Confirmations confirmations;
  private final MessageCredit credit = new MessageCredit();
  private final MessageQueues queues;
  private final MessagesById unsettled = new MessagesById();
  private final OutgoingAborts aborts = new OutgoingAborts();
  private final Map<Long, UnorderedMessage> newestOfKey = new HashMap<>();
  private final RepeatedMessages recent = new RepeatedMessages();
  private long earliestExpiryNanos = NEVER;

  OutgoingMessages(SendLedger ledger, Confirmations confirmations, ChannelPriorities priorities) {
    this.ledger = ledger;
    this.share = ledger.ofMessages();
    this.confirmations = confirmations;
    this.queues = new MessageQueues(priorities, credit);
  }

  /** Raises the credit. */
  void onCredit(long messages, long bytes) {
    credit.raise(messages, bytes);
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
    UnorderedMessage older = key < 0 ? null : newestOfKey.put(key, message);
    if (older == null || !replace(older, message)) {
      queues.add(message);
    }
    earliestExpiryNanos = Math.min(earliestExpiryNanos, expiresAtNanos);
  }

  /**
   * Gives up an older message with the key of a newer one, as far as it can be.
   *
   * @return whether the newer one took its place in the queue, without which a key that is often
   *     renewed would never come first
   */
  private boolean replace(UnorderedMessage older, UnorderedMessage newer) {
    boolean sameQueue = newer.channel == older.channel;
    if (older.begun) {
      older.replaced = true;
      if (older.queuedAgain) {
        giveUp(older, ReceiptOutcome.SUPERSEDED);
      } else if (!older.isSentWhole() && !older.isToBeFinished) {
        giveUp(older, ReceiptOutcome.SUPERSEDED);
        newer.isToBeFinished = true;
        if (sameQueue) {
          queues.addFirst(newer);
        }
        return sameQueue;
      }
      return false;
    }
    newer.isToBeFinished = older.isToBeFinished;
    WaitingMessages waiting = queues.of(older.channel).waiting;
    if (sameQueue) {
      waiting.replace(older, newer);
    } else {
      waiting.remove(older);
    }
    settle(older, ReceiptOutcome.SUPERSEDED, false);
    queues.noteEmpty(older.channel);
    return sameQueue;
  }

  /** Gives up a message that is not acknowledged yet. Returns whether there was one. */
  boolean cancel(Object receipt) {
    UnorderedMessage waiting = queues.removeWaiting(receipt);
    if (waiting != null) {
      settle(waiting, ReceiptOutcome.CANCELLED, false);
      return true;
    }
    UnorderedMessage begun = unsettled.find(receipt);
    if (begun != null) {
      giveUp(begun, ReceiptOutcome.CANCELLED);
    }
    return begun != null;
  }

  boolean canSend() {
    return aborts.canSend() || queues.sendableChannels() != 0 || isComplaintDue();
  }

  /** One bit for each channel that has something to write that credit allows. */
  long sendableChannels() {
    return queues.sendableChannels();
  }

  private boolean isComplaintDue() {
    return credit.isComplaintNew() && queues.isAnyStarved();
  }

  /** Whether credit is what holds all sending back. */
  boolean isBlocked() {
    return !aborts.canSend() && queues.busy() != 0 && queues.sendableChannels() == 0;
  }

  boolean isDrained() {
    return !queues.areAnyWaiting() && unsettled.isEmpty() && aborts.isDrained();
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
    for (long left = queues.busy(); left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      MessageQueues.Queue queue = queues.of(channel);
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
        if (unsettled.at(message.id) != message) {
          each.remove();
        }
      }
      queues.noteEmpty(channel);
    }
    earliestExpiryNanos = Expiry.nextLookNanos(earliest, nowNanos);
  }

  /** Gives up what the peer does not take; nothing is begun yet. */
  void onPeerLimits(int maxChannels, long maxBytes) {
    for (long left = queues.busy(); left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      WaitingMessages waiting = queues.of(channel).waiting;
      UnorderedMessage next = waiting.peek();
      while (next != null) {
        UnorderedMessage message = next;
        next = message.after;
        if (channel >= maxChannels || message.body.length > maxBytes) {
          waiting.remove(message);
          settle(message, ReceiptOutcome.REFUSED, false);
        }
      }
      queues.noteEmpty(channel);
    }
  }

  private long expireBegun(UnorderedMessage message, long nowNanos) {
    if (unsettled.at(message.id) != message) {
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
      credit.complain(out);
    }
  }

  /** Writes what a channel has, lost data first, as far as it fits. */
  void writeChannel(int channel, PacketBuilder out, long nowNanos) {
    MessageQueues.Queue queue = queues.of(channel);
    if (writeAgain(queue, out, nowNanos)) {
      writeNew(queue, out, nowNanos);
    }
    queues.noteEmpty(channel);
  }

  private void writeNew(MessageQueues.Queue queue, PacketBuilder out, long nowNanos) {
    UnorderedMessage message = next(queue, nowNanos);
    while (message != null && writeNew(message, queue, out)) {
      message = next(queue, nowNanos);
    }
  }

  /** What is to be begun or continued; null if there is nothing, or no credit for it. */
  private @Nullable UnorderedMessage next(MessageQueues.Queue queue, long nowNanos) {
    if (queue.current != null) {
      return queue.current;
    }
    UnorderedMessage message = queue.waiting.peek();
    while (message != null && message.expiresAtNanos <= nowNanos) {
      queue.waiting.remove(message);
      settle(message, ReceiptOutcome.EXPIRED, false);
      message = queue.waiting.peek();
    }
    return credit.allows(message) ? message : null;
  }

  private boolean writeAgain(MessageQueues.Queue queue, PacketBuilder out, long nowNanos) {
    UnorderedMessage message = queue.again.peek();
    while (message != null) {
      if (unsettled.at(message.id) != message) {
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
      if (unsettled.at(message.id) != message
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
  private boolean writeNew(UnorderedMessage message, MessageQueues.Queue queue, PacketBuilder out) {
    message.id = message.begun ? message.id : unsettled.nextId();
    int wanted = message.body.length - message.sentTo;
    int fits = writePart(message, message.sentTo, wanted, out, out.frames());
    if (fits < 0) {
      return false;
    }
    if (!message.begun) {
      message.begun = true;
      queue.waiting.remove(message);
      unsettled.add(message);
      credit.onBegun(message.body.length);
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
    MessageQueues.Queue queue = queues.of(message.channel);
    if (queue.current == message) {
      queue.current = null;
    }
    unsettled.remove(message.id);
    aborts.add(message.id, message.body.length);
    settle(message, outcome, message.isSentWhole());
    queues.noteEmpty(message.channel);
  }

  void onAcknowledged(long id, int from, int length) {
    UnorderedMessage message = unsettled.at(id);
    if (message == null) {
      return;
    }
    message.onArrived(from, length);
    if (message.hasArrivedWhole()) {
      unsettled.remove(id);
      settle(message, ReceiptOutcome.ACKNOWLEDGED, true);
    }
  }

  void onLost(long id, int from, int length) {
    UnorderedMessage message = unsettled.at(id);
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
    UnorderedMessage message = unsettled.at(id);
    if (message != null) {
      sendAgain(message, from, length);
    }
  }

  private void sendAgain(UnorderedMessage message, int from, int length) {
    if (message.replaced) {
      giveUp(message, ReceiptOutcome.SUPERSEDED);
      return;
    }
    message.onLost(from, length);
    if (message.isAnyLost() && !message.queuedAgain) {
      message.queuedAgain = true;
      queues.addAgain(message);
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
    credit.onComplaintLost(mark);
  }

  /** The connection ended: nothing that is left will be sent. */
  void abandon(ReceiptOutcome outcome) {
    for (UnorderedMessage each = unsettled.first(); each != null; each = unsettled.first()) {
      unsettled.remove(each.id);
      settle(each, outcome, each.isSentWhole());
    }
    unsettled.clear();
    for (long left = queues.busy(); left != 0; left &= left - 1) {
      WaitingMessages waiting = queues.of(Long.numberOfTrailingZeros(left)).waiting;
      for (UnorderedMessage each = waiting.peek(); each != null; each = each.after) {
        settle(each, outcome, false);
      }
    }
    queues.clear();
    aborts.clear();
    recent.clear();
  }
}
