package io.posthorn.protocol.channel;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The sending half of one ordered channel: messages become chunks of one byte stream (PROTOCOL.md
 * §5.4).
 *
 * <p>A message gets its stream offset when it is first packed; until then it may expire. What was
 * packed is always delivered.
 */
final class OutgoingChannel {
  private static final long NEVER = Long.MAX_VALUE;

  private static final long EXPIRY_STEP_NANOS = 1_000_000L;
  private static final byte ABORT = 1;
  private static final byte[] NOTHING = new byte[0];

  /** What a frame takes beside its data, at most in the streams of thin flows. */
  private static final int FRAME_BYTES = 12;

  /** One message, or one part of a streamed message. */
  private static final class Part {
    final byte[] body;
    final boolean more;
    final boolean streamed;
    final long expiresAtNanos;
    final boolean confirmRequested;
    @Nullable Object receipt;
    boolean givenUp;
    long number = -1;
    int moved;
    int chunkLeft;
    boolean begun;

    Part(
        byte[] body,
        boolean more,
        boolean streamed,
        long expiresAtNanos,
        boolean confirmRequested,
        @Nullable Object receipt) {
      this.body = body;
      this.more = more;
      this.streamed = streamed;
      this.expiresAtNanos = expiresAtNanos;
      this.confirmRequested = confirmRequested;
      this.receipt = receipt;
    }
  }

  private final int channel;
  private final SendLedger ledger;
  private final SendShare share;
  private final Confirmations confirmations;
  private final SendBuffer buffer;
  private final OffsetRanges lost = new OffsetRanges();
  private final OffsetRanges justLost = new OffsetRanges();
  private final RecentWrites recent = new RecentWrites();
  private final RepeatedRanges repeated = new RepeatedRanges();
  private final ArrayDeque<Part> waiting = new ArrayDeque<>(1);
  private final PackedMessages packed;
  private final byte[] chunkHeader = new byte[8];
  private long sentOffset;
  private long creditOffset;
  private long blockedToldAt = -1;
  private boolean midMessage;
  private long midMessageBytes;
  private long nextNumber;
  private long earliestExpiryNanos = NEVER;

  OutgoingChannel(
      int channel,
      long creditOffset,
      SendLedger ledger,
      Confirmations confirmations,
      RingPool rings) {
    this.channel = channel;
    this.buffer = new SendBuffer(rings);
    this.packed = new PackedMessages(rings);
    this.creditOffset = creditOffset;
    this.ledger = ledger;
    this.share = ledger.ofChannel(channel);
    this.confirmations = confirmations;
  }

  /** Bytes of the streamed message under way, or 0. */
  long midMessageBytes() {
    return midMessageBytes;
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
    waiting.add(new Part(body, more, streamed, expiry, confirmRequested, more ? null : receipt));
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
    if (!isAnyRevocable()) {
      fill(Integer.MAX_VALUE); // nothing that waits gains by waiting
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
        waiting.add(new Part(body, false, false, NEVER, false, null));
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
   * @return BLOCKED if there is no room; CLOSED if it must go the usual way, for what stands before
   *     it is not in the stream yet and may expire, or is not whole
   */
  SendOutcome addBody(ByteBuffer body) {
    int length = body.remaining();
    if (midMessage || (!waiting.isEmpty() && earliestExpiryNanos != NEVER)) {
      return SendOutcome.CLOSED;
    }
    if (!share.hasRoomInStream(length)) {
      return SendOutcome.BLOCKED;
    }
    fill(Integer.MAX_VALUE); // nothing that waits gains by waiting
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

  /** Whether a waiting message may yet expire or be cancelled, which in the stream it could not. */
  private boolean isAnyRevocable() {
    if (earliestExpiryNanos != NEVER) {
      return true;
    }
    for (Part part : waiting) {
      if (part.receipt != null) {
        return true;
      }
    }
    return false;
  }

  /** Whether there is something to send that credit allows, or a limit to complain of. */
  boolean canSend() {
    return !lost.isEmpty()
        || ((buffer.end() > sentOffset || !waiting.isEmpty())
            && (sentOffset < creditOffset || blockedToldAt != creditOffset));
  }

  /** Whether the peer's credit is what holds this channel back. */
  boolean isBlocked() {
    return lost.isEmpty()
        && (buffer.end() > sentOffset || !waiting.isEmpty())
        && sentOffset >= creditOffset;
  }

  /** Whether nothing waits and all is acknowledged. */
  boolean isDrained() {
    return waiting.isEmpty() && buffer.base() == buffer.end();
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
    for (Iterator<Part> each = waiting.iterator(); each.hasNext(); ) {
      Part part = each.next();
      if (part.expiresAtNanos > nowNanos) {
        earliest = Math.min(earliest, part.expiresAtNanos);
      } else if (!part.begun) {
        each.remove();
        share.onSettled(part.body.length, part.receipt, ReceiptOutcome.EXPIRED, false);
      } else {
        cut(part, ReceiptOutcome.EXPIRED);
      }
    }
    // Not more often than each millisecond: the queue may be long, and each message has its time.
    earliestExpiryNanos = Math.max(earliest, nowNanos + EXPIRY_STEP_NANOS);
  }

  /** Gives up a message that is not wholly in the stream. Returns whether this was so. */
  boolean cancel(Object receipt) {
    for (Iterator<Part> each = waiting.iterator(); each.hasNext(); ) {
      Part part = each.next();
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
  private boolean cut(Part part, ReceiptOutcome outcome) {
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

  /** Raises the credit. */
  void onCredit(long maxOffset) {
    creditOffset = Math.max(creditOffset, maxOffset);
  }

  /**
   * Writes lost data, then new data.
   *
   * @param back how many packets ago that was carried first which new data may bring along
   */
  void writeFrames(PacketBuilder out, int back, long nowNanos) {
    FrameWriter frames = out.frames();
    while (!lost.isEmpty()) {
      long from = lost.start(0);
      int wanted = (int) Math.min(lost.end(0) - from, frames.remaining());
      int fits = write(out, frames, from, wanted, false);
      if (fits == 0) {
        return;
      }
      lost.remove(from, from + fits);
      recent.add(from, from + fits, true, out.packet());
      ledger.onRetransmitted(fits);
    }
    repeat(out, true, out.repeatsBack());
    expire(nowNanos);
    int wanted = (int) Math.min(creditOffset - sentOffset, frames.remaining());
    if (wanted > 0) {
      fill(wanted);
      writeNew((int) Math.min(buffer.end() - sentOffset, wanted), out, frames, back);
    }
    if (isBlocked()
        && blockedToldAt != creditOffset
        && frames.channelBlocked(channel, creditOffset)) {
      blockedToldAt = creditOffset;
      out.carries(creditOffset, OutgoingChannels.blockedNote(channel));
    }
  }

  /** Writes new data, and in the same frame what stands before it and is to be repeated. */
  private void writeNew(int wanted, PacketBuilder out, FrameWriter frames, int back) {
    if (wanted == 0) {
      return;
    }
    int spare = out.repeatableBytes() - wanted - FRAME_BYTES;
    long from = recent.startTouching(sentOffset, buffer.base(), spare, out, back);
    int again = (int) (sentOffset - from);
    int fits = write(out, frames, from, again + wanted, again > 0);
    if (fits > again) {
      recent.add(sentOffset, from + fits, false, out.packet());
      share.onFirstSent(from + fits - sentOffset);
      sentOffset = from + fits;
    }
    ledger.onRepeated(again);
  }

  /**
   * Writes once more what recent packets carried, as far as this one wants and may.
   *
   * @param back how many packets ago they carried it first, at most
   */
  void repeat(PacketBuilder out, int back) {
    repeat(out, true, back);
    repeat(out, false, back);
  }

  /** Whether neither this packet nor a later one repeats anything that was written so far. */
  boolean isRepeatOver(PacketBuilder out) {
    return recent.areOver(out);
  }

  private void repeat(PacketBuilder out, boolean resent, int back) {
    for (int at = recent.next(out, resent, back); at >= 0; at = recent.next(out, resent, back)) {
      recent.onCarried(at, out);
      long from = Math.max(recent.from(at), buffer.base());
      long length = recent.to(at) - from;
      if (length <= 0 || length + FRAME_BYTES > out.repeatableBytes()) {
        continue;
      }
      write(out, out.frames(), from, (int) length, true);
      ledger.onRepeated(length);
    }
  }

  private int write(
      PacketBuilder out, FrameWriter frames, long offset, int wanted, boolean repeats) {
    int fits = frames.beginChannelData(channel, offset, wanted);
    if (fits > 0) {
      buffer.copy(offset, fits, frames.array(), frames.position());
      frames.advance(fits);
      if (repeats) {
        repeated.add(offset, offset + fits);
        out.carries(offset, OutgoingChannels.repeatedNote(channel, fits));
      } else {
        out.carries(offset, OutgoingChannels.dataNote(channel, fits));
      }
    }
    return fits;
  }

  /** Moves waiting messages into the stream until so many new bytes are there. */
  private void fill(int wanted) {
    long before = buffer.end();
    fillStream(wanted);
    share.onStreamed(buffer.end() - before);
  }

  private void fillStream(int wanted) {
    Part part = waiting.peek();
    while (part != null && buffer.end() - sentOffset < wanted) {
      if (part.chunkLeft == 0) {
        beginChunk(part);
      }
      int run = (int) Math.min(part.chunkLeft, wanted - (buffer.end() - sentOffset));
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
  private void beginChunk(Part part) {
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
  private void number(Part last) {
    last.number = nextNumber;
    if (last.confirmRequested && last.receipt != null) {
      confirmations.expect(true, channel, nextNumber, last.receipt);
    }
    nextNumber++;
  }

  private void finish(Part part) {
    if (part.givenUp) {
      // Its receipt has been told already; its bytes count with those of the next message.
      share.onGone(part.body.length);
      return;
    }
    if (part.more) {
      packed.addPart(buffer.end(), part.body.length);
    } else {
      packed.add(buffer.end(), part.body.length, part.receipt);
    }
    settleArrived(); // an empty part may stand behind bytes that all arrived
  }

  /** Bytes arrived. */
  void onAcknowledged(long offset, int length) {
    buffer.acknowledge(offset, length);
    lost.remove(offset, offset + length);
    settleArrived();
  }

  private void settleArrived() {
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
        settleFirst(ReceiptOutcome.ACKNOWLEDGED);
      }
    }
    share.onAcknowledged(messages, parts, bodyBytes);
  }

  private void settleFirst(ReceiptOutcome outcome) {
    int bytes = packed.firstBodyBytes();
    Object receipt = packed.firstReceipt();
    packed.removeFirst();
    share.onSettled(bytes, receipt, outcome, true);
  }

  /** A packet that repeated this has arrived or is lost. */
  void onRepeatSettled(long offset, int length) {
    repeated.settle(offset, offset + length);
  }

  /** Bytes are lost: those that did not arrive otherwise, and are not under way, go again. */
  void onLost(long offset, int length) {
    if (repeated.isEmpty()) {
      sendAgain(offset, length, lost);
      return;
    }
    justLost.clear();
    sendAgain(offset, length, justLost);
    repeated.removeFrom(justLost);
    for (int i = 0; i < justLost.count(); i++) {
      lost.add(justLost.start(i), justLost.end(i));
    }
  }

  /** A probe is to carry these bytes, though they may be under way. */
  void onProbe(long offset, int length) {
    sendAgain(offset, length, lost);
  }

  private void sendAgain(long offset, int length, OffsetRanges to) {
    long from = Math.max(offset, buffer.base());
    to.add(from, offset + length);
    OffsetRanges arrived = buffer.acknowledged();
    for (int i = 0; i < arrived.count(); i++) {
      to.remove(arrived.start(i), arrived.end(i));
    }
  }

  /** The complaint about a limit was lost. */
  void onBlockedLost(long limit) {
    if (blockedToldAt == limit && isBlocked()) {
      blockedToldAt = -1;
    }
  }

  /** The connection ended: nothing that is left will be sent. */
  void abandon(ReceiptOutcome outcome) {
    share.onFirstSent(buffer.end() - sentOffset);
    while (!packed.isEmpty()) {
      if (packed.isFirstPart()) {
        share.onPartLost(packed.firstBodyBytes());
        packed.removeFirst();
      } else {
        settleFirst(outcome);
      }
    }
    for (Part part : waiting) {
      if (part.givenUp) {
        share.onGone(part.body.length);
      } else if (part.more) {
        share.onPartLost(part.body.length);
      } else {
        share.onSettled(part.body.length, part.receipt, outcome, part.begun);
      }
    }
    if (midMessage) {
      midMessage = false;
      ledger.onGivenUp(); // its end will not come
    }
    waiting.clear();
  }

  /** Bytes of heap held by the stream. */
  int memoryBytes() {
    return buffer.memoryBytes();
  }
}
