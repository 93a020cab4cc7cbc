package io.posthorn.protocol.channel;

import io.posthorn.protocol.ChannelSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * UNRELIABLE and UNRELIABLE_SEQUENCED messages of one connection (RFC 9221): sent once, each in one
 * packet, under congestion control; what is lost stays lost, and the receipt says so.
 */
public final class Datagrams implements ChannelSource {
  /** Received and not taken; beyond, the oldest goes, as in a kernel's socket buffer. */
  private static final long QUEUE_LIMIT_BYTES = 1 << 20;

  private static final long NEVER = Long.MAX_VALUE;

  /** A received message. */
  public record Ready(int channel, boolean sequenced, byte[] body) {}

  private record Outgoing(
      int channel, boolean sequenced, byte[] body, long expiresAtNanos, @Nullable Object receipt) {}

  private final SendLedger ledger;
  private final SendShare share;
  private final ReceiveMemory memory;

  @SuppressWarnings({"unchecked", "rawtypes"}) // generic array, private
  private @Nullable ArrayDeque<Outgoing>[] waiting = new ArrayDeque[1];

  // One bit a channel that has something waiting.
  private long sendable;
  private final Map<Long, Object> receipts = new HashMap<>();
  private final ArrayDeque<Ready> ready = new ArrayDeque<>(1);
  private long[] nextSequence = {0};
  private long[] newestSequence = {-1};
  private long nextTicket;
  private long readyBytes;
  private long droppedFromQueue;
  private long earliestExpiryNanos = NEVER;

  /** Makes both directions. */
  public Datagrams(SendLedger ledger, ReceiveMemory memory) {
    this.ledger = ledger;
    this.share = ledger.ofDatagrams();
    this.memory = memory;
  }

  /** Whether a message may be taken; see {@link SendShare#hasRoom}. */
  public boolean hasRoom(int bodyBytes) {
    return share.hasRoom(bodyBytes);
  }

  /** Takes a message for sending; there is room for it, in a packet too. */
  public void send(
      int channel, boolean sequenced, byte[] body, long expiresAtNanos, @Nullable Object receipt) {
    waiting = ByChannel.withPlace(waiting, channel);
    nextSequence = ByChannel.withPlace(nextSequence, channel, 0);
    ArrayDeque<Outgoing> queue = waiting[channel];
    if (queue == null) {
      queue = new ArrayDeque<>(1);
      waiting[channel] = queue;
    }
    queue.add(new Outgoing(channel, sequenced, body, expiresAtNanos, receipt));
    sendable |= 1L << channel;
    share.onTaken(body.length);
    earliestExpiryNanos = Math.min(earliestExpiryNanos, expiresAtNanos);
  }

  /** DATAGRAM or DATAGRAM_SEQUENCED arrived. */
  public void onDatagram(int channel, long sequence, byte[] bytes, int from, int length) {
    if (sequence >= 0) {
      newestSequence = ByChannel.withPlace(newestSequence, channel, -1);
      if (sequence <= newestSequence[channel]) {
        return; // older than one that was handed over
      }
      newestSequence[channel] = sequence;
    }
    if (memory.isFull()) {
      droppedFromQueue++;
      return;
    }
    memory.add(length + SendLedger.MESSAGE_OVERHEAD_BYTES);
    ready.add(new Ready(channel, sequence >= 0, Arrays.copyOfRange(bytes, from, from + length)));
    readyBytes += length + SendLedger.MESSAGE_OVERHEAD_BYTES;
    while (readyBytes > QUEUE_LIMIT_BYTES) {
      take();
      droppedFromQueue++;
    }
  }

  /** Messages dropped since the application does not take them; asks once for each. */
  public long pollDropped() {
    long dropped = droppedFromQueue;
    droppedFromQueue = 0;
    return dropped;
  }

  /** Whether a message can be taken. */
  public boolean hasMessage() {
    return !ready.isEmpty();
  }

  /** Takes the next message, or null. */
  public @Nullable Ready take() {
    Ready message = ready.poll();
    if (message != null) {
      readyBytes -= message.body.length + SendLedger.MESSAGE_OVERHEAD_BYTES;
      memory.add(-message.body.length - SendLedger.MESSAGE_OVERHEAD_BYTES);
    }
    return message;
  }

  /** Gives the memory of received messages up. */
  public void release() {
    while (take() != null) {
      // Each gives back its own.
    }
  }

  /** Whether nothing waits to be sent. */
  public boolean isDrained() {
    return sendable == 0;
  }

  private ArrayDeque<Outgoing> waiting(int channel) {
    ArrayDeque<Outgoing> queue = waiting[channel];
    if (queue == null) {
      throw new IllegalStateException("nothing was ever sent on channel " + channel);
    }
    return queue;
  }

  /** Gives up what has not left yet. Returns whether this was so. */
  public boolean cancel(Object receipt) {
    for (long left = sendable; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      for (var each = waiting(channel).iterator(); each.hasNext(); ) {
        Outgoing message = each.next();
        if (message.receipt == receipt) {
          each.remove();
          end(message, ReceiptOutcome.CANCELLED);
          noteEmpty(channel);
          return true;
        }
      }
    }
    return false;
  }

  private void noteEmpty(int channel) {
    if (waiting(channel).isEmpty()) {
      sendable &= ~(1L << channel);
    }
  }

  /** Ends a message that has not left. */
  private void end(Outgoing message, ReceiptOutcome outcome) {
    share.onSettled(message.body.length, message.receipt, outcome, false);
  }

  /** Ends all that has not been acknowledged or lost. */
  public void abandon(ReceiptOutcome outcome) {
    for (; sendable != 0; sendable &= sendable - 1) {
      ArrayDeque<Outgoing> queue = waiting(Long.numberOfTrailingZeros(sendable));
      for (Outgoing message : queue) {
        end(message, outcome);
      }
      queue.clear();
    }
    for (Object receipt : receipts.values()) {
      ledger.onReport(receipt, outcome, true);
    }
    receipts.clear();
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return sendable != 0;
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    onTimeout(nowNanos);
  }

  @Override
  public long sendableChannels(long nowNanos) {
    return sendable;
  }

  @Override
  public void writeChannel(int channel, PacketBuilder out, long nowNanos) {
    ArrayDeque<Outgoing> queue = waiting(channel);
    Outgoing message = queue.peek();
    while (message != null) {
      long sequence = message.sequenced ? nextSequence[channel] : -1;
      if (!out.frames().datagram(channel, sequence, message.body, 0, message.body.length)) {
        return;
      }
      if (message.sequenced) {
        nextSequence[channel]++;
      }
      queue.remove();
      out.carries(nextTicket, 0);
      if (message.receipt != null) {
        receipts.put(nextTicket, message.receipt);
      }
      nextTicket++;
      share.onSent(message.body.length);
      message = queue.peek();
    }
    noteEmpty(channel);
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    report(first, ReceiptOutcome.ACKNOWLEDGED);
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    report(first, ReceiptOutcome.LOST);
  }

  private void report(long ticket, ReceiptOutcome outcome) {
    if (!receipts.isEmpty()) {
      Object receipt = receipts.remove(ticket);
      if (receipt != null) {
        ledger.onReport(receipt, outcome, true);
      }
    }
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {}

  @Override
  public long deadlineNanos() {
    return earliestExpiryNanos;
  }

  @Override
  public void onTimeout(long nowNanos) {
    if (nowNanos < earliestExpiryNanos) {
      return;
    }
    long earliest = NEVER;
    for (long left = sendable; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      for (var each = waiting(channel).iterator(); each.hasNext(); ) {
        Outgoing message = each.next();
        if (message.expiresAtNanos <= nowNanos) {
          each.remove();
          end(message, ReceiptOutcome.EXPIRED);
        } else {
          earliest = Math.min(earliest, message.expiresAtNanos);
        }
      }
      noteEmpty(channel);
    }
    earliestExpiryNanos = earliest;
  }
}
