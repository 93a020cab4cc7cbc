package io.posthorn.protocol.channel;

import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.WireLimits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one connection holds of its application's messages: how many bytes wait or are
 * unacknowledged, against the limit, and how messages ended.
 *
 * <p>Each ordered channel has a {@link SendShare}, and so have the unordered messages, whose credit
 * is one, and the unreliable ones. A share that its peer lets stand must not stop the others, so:
 *
 * <ul>
 *   <li>a sixteenth of the limit is guaranteed slices;
 *   <li>of the rest, no share holds more than seven eighths of what the others leave;
 *   <li>one that holds nothing may hold one message of any length, unless such a message has gone
 *       beyond the limit already; that one counts for seven eighths of the rest and no more. So the
 *       others have an eighth however long it stands, and the ceiling is the limit and one message.
 * </ul>
 */
public final class SendLedger {
  /** Charged for each message beside its body, so that empty messages are bounded too. */
  public static final int MESSAGE_OVERHEAD_BYTES = 64;

  private static final int MESSAGES = 0;
  private static final int DATAGRAMS = 1;
  private static final int FIRST_CHANNEL = 2;
  private static final @Nullable SendShare[] NO_SHARES = {};
  private static final int SHARES = FIRST_CHANNEL + WireLimits.MAX_CHANNELS;

  /** So many parts of the limit are one of guaranteed slices and others of what all compete for. */
  private static final int PARTS = 16;

  /**
   * One settled message whose sender holds a receipt.
   *
   * @param receipt what the sender gave
   * @param outcome how it ended
   * @param mayHaveArrived whether the receiver may have it all the same
   */
  public record Settled(Object receipt, ReceiptOutcome outcome, boolean mayHaveArrived) {}

  private final long limitBytes;
  private final long sliceBytes;
  private final long commonBytes;
  private long commonUsedBytes;
  private long heldBytes;
  private @Nullable SendShare[] shares = NO_SHARES;

  /** Made when the first share is refused. */
  private @Nullable List<SendShare> refused;

  private long acknowledgedMessages;
  private long openMessages;
  private long refusedMessages;
  private long retransmittedBytes;
  private long repeatedBytes;
  private long lostUnreceipted;

  /** Made for the first message that somebody holds a receipt for. */
  private @Nullable ArrayDeque<Settled> settled;

  /**
   * Makes one.
   *
   * @param limitBytes of message bodies and overhead
   */
  public SendLedger(long limitBytes) {
    this.limitBytes = limitBytes;
    sliceBytes = limitBytes / PARTS / SHARES;
    commonBytes = limitBytes - SHARES * sliceBytes;
  }

  /** What an ordered channel holds. */
  SendShare ofChannel(int channel) {
    return share(FIRST_CHANNEL + channel);
  }

  /** What unordered messages hold. */
  SendShare ofMessages() {
    return share(MESSAGES);
  }

  /** What unreliable messages hold. */
  SendShare ofDatagrams() {
    return share(DATAGRAMS);
  }

  private SendShare share(int at) {
    if (at >= shares.length) {
      shares = Arrays.copyOf(shares, Math.min(SHARES, Math.max(2 * shares.length, at + 1)));
    }
    SendShare share = shares[at];
    if (share == null) {
      share = new SendShare(this);
      shares[at] = share;
    }
    return share;
  }

  /** What counts as a share's part of what all compete for. */
  private long common(long held) {
    return Math.max(0, Math.min(held - sliceBytes, commonBytes - commonBytes / 8));
  }

  /** How much a share may hold as things stand, beside one message of any length. */
  long mostBytes(SendShare share) {
    long left = commonBytes - (commonUsedBytes - common(share.heldBytes()));
    return sliceBytes + Math.max(0, left - left / 8);
  }

  /** Whether a share may hold another message. */
  boolean fits(SendShare share, int bodyBytes) {
    return share.heldBytes() + bodyBytes + MESSAGE_OVERHEAD_BYTES <= mostBytes(share)
        || (share.heldBytes() == 0 && heldBytes <= limitBytes);
  }

  /** Whether a share could hold this message if it held nothing else. */
  boolean wouldFitAlone(SendShare share, int bodyBytes) {
    return bodyBytes + MESSAGE_OVERHEAD_BYTES <= mostBytes(share)
        || heldBytes - share.heldBytes() <= limitBytes;
  }

  /** A share holds so much now. */
  void onHeld(long before, long now) {
    heldBytes += now - before;
    commonUsedBytes += common(now) - common(before);
  }

  /** A share has no room for what was offered. */
  void onRefused(SendShare share) {
    List<SendShare> all = refused;
    if (all == null) {
      all = new ArrayList<>(1);
      refused = all;
    }
    all.add(share);
  }

  /** Whether a sender was refused and room came up since; asks once for each refusal. */
  public boolean pollWritable() {
    if (refused == null) {
      return false;
    }
    boolean writable = false;
    for (int i = refused.size() - 1; i >= 0; i--) {
      SendShare share = refused.get(i);
      if (share.isWritable()) {
        share.onTold();
        refused.remove(i);
        writable = true;
      }
    }
    return writable;
  }

  /** Whether a sender was refused and waits for room. */
  public boolean isRefusing() {
    return refused != null && !refused.isEmpty();
  }

  /** Messages were taken. */
  void onOpened(int messages) {
    openMessages += messages;
  }

  /** Messages that nobody holds a receipt for were acknowledged. */
  void onAcknowledged(int messages) {
    openMessages -= messages;
    acknowledgedMessages += messages;
  }

  /** A message ended. */
  void onSettled(@Nullable Object receipt, ReceiptOutcome outcome, boolean mayHaveArrived) {
    openMessages--;
    if (outcome == ReceiptOutcome.ACKNOWLEDGED) {
      acknowledgedMessages++;
    } else if (outcome == ReceiptOutcome.REFUSED) {
      refusedMessages++;
    }
    if (receipt != null) {
      onReport(receipt, outcome, mayHaveArrived);
    } else if (outcome == ReceiptOutcome.CLOSED || outcome == ReceiptOutcome.REFUSED) {
      lostUnreceipted++;
    }
  }

  /** The end of the connection came before that of a message, of which no receipt tells. */
  void onUnfinished() {
    openMessages--;
    lostUnreceipted++;
  }

  /** Messages without a receipt that the end, or the peer's limits, left unacknowledged. */
  public long lostUnreceipted() {
    return lostUnreceipted;
  }

  /** A message has ended, be it that its bytes have not: nothing is expected of it any more. */
  void onGivenUp() {
    openMessages--;
  }

  /** The fate of a message that was given up or left already. */
  void onReport(Object receipt, ReceiptOutcome outcome, boolean mayHaveArrived) {
    ArrayDeque<Settled> queue = settled;
    if (queue == null) {
      queue = new ArrayDeque<>(1);
      settled = queue;
    }
    queue.add(new Settled(receipt, outcome, mayHaveArrived));
  }

  /** Message bytes ride in one more packet though nothing says that they are lost. */
  void onRepeated(long bytes) {
    repeatedBytes += bytes;
  }

  /** Message bytes sent again unasked so far. */
  public long repeatedBytes() {
    return repeatedBytes;
  }

  /** Message bytes are being sent once more, since they count as lost, or to probe. */
  void onRetransmitted(long bytes) {
    retransmittedBytes += bytes;
  }

  /** Takes the next settled message, or null. */
  public @Nullable Settled poll() {
    return settled == null ? null : settled.poll();
  }

  /** Whether {@link #poll} has something. */
  public boolean hasSettled() {
    return settled != null && !settled.isEmpty();
  }

  /** Bytes that wait or are unacknowledged, overhead included. */
  public long heldBytes() {
    return heldBytes;
  }

  /** Messages taken and not ended. */
  public long openMessages() {
    return openMessages;
  }

  /** Messages that the peer's limits left no way for. */
  public long refusedMessages() {
    return refusedMessages;
  }

  /** Messages acknowledged so far. */
  public long acknowledgedMessages() {
    return acknowledgedMessages;
  }

  /** Message bytes sent again so far since they counted as lost, or to probe. */
  public long retransmittedBytes() {
    return retransmittedBytes;
  }
}
