package io.posthorn.protocol.channel;

import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The messages that one ordered channel has to send: they become chunks of its stream (PROTOCOL.md
 * §6), and are settled when the last of their bytes has arrived.
 *
 * <p>A message gets its stream offset when it is first packed; until then it may expire. What was
 * packed is always delivered.
 */
final class ChannelMessages {
  private static final long NEVER = Long.MAX_VALUE;

  /**
   * So much of what is not acknowledged, or of one message, goes into the stream before it leaves;
   * of the rest, only what leaves.
   */
  private static final int MOST_BYTES_AHEAD = 64 << 20;

  /**
   * Chunk headers that a message may have beside an eighth of its bytes. A receiver of whole
   * messages takes twice as many (PROTOCOL.md §6).
   */
  private static final int FREE_HEADER_BYTES = 32 << 10;

  private static final byte ABORT = 1;
  private static final byte[] NOTHING = new byte[0];

  private final int channel;
  private final SendBuffer buffer;
  private final SendLedger ledger;
  private final SendShare share;
  private final Confirmations confirmations;
  private final ArrayDeque<WaitingPart> waiting = new ArrayDeque<>(1);
  private final PackedMessages packed;
  private final byte[] chunkHeader = new byte[8];
  private boolean midMessage;
  private long midMessageBytes;
  private long midMessageHeaderBytes;
  private long nextNumber;
  private long earliestExpiryNanos = NEVER;

  /**
   * Makes those of one channel.
   *
   * @param buffer the stream, which only they append to
   */
  ChannelMessages(
      int channel,
      SendBuffer buffer,
      SendLedger ledger,
      Confirmations confirmations,
      RingPool rings) {
    this.channel = channel;
    this.buffer = buffer;
    this.ledger = ledger;
    this.share = ledger.ofChannel(channel);
    this.confirmations = confirmations;
    this.packed = new PackedMessages(rings);
  }

  /** Bytes of the streamed message under way, or 0. */
  long midMessageBytes() {
    return midMessageBytes;
  }

  /** Whether a part of so many bytes is too small for the message that has so many parts before. */
  boolean wantsLargerPart(int bodyBytes) {
    long headers = midMessageHeaderBytes + encodedBytes(bodyBytes) - bodyBytes;
    return headers > (midMessageBytes + bodyBytes) / 8 + FREE_HEADER_BYTES;
  }

  /** Takes a message or part; there is room for it. */
  void add(
      byte[] body,
      boolean more,
      long expiresAtNanos,
      boolean confirmRequested,
      @Nullable Object receipt) {
    if (more && body.length == 0 && !midMessage) {
      return; // nothing was begun, so nothing is given up
    }
    boolean aborts = more && body.length == 0;
    boolean streamed = more || midMessage;
    long expiry = streamed ? NEVER : expiresAtNanos;
    waiting.add(
        new WaitingPart(body, more, streamed, expiry, confirmRequested, more ? null : receipt));
    if (midMessage) {
      share.onPartTaken(body.length);
    } else {
      share.onTaken(body.length);
    }
    if (aborts) {
      ledger.onGivenUp();
    }
    earliestExpiryNanos = Math.min(earliestExpiryNanos, expiry);
    midMessage = more && !aborts;
    midMessageBytes = midMessage ? midMessageBytes + body.length : 0;
    midMessageHeaderBytes =
        midMessage ? midMessageHeaderBytes + encodedBytes(body.length) - body.length : 0;
  }

  /** Gives up the streamed message under way: an empty part with more to come says so. */
  void abort() {
    add(NOTHING, true, NEVER, false, null);
  }

  /**
   * Takes a run of messages that are encoded as in the stream, each of one chunk and without
   * receipt or expiry, as far as there is room.
   *
   * @param beyondLimit whether to take all, room or not
   * @return index after the last byte taken
   */
  int addRun(byte[] encoded, int from, int to, boolean beyondLimit) {
    if (midMessage) {
      throw new IllegalStateException("a streamed message is under way on this channel");
    }
    if (!waiting.isEmpty() && !isAnyRevocable()) {
      fillAhead();
    }
    int at = waiting.isEmpty() ? packRun(encoded, from, to, beyondLimit) : from;
    while (at < to) {
      int header = VarInt.lengthOfFirstByte(encoded[at]);
      int length = (int) (VarInt.read(encoded, at, at + header) >>> 1);
      if (!beyondLimit && !share.hasRoomInStream(length)) {
        break;
      }
      share.onTaken(length);
      if (waiting.isEmpty()) {
        buffer.append(encoded, at, header + length);
        packed.add(buffer.end(), length, null);
        nextNumber++;
        share.onStreamed(header + length);
      } else {
        byte[] body = Arrays.copyOfRange(encoded, at + header, at + header + length);
        waiting.add(new WaitingPart(body, false, false, NEVER, false, null));
      }
      at += header + length;
    }
    return at;
  }

  /** Puts those messages of a run into the stream for which there is room for sure. */
  private int packRun(byte[] encoded, int from, int to, boolean beyondLimit) {
    long room = beyondLimit ? Long.MAX_VALUE : share.roomInStreamBytes();
    long end = buffer.end() - from;
    long bodyBytes = 0;
    int messages = 0;
    int at = from;
    while (at < to) {
      int header = VarInt.lengthOfFirstByte(encoded[at]);
      int length = (int) (VarInt.read(encoded, at, at + header) >>> 1);
      room -= length + SendLedger.MESSAGE_OVERHEAD_BYTES;
      if (room < 0) {
        break;
      }
      at += header + length;
      packed.add(end + at, length, null);
      bodyBytes += length;
      messages++;
    }
    nextNumber += messages;
    share.onTaken(messages, bodyBytes);
    buffer.append(encoded, from, at - from);
    share.onStreamed(at - from);
    return at;
  }

  /**
   * Takes one message without receipt or expiry straight into the stream.
   *
   * @return BLOCKED if there is no room; CLOSED if it must go the usual way, for it is very long,
   *     or what stands before it is not in the stream yet and may expire or be cancelled, is not
   *     whole, or very long
   */
  SendOutcome addBody(ByteBuffer body) {
    int length = body.remaining();
    if (length > MOST_BYTES_AHEAD || midMessage || (!waiting.isEmpty() && isAnyRevocable())) {
      return SendOutcome.CLOSED;
    }
    if (!share.hasRoomInStream(length)) {
      return SendOutcome.BLOCKED;
    }
    fillAhead();
    if (!waiting.isEmpty()) {
      return SendOutcome.CLOSED;
    }
    buffer.reserve(encodedBytes(length)); // all or nothing, should there be no memory
    share.onTaken(length);
    long before = buffer.end();
    int from = body.position();
    for (int left = length; left > 0; ) {
      int chunk = Math.min(left, WireLimits.MAX_CHUNK_BYTES);
      left -= chunk;
      int headerBytes = VarInt.write(chunkHeader, 0, chunk * 2L + (left > 0 ? 1 : 0));
      buffer.append(chunkHeader, 0, headerBytes);
      buffer.append(body, from, chunk);
      from += chunk;
    }
    packed.add(buffer.end(), length, null);
    nextNumber++;
    share.onStreamed(buffer.end() - before);
    return SendOutcome.ACCEPTED;
  }

  /** What a body takes in the stream. */
  private static int encodedBytes(int length) {
    int before = (length - 1) / WireLimits.MAX_CHUNK_BYTES;
    int last = length - before * WireLimits.MAX_CHUNK_BYTES;
    int headerBytes = VarInt.length(WireLimits.MAX_CHUNK_BYTES * 2L + 1);
    return length + before * headerBytes + VarInt.length(last * 2L);
  }

  /** Whether a waiting message may yet expire or be cancelled, which in the stream it could not. */
  private boolean isAnyRevocable() {
    if (earliestExpiryNanos != NEVER) {
      return true;
    }
    for (WaitingPart part : waiting) {
      if (part.receipt != null) {
        return true;
      }
    }
    return false;
  }

  /** Whether any is not wholly in the stream. */
  boolean areWaiting() {
    return !waiting.isEmpty();
  }

  /** When the first waiting message expires. */
  long deadlineNanos() {
    return earliestExpiryNanos;
  }

  /** Gives up what waits and is too old. */
  void expire(long nowNanos) {
    if (nowNanos < earliestExpiryNanos) {
      return;
    }
    long earliest = NEVER;
    for (Iterator<WaitingPart> each = waiting.iterator(); each.hasNext(); ) {
      WaitingPart part = each.next();
      if (part.expiresAtNanos > nowNanos) {
        earliest = Math.min(earliest, part.expiresAtNanos);
      } else if (!part.begun) {
        each.remove();
        share.onSettled(part.body.length, part.receipt, ReceiptOutcome.EXPIRED, false);
      } else {
        cut(part, ReceiptOutcome.EXPIRED);
      }
    }
    earliestExpiryNanos = Expiry.nextLookNanos(earliest, nowNanos);
  }

  /** Gives up a message that is not wholly in the stream. Returns whether this was so. */
  boolean cancel(Object receipt) {
    for (Iterator<WaitingPart> each = waiting.iterator(); each.hasNext(); ) {
      WaitingPart part = each.next();
      if (part.receipt != receipt) {
        continue;
      }
      if (part.begun || part.streamed) {
        return cut(part, ReceiptOutcome.CANCELLED);
      }
      each.remove();
      share.onSettled(part.body.length, receipt, ReceiptOutcome.CANCELLED, false);
      return true;
    }
    return false;
  }

  /**
   * Ends a message that is in the stream in part: an abort stands where its next chunk would. Not
   * possible if there is no next chunk.
   */
  private boolean cut(WaitingPart part, ReceiptOutcome outcome) {
    if (part.givenUp || part.moved + part.chunkLeft == part.body.length) {
      return false;
    }
    part.givenUp = true;
    ledger.onGivenUp();
    if (part.receipt != null) {
      confirmations.forget(true, channel, part.number);
      ledger.onReport(part.receipt, outcome, false);
      part.receipt = null;
    }
    return true;
  }

  /** Moves waiting messages into the stream until it ends at this offset, or none waits. */
  void fillTo(long offset) {
    long before = buffer.end();
    append(offset);
    share.onStreamed(buffer.end() - before);
  }

  /** Does so with what gains nothing by waiting. */
  private void fillAhead() {
    fillTo(buffer.base() + MOST_BYTES_AHEAD);
  }

  private void append(long limit) {
    WaitingPart part = waiting.peek();
    while (part != null && buffer.end() < limit) {
      if (part.chunkLeft == 0) {
        beginChunk(part);
      }
      int run = (int) Math.min(part.chunkLeft, limit - buffer.end());
      if (run > 0) {
        buffer.append(part.body, part.moved, run);
        part.moved += run;
        part.chunkLeft -= run;
      }
      if (part.chunkLeft == 0 && part.moved == part.body.length) {
        waiting.remove();
        finish(part);
        part = waiting.peek();
      }
    }
  }

  /** Writes the header of the next chunk; one without bytes and with more means an abort. */
  private void beginChunk(WaitingPart part) {
    if (part.givenUp) {
      if (!part.begun) {
        number(part);
      }
      buffer.append(ABORT);
      part.moved = part.body.length;
      return;
    }
    int left = part.body.length - part.moved;
    int length = Math.min(left, WireLimits.MAX_CHUNK_BYTES);
    boolean more = part.more || length < left;
    int headerBytes = VarInt.write(chunkHeader, 0, length * 2L + (more ? 1 : 0));
    buffer.append(chunkHeader, 0, headerBytes);
    if (!part.begun && (!part.more || part.body.length == 0)) {
      number(part); // an aborted message has its number too
    }
    part.begun = true;
    part.chunkLeft = length;
  }

  /** Numbers a message as the receiver will: what expired before it was packed does not count. */
  private void number(WaitingPart last) {
    last.number = nextNumber;
    if (last.confirmRequested && last.receipt != null) {
      confirmations.expect(true, channel, nextNumber, last.receipt);
    }
    nextNumber++;
  }

  private void finish(WaitingPart part) {
    if (part.more || part.givenUp) {
      packed.addPart(buffer.end(), part.body.length);
    } else {
      packed.add(buffer.end(), part.body.length, part.receipt);
    }
    settleArrived(); // an empty part may stand behind bytes that all arrived
  }

  /** Bytes arrived: settles the messages that are acknowledged by them. */
  void settleArrived() {
    long arrived = buffer.base();
    long bodyBytes = 0;
    int messages = 0;
    int parts = 0;
    while (!packed.isEmpty() && packed.firstEndOffset() <= arrived) {
      if (packed.firstReceipt() == null) {
        bodyBytes += packed.firstBodyBytes();
        if (packed.isFirstPart()) {
          parts++;
        } else {
          messages++;
        }
        packed.removeFirst();
      } else {
        settleFirst(ReceiptOutcome.ACKNOWLEDGED, true);
      }
    }
    share.onAcknowledged(messages, parts, bodyBytes);
  }

  private void settleFirst(ReceiptOutcome outcome, boolean mayHaveArrived) {
    int bytes = packed.firstBodyBytes();
    Object receipt = packed.firstReceipt();
    packed.removeFirst();
    share.onSettled(bytes, receipt, outcome, mayHaveArrived);
  }

  /** The connection ended: nothing that is left will be sent, nor the stream beyond this offset. */
  void abandon(ReceiptOutcome outcome, long sentOffset) {
    while (!packed.isEmpty()) {
      if (packed.isFirstPart()) {
        share.onGone(packed.firstBodyBytes());
        packed.removeFirst();
      } else {
        settleFirst(outcome, packed.firstEndOffset() <= sentOffset);
      }
    }
    for (WaitingPart part : waiting) {
      if (part.givenUp || part.more) {
        share.onGone(part.body.length);
      } else {
        share.onSettled(part.body.length, part.receipt, outcome, false); // its end did not leave
      }
    }
    if (midMessage) {
      midMessage = false;
      ledger.onUnfinished();
    }
    waiting.clear();
  }
}
