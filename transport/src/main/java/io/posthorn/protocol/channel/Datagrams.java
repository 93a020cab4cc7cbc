package io.posthorn.protocol.channel;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.WireLimits;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * UNRELIABLE and UNRELIABLE_SEQUENCED messages of one connection (RFC 9221): sent once, each in one
 * packet, under congestion control; what is lost stays lost, and the receipt says so.
 */
public final class Datagrams implements FrameSource {
  /** Received and not taken; beyond, the oldest goes, as in a kernel's socket buffer. */
  private static final long QUEUE_LIMIT_BYTES = 1 << 20;

  private static final long NEVER = Long.MAX_VALUE;

  /** A received message. */
  public record Ready(int channel, boolean sequenced, byte[] body) {}

  private record Outgoing(
      int channel, boolean sequenced, byte[] body, long expiresAtNanos, @Nullable Object receipt) {}

  private final SendLedger ledger;
  private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>();
  private final Map<Long, Object> receipts = new HashMap<>();
  private final ArrayDeque<Ready> ready = new ArrayDeque<>();
  private final long[] nextSequence = new long[WireLimits.MAX_CHANNELS];
  private final long[] newestSequence = new long[WireLimits.MAX_CHANNELS];
  private long nextTicket;
  private long readyBytes;
  private long droppedFromQueue;
  private long earliestExpiryNanos = NEVER;

  /** Makes both directions. */
  public Datagrams(SendLedger ledger) {
    this.ledger = ledger;
    Arrays.fill(newestSequence, -1);
  }

  /** Takes a message for sending; the ledger has room for it and a packet too. */
  public void send(
      int channel, boolean sequenced, byte[] body, long expiresAtNanos, @Nullable Object receipt) {
    waiting.add(new Outgoing(channel, sequenced, body, expiresAtNanos, receipt));
    ledger.onTaken(body.length);
    earliestExpiryNanos = Math.min(earliestExpiryNanos, expiresAtNanos);
  }

  /** DATAGRAM or DATAGRAM_SEQUENCED arrived. */
  public void onDatagram(int channel, long sequence, byte[] bytes, int from, int length) {
    if (sequence >= 0) {
      if (sequence <= newestSequence[channel]) {
        return; // older than one that was handed over
      }
      newestSequence[channel] = sequence;
    }
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
    }
    return message;
  }

  /** Whether nothing waits to be sent. */
  public boolean isDrained() {
    return waiting.isEmpty();
  }

  /** Ends all that has not been acknowledged or lost. */
  public void abandon(ReceiptOutcome outcome) {
    for (Outgoing message : waiting) {
      ledger.onSettled(message.body.length, message.receipt, outcome, false);
    }
    waiting.clear();
    for (Object receipt : receipts.values()) {
      ledger.onReport(receipt, outcome, true);
    }
    receipts.clear();
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return !waiting.isEmpty();
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    onTimeout(nowNanos);
    Outgoing message = waiting.peek();
    while (message != null) {
      long sequence = message.sequenced ? nextSequence[message.channel] : -1;
      if (!out.frames().datagram(message.channel, sequence, message.body, 0, message.body.length)) {
        return;
      }
      if (message.sequenced) {
        nextSequence[message.channel]++;
      }
      waiting.remove();
      out.carries(nextTicket, 0);
      if (message.receipt != null) {
        receipts.put(nextTicket, message.receipt);
      }
      nextTicket++;
      ledger.onSent(message.body.length);
      message = waiting.peek();
    }
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
    for (var each = waiting.iterator(); each.hasNext(); ) {
      Outgoing message = each.next();
      if (message.expiresAtNanos <= nowNanos) {
        each.remove();
        ledger.onSettled(message.body.length, message.receipt, ReceiptOutcome.EXPIRED, false);
      } else {
        earliest = Math.min(earliest, message.expiresAtNanos);
      }
    }
    earliestExpiryNanos = earliest;
  }
}
