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

  @SuppressWarnings({"unchecked", "rawtypes"}) // generic array, private
  private static final @Nullable ArrayDeque<Outgoing>[] NO_QUEUES = new ArrayDeque[0];

  private final SendLedger ledger;
  private final ReceiveMemory memory;
  private @Nullable ArrayDeque<Outgoing>[] waiting = NO_QUEUES;

  // One bit a channel that has something waiting.
  private long sendable;

  /** Of messages that left; made for the first. */
  private @Nullable Map<Long, Object> receipts;

  /** Made for the first message that comes. */
  private @Nullable ArrayDeque<Ready> ready;

  private long[] nextSequence = ByChannel.NONE;
  private long[] newestSequence = ByChannel.NONE;
  private long nextTicket;
  private long readyBytes;
  private long droppedFromQueue;
  private long earliestExpiryNanos = NEVER;

  /** Makes both directions. */
  public Datagrams(SendLedger ledger, ReceiveMemory memory) {
    this.ledger = ledger;
    this.memory = memory;
  }

  /** Whether a message may be taken; see {@link SendShare#hasRoom}. */
  public boolean hasRoom(int bodyBytes) {
    return ledger.ofDatagrams().hasRoom(bodyBytes);
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
    ledger.ofDatagrams().onTaken(body.length);
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
    ArrayDeque<Ready> queue = ready;
    if (queue == null) {
      queue = new ArrayDeque<>(1);
      ready = queue;
    }
    queue.add(new Ready(channel, sequence >= 0, Arrays.copyOfRange(bytes, from, from + length)));
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
    return ready != null && !ready.isEmpty();
  }

  /** Takes the next message, or null. */
  public @Nullable Ready take() {
    Ready message = ready == null ? null : ready.poll();
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
    ledger.ofDatagrams().onSettled(message.body.length, message.receipt, outcome, false);
  }

  /** The peer's limits are known: ends what it does not take. Nothing has left yet. */
  public void onPeerLimits(int maxChannels, long maxBytes) {
    for (long left = sendable; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      for (var each = waiting(channel).iterator(); each.hasNext(); ) {
        Outgoing message = each.next();
        if (channel >= maxChannels || message.body.length > maxBytes) {
          each.remove();
          end(message, ReceiptOutcome.REFUSED);
        }
      }
      noteEmpty(channel);
    }
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
    if (receipts != null) {
      for (Object receipt : receipts.values()) {
        ledger.onReport(receipt, outcome, true);
      }
      receipts.clear();
    }
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
    Outgoing message = next(queue, nowNanos);
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
        note(nextTicket, message.receipt);
      }
      nextTicket++;
      ledger.ofDatagrams().onSent(message.body.length);
      message = next(queue, nowNanos);
    }
    noteEmpty(channel);
  }

  /** The first that is not too old; what stands before it ends. */
  private @Nullable Outgoing next(ArrayDeque<Outgoing> queue, long nowNanos) {
    Outgoing message = queue.peek();
    while (message != null && message.expiresAtNanos <= nowNanos) {
      queue.remove();
      end(message, ReceiptOutcome.EXPIRED);
      message = queue.peek();
    }
    return message;
  }

  private void note(long ticket, Object receipt) {
    Map<Long, Object> of = receipts;
    if (of == null) {
      of = new HashMap<>();
      receipts = of;
    }
    of.put(ticket, receipt);
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
    if (receipts != null && !receipts.isEmpty()) {
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
    earliestExpiryNanos = Expiry.nextLookNanos(earliest, nowNanos);
  }
}
