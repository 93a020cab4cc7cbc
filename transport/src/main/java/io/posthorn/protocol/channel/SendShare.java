package io.posthorn.protocol.channel;

import io.posthorn.protocol.ReceiptOutcome;
import org.jspecify.annotations.Nullable;

/**
 * What one ordered channel, or all unordered messages, or all unreliable ones of a connection hold
 * of its {@link SendLedger}: each is refused, and told to go on, by itself.
 */
final class SendShare {
  /**
   * Stream bytes without receipt that may wait to leave for the first time. More would serve
   * nobody: the network is not faster for it, and rings of megabytes do not stay in the cache.
   */
  private static final long UNSENT_LIMIT_BYTES = 1 << 20;

  private final SendLedger ledger;
  private long heldBytes;
  private long unsentBytes;
  private boolean refused;
  private int smallestRefusedBytes;

  /** Of those that there was no room for; 0 if there was none. */
  private int largestRefusedBytes;

  private long heldWhenRefusedBytes;

  SendShare(SendLedger ledger) {
    this.ledger = ledger;
  }

  /**
   * Whether a message may be taken; if not, {@link SendLedger#pollWritable} answers true when to
   * try again. Until then none is taken that is smaller than one that found no room: they would
   * take, again and again, what that one waits for.
   */
  boolean hasRoom(int bodyBytes) {
    if (!ledger.fits(this, bodyBytes)) {
      largestRefusedBytes = Math.max(largestRefusedBytes, bodyBytes);
      return refuse(bodyBytes);
    }
    return bodyBytes >= largestRefusedBytes || !keepsRoom() || refuse(bodyBytes);
  }

  /**
   * Whether what this share has is kept for the largest message that was refused: not where other
   * shares hold what that one needs, for theirs may stand for ever.
   */
  private boolean keepsRoom() {
    return largestRefusedBytes > 0 && ledger.wouldFitAlone(this, largestRefusedBytes);
  }

  /** As {@link #hasRoom}, for a message that goes into its stream at once. */
  boolean hasRoomInStream(int bodyBytes) {
    return unsentBytes < UNSENT_LIMIT_BYTES ? hasRoom(bodyBytes) : refuse(bodyBytes);
  }

  private boolean refuse(int bodyBytes) {
    if (refused) {
      smallestRefusedBytes = Math.min(smallestRefusedBytes, bodyBytes);
      return false;
    }
    refused = true;
    smallestRefusedBytes = bodyBytes;
    heldWhenRefusedBytes = heldBytes;
    ledger.onRefused(this);
    return false;
  }

  /**
   * Whether room came up since a sender was refused, for the message that room is kept for, or the
   * smallest that was refused, and enough to be worth waking somebody: a quarter of what it may
   * hold, or half of what it held.
   */
  boolean isWritable() {
    return unsentBytes <= UNSENT_LIMIT_BYTES / 2
        && (heldBytes <= ledger.mostBytes(this) / 4 * 3 || heldBytes <= heldWhenRefusedBytes / 2)
        && ledger.fits(this, keepsRoom() ? largestRefusedBytes : smallestRefusedBytes);
  }

  /** Its senders are told to go on; whoever does not come back has room kept no longer. */
  void onTold() {
    refused = false;
    largestRefusedBytes = 0;
  }

  /**
   * Bytes of messages, overhead included, that may go into their stream at once, if nobody else
   * sends meanwhile; 0 or less for none.
   */
  long roomInStreamBytes() {
    return unsentBytes < UNSENT_LIMIT_BYTES && !keepsRoom()
        ? ledger.mostBytes(this) - heldBytes
        : 0;
  }

  /** Bytes were put into a stream. */
  void onStreamed(long bytes) {
    unsentBytes += bytes;
  }

  /** Bytes of a stream left for the first time, or never will. */
  void onFirstSent(long bytes) {
    unsentBytes -= bytes;
  }

  /** Bytes that wait or are unacknowledged, overhead included. */
  long heldBytes() {
    return heldBytes;
  }

  private void hold(long bytes) {
    long before = heldBytes;
    heldBytes += bytes;
    ledger.onHeld(before, heldBytes);
  }

  private static long charged(int messages, long bodyBytes) {
    return bodyBytes + (long) messages * SendLedger.MESSAGE_OVERHEAD_BYTES;
  }

  /** A message was taken, or the first part of one. */
  void onTaken(int bodyBytes) {
    onTaken(1, bodyBytes);
  }

  /** Messages were taken. */
  void onTaken(int messages, long bodyBytes) {
    hold(charged(messages, bodyBytes));
    ledger.onOpened(messages);
  }

  /** A further part of a message was taken. */
  void onPartTaken(int bodyBytes) {
    hold(charged(1, bodyBytes));
  }

  /**
   * Messages that nobody holds a receipt for were acknowledged.
   *
   * @param parts of messages that are not whole by them
   * @param bodyBytes of both
   */
  void onAcknowledged(int messages, int parts, long bodyBytes) {
    hold(-charged(messages + parts, bodyBytes));
    ledger.onAcknowledged(messages);
  }

  /** A message ended. */
  void onSettled(
      int bodyBytes, @Nullable Object receipt, ReceiptOutcome outcome, boolean mayHaveArrived) {
    hold(-charged(1, bodyBytes));
    ledger.onSettled(receipt, outcome, mayHaveArrived);
  }

  /**
   * A message that was given up, or a part that others follow, will not be acknowledged, nor will
   * its message.
   */
  void onGone(int bodyBytes) {
    hold(-charged(1, bodyBytes));
  }

  /** An unreliable message left: it needs no memory any more, and its receipt is reported later. */
  void onSent(int bodyBytes) {
    hold(-charged(1, bodyBytes));
    ledger.onGivenUp();
  }
}
