package io.posthorn.protocol.channel;

import io.posthorn.protocol.ReceiptOutcome;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What one connection holds of its application's messages: how many bytes wait or are
 * unacknowledged, against the limit, and how messages ended. All senders of the connection share
 * it.
 */
public final class SendLedger {
  /** Charged for each message beside its body, so that empty messages are bounded too. */
  public static final int MESSAGE_OVERHEAD_BYTES = 64;

  /**
   * One settled message whose sender holds a receipt.
   *
   * @param receipt what the sender gave
   * @param outcome how it ended
   * @param mayHaveArrived whether the receiver may have it all the same
   */
  public record Settled(Object receipt, ReceiptOutcome outcome, boolean mayHaveArrived) {}

  /**
   * Stream bytes without receipt that may wait to leave for the first time. More would serve
   * nobody: the network is not faster for it, and rings of megabytes do not stay in the cache.
   */
  private static final long UNSENT_LIMIT_BYTES = 1 << 20;

  private final long limitBytes;
  private long unsentBytes;
  private long heldBytes;
  private boolean refused;
  private int refusedBytes;
  private long acknowledgedMessages;
  private long openMessages;
  private long retransmittedBytes;
  private long repeatedBytes;
  private long lostUnreceipted;
  private final ArrayDeque<Settled> settled = new ArrayDeque<>(1);

  /**
   * Makes one.
   *
   * @param limitBytes of message bodies and overhead
   */
  public SendLedger(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /**
   * Whether a message may be taken; if not, {@link #pollWritable} answers true when to try again.
   */
  public boolean hasRoom(int bodyBytes) {
    boolean room = fits(bodyBytes);
    if (!room) {
      refusedBytes = refused ? Math.min(refusedBytes, bodyBytes) : bodyBytes;
      refused = true;
    }
    return room;
  }

  /** As {@link #hasRoom}, for a message that goes into its stream at once. */
  boolean hasRoomInStream(int bodyBytes) {
    if (unsentBytes < UNSENT_LIMIT_BYTES) {
      return hasRoom(bodyBytes);
    }
    refusedBytes = refused ? Math.min(refusedBytes, bodyBytes) : bodyBytes;
    refused = true;
    return false;
  }

  /**
   * Bytes of messages, overhead included, that may go into their stream at once, if nobody else
   * sends meanwhile; 0 or less for none.
   */
  long roomInStreamBytes() {
    return unsentBytes < UNSENT_LIMIT_BYTES ? limitBytes - heldBytes : 0;
  }

  /** Bytes were put into a stream. */
  void onStreamed(long bytes) {
    unsentBytes += bytes;
  }

  /** Bytes of a stream left for the first time, or never will. */
  void onFirstSent(long bytes) {
    unsentBytes -= bytes;
  }

  private boolean fits(int bodyBytes) {
    return heldBytes == 0 || heldBytes + bodyBytes + MESSAGE_OVERHEAD_BYTES <= limitBytes;
  }

  /**
   * Whether a sender was refused and room came up since, for the smallest message that was refused
   * at least; asks once for each refusal.
   */
  public boolean pollWritable() {
    if (refused
        && heldBytes <= limitBytes / 2
        && unsentBytes <= UNSENT_LIMIT_BYTES / 2
        && fits(refusedBytes)) {
      refused = false;
      return true;
    }
    return false;
  }

  /** Whether a sender was refused and waits for room. */
  public boolean isRefusing() {
    return refused;
  }

  /** A message was taken. */
  void onTaken(int bodyBytes) {
    heldBytes += bodyBytes + MESSAGE_OVERHEAD_BYTES;
    openMessages++;
  }

  /** Messages were taken. */
  void onTaken(int messages, long bodyBytes) {
    heldBytes += bodyBytes + (long) messages * MESSAGE_OVERHEAD_BYTES;
    openMessages += messages;
  }

  /** Messages that nobody holds a receipt for were acknowledged. */
  void onAcknowledged(int messages, long bodyBytes) {
    heldBytes -= bodyBytes + (long) messages * MESSAGE_OVERHEAD_BYTES;
    openMessages -= messages;
    acknowledgedMessages += messages;
  }

  /** A message ended. */
  void onSettled(
      int bodyBytes, @Nullable Object receipt, ReceiptOutcome outcome, boolean mayHaveArrived) {
    heldBytes -= bodyBytes + MESSAGE_OVERHEAD_BYTES;
    openMessages--;
    if (outcome == ReceiptOutcome.ACKNOWLEDGED) {
      acknowledgedMessages++;
    }
    if (receipt != null) {
      settled.add(new Settled(receipt, outcome, mayHaveArrived));
    } else if (outcome == ReceiptOutcome.CLOSED) {
      lostUnreceipted++;
    }
  }

  /** Messages without a receipt that the end of the connection left unacknowledged. */
  public long lostUnreceipted() {
    return lostUnreceipted;
  }

  /** A message that is in its stream in part was given up: it has ended, but not its bytes. */
  void onGivenUp() {
    openMessages--;
  }

  /** What was left of a message that was given up is in its stream, or never will be. */
  void onGone(int bodyBytes) {
    heldBytes -= bodyBytes + MESSAGE_OVERHEAD_BYTES;
  }

  /** An unreliable message left: it needs no memory any more, and its receipt is reported later. */
  void onSent(int bodyBytes) {
    heldBytes -= bodyBytes + MESSAGE_OVERHEAD_BYTES;
    openMessages--;
  }

  /** The fate of an unreliable message that left. */
  void onReport(Object receipt, ReceiptOutcome outcome, boolean mayHaveArrived) {
    settled.add(new Settled(receipt, outcome, mayHaveArrived));
  }

  /** Message bytes ride in one more packet though nothing says that they are lost. */
  void onRepeated(long bytes) {
    repeatedBytes += bytes;
  }

  /** Message bytes sent again unasked so far. */
  public long repeatedBytes() {
    return repeatedBytes;
  }

  /** Message bytes are being sent once more, since they count as lost. */
  void onRetransmitted(long bytes) {
    retransmittedBytes += bytes;
  }

  /** Takes the next settled message, or null. */
  public @Nullable Settled poll() {
    return settled.poll();
  }

  /** Whether {@link #poll} has something. */
  public boolean hasSettled() {
    return !settled.isEmpty();
  }

  /** Bytes that wait or are unacknowledged, overhead included. */
  public long heldBytes() {
    return heldBytes;
  }

  /** Messages taken and not ended. */
  public long openMessages() {
    return openMessages;
  }

  /** Messages acknowledged so far. */
  public long acknowledgedMessages() {
    return acknowledgedMessages;
  }

  /** Message bytes sent again so far since they counted as lost. */
  public long retransmittedBytes() {
    return retransmittedBytes;
  }
}
