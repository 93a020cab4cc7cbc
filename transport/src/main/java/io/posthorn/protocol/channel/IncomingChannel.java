package io.posthorn.protocol.channel;

import io.posthorn.wire.CloseReason;
import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of one ordered channel. Bytes stay in the stream until the application takes a
 * message; only then is an object made and credit returned, so a flood of tiny messages costs no
 * more than its bytes.
 */
final class IncomingChannel {
  private final ReceiveBudget budget;
  private final ReassemblyBuffer buffer;
  private final ReceiveWindow window;
  private final byte[] header = new byte[8];
  private long finalOffset = -1;
  private long scanOffset;
  private long messageStart;
  private long messageBytes;
  private long completeEnd;
  private long nextNumber;
  private boolean midStream;
  private int headerBytes;

  // What is left of the chunk at the base of the stream if its beginning was handed over already.
  private long headlessBytes;
  private boolean headlessMore;

  IncomingChannel(int channel, ReceiveBudget budget, ReceiveMemory memory) {
    this.buffer = new ReassemblyBuffer(memory);
    this.budget = budget;
    this.window = new ReceiveWindow(channel, budget, buffer);
  }

  /** Answers the breach that it would be to send this data, or null. */
  @Nullable CloseReason check(long offset, int length) {
    long end = offset + length;
    if (end > window.granted()) {
      return CloseReason.FLOW_CONTROL;
    }
    if (finalOffset >= 0 && end > finalOffset) {
      return CloseReason.FINAL_SIZE;
    }
    return null;
  }

  /** Whether this data leaves a gap before it, so that it only waits in memory. */
  boolean isAhead(long offset) {
    return offset > buffer.contiguousEnd();
  }

  /** Whether the socket's memory has room for this data. */
  boolean mayStore(long offset) {
    return buffer.mayStore(isAhead(offset), hasMessage() || hasPart());
  }

  /** Gives the memory up. */
  void release() {
    buffer.release();
  }

  /** Stores checked data; false if it would leave too many gaps. */
  boolean store(long offset, byte[] bytes, int from, int length) {
    return buffer.insert(offset, bytes, from, length);
  }

  /** The channel ends here. */
  @Nullable CloseReason onFin(long offset) {
    if ((finalOffset >= 0 && finalOffset != offset) || offset < buffer.highestEnd()) {
      return CloseReason.FINAL_SIZE;
    }
    finalOffset = offset;
    return null;
  }

  /** Looks at the chunks that became whole. */
  @Nullable CloseReason scan() {
    while (true) {
      long available = buffer.contiguousEnd() - scanOffset;
      if (available < 1) {
        return null;
      }
      if (headlessBytes > 0 && scanOffset == buffer.base()) {
        if (available < headlessBytes) {
          return null;
        }
        scanOffset += headlessBytes;
        if (!headlessMore) {
          completeEnd = scanOffset;
          messageStart = scanOffset;
          messageBytes = 0;
        }
        continue;
      }
      long value = readHeader(scanOffset, available);
      if (value < 0) {
        return null;
      }
      long length = value >>> 1;
      boolean more = (value & 1) != 0;
      if (length > WireLimits.MAX_CHUNK_BYTES) {
        return CloseReason.PROTOCOL_VIOLATION;
      }
      if (!budget.isStreaming()
          && (messageBytes + length > budget.maxWholeMessageBytes()
              || scanOffset + headerBytes + length - messageStart > budget.rawLimitBytes())) {
        return CloseReason.MESSAGE_TOO_LARGE;
      }
      if (available < headerBytes + length) {
        return null;
      }
      scanOffset += headerBytes + length;
      messageBytes += length;
      if (!more || length == 0) {
        completeEnd = scanOffset;
        messageStart = scanOffset;
        messageBytes = 0;
      }
    }
  }

  /** Reads the varint at an offset into {@link #headerBytes} and the answer; -1 if it is cut. */
  private long readHeader(long offset, long available) {
    byte first = buffer.at(offset);
    headerBytes = VarInt.lengthOfFirstByte(first);
    if (headerBytes == 1) {
      return first; // its two upper bits are zero
    }
    if (available < headerBytes) {
      return -1;
    }
    if (headerBytes == 2) { // of most messages
      return (first & 0x3fL) << 8 | (buffer.at(offset + 1) & 0xff);
    }
    buffer.copy(offset, headerBytes, header, 0);
    return VarInt.read(header, 0, headerBytes);
  }

  /** Whether {@link #take} may give a message or, when streaming, a first part. */
  boolean hasMessage() {
    return !midStream && (completeEnd > buffer.base() || hasStreamable());
  }

  /** Whether {@link #take} may give a further part. */
  boolean hasPart() {
    return midStream && hasStreamable();
  }

  private boolean hasStreamable() {
    return budget.isStreaming() && (scanOffset > buffer.base() || mustBreakChunk());
  }

  /**
   * Whether the chunk at the base can never be whole, for it is longer than the window: then its
   * beginning is handed over, or sender and receiver would wait for each other for ever.
   */
  private boolean mustBreakChunk() {
    long base = buffer.base();
    long available = buffer.contiguousEnd() - base;
    if (!budget.isStreaming() || scanOffset != base || available < window.bytes() / 2) {
      return false;
    }
    return chunkEnd(available) > window.granted();
  }

  /** Where the unfinished chunk at the base ends; -1 if its header is cut. */
  private long chunkEnd(long available) {
    long base = buffer.base();
    if (headlessBytes > 0) {
      return base + headlessBytes;
    }
    long value = available < 1 ? -1 : readHeader(base, available);
    return value < 0 ? -1 : base + headerBytes + (value >>> 1);
  }

  /** Whether the parts of a message are being taken. */
  boolean isMidStream() {
    return midStream;
  }

  /**
   * Takes the next whole message, or when streaming the next part.
   *
   * @return null if there is none; messages that were aborted are passed over
   */
  IncomingChannels.@Nullable Taken take() {
    while (scanOffset > buffer.base()) {
      long start = buffer.base();
      long end = start;
      long total = 0;
      boolean ended = false;
      boolean aborted = false;
      if (headlessBytes > 0) {
        end += headlessBytes;
        total = headlessBytes;
        ended = !headlessMore;
      }
      while (end < scanOffset && !ended) {
        long value = readHeader(end, Long.MAX_VALUE);
        long length = value >>> 1;
        aborted = value == 1;
        ended = (value & 1) == 0 || aborted;
        end += headerBytes + length;
        total += length;
      }
      if (!ended && !budget.isStreaming()) {
        return null;
      }
      boolean wasMidStream = midStream;
      midStream = !ended;
      if (aborted && !wasMidStream) {
        headlessBytes = 0;
        buffer.consumeTo(end);
        nextNumber++;
        continue;
      }
      byte[] body = aborted ? new byte[0] : copy(start, end, (int) total);
      long number = ended ? nextNumber++ : nextNumber;
      headlessBytes = 0;
      buffer.consumeTo(end);
      return new IncomingChannels.Taken(body, number, !ended, aborted);
    }
    return mustBreakChunk() ? takeBeginning() : null;
  }

  /** Lends whole messages of one chunk each at the front; false if there is none. */
  boolean lend(ReceivedRun run, int number) {
    run.begin(number, buffer.ring());
    if (midStream || headlessBytes > 0) {
      return false;
    }
    long offset = buffer.base();
    while (offset < completeEnd && !run.isFull()) {
      long value = readHeader(offset, Long.MAX_VALUE);
      if ((value & 1) != 0) { // of several chunks, or given up
        long end = run.count() == 0 ? lendJoined(run, offset) : offset;
        offset = Math.max(offset, end);
        break;
      }
      int length = (int) (value >>> 1);
      run.add(offset + headerBytes, length);
      offset += headerBytes + length;
    }
    run.end(offset);
    buffer.lend(run.count() > 0);
    return run.count() > 0;
  }

  /**
   * Lends one message of several chunks, put together; answers its end, or -1 if it was given up.
   */
  private long lendJoined(ReceivedRun run, long start) {
    long end = start;
    int total = 0;
    boolean more = true;
    while (more) {
      long value = readHeader(end, Long.MAX_VALUE);
      if (value == 1) {
        return -1;
      }
      more = (value & 1) != 0;
      total += (int) (value >>> 1);
      end += headerBytes + (value >>> 1);
    }
    byte[] into = run.addJoined(total);
    int at = 0;
    for (long offset = start; offset < end; ) {
      int length = (int) (readHeader(offset, Long.MAX_VALUE) >>> 1);
      buffer.copy(offset + headerBytes, length, into, at);
      at += length;
      offset += headerBytes + length;
    }
    return end;
  }

  /** The application is done with the messages that were lent. */
  void endRun(ReceivedRun run) {
    nextNumber += run.count();
    buffer.lend(false);
    buffer.consumeTo(run.endOffset());
  }

  /** Takes what is there of the chunk at the base. */
  private IncomingChannels.Taken takeBeginning() {
    long from = buffer.base();
    if (headlessBytes == 0) {
      long value = readHeader(from, Long.MAX_VALUE);
      headlessBytes = value >>> 1;
      headlessMore = (value & 1) != 0;
      from += headerBytes;
    }
    int length = (int) (buffer.contiguousEnd() - from);
    byte[] body = new byte[length];
    buffer.copy(from, length, body, 0);
    headlessBytes -= length;
    buffer.consumeTo(from + length);
    scanOffset = buffer.base();
    midStream = true;
    return new IncomingChannels.Taken(body, nextNumber, true, false);
  }

  private byte[] copy(long start, long end, int total) {
    byte[] body = new byte[total];
    int at = 0;
    long first = start;
    if (headlessBytes > 0) {
      at = (int) headlessBytes;
      buffer.copy(start, at, body, 0);
      first += headlessBytes;
    }
    for (long offset = first; offset < end; ) {
      long length = readHeader(offset, Long.MAX_VALUE) >>> 1;
      buffer.copy(offset + headerBytes, (int) length, body, at);
      at += (int) length;
      offset += headerBytes + length;
    }
    return body;
  }

  /** Up to here the application has taken the stream. */
  long takenTo() {
    return buffer.base();
  }

  /** Up to here the application can take what has arrived. */
  private long takeableEnd() {
    return budget.isStreaming() ? scanOffset : completeEnd;
  }

  /** Whether the peer has begun something here that it has not finished. */
  boolean expectsMore() {
    return buffer.hasGaps() || buffer.contiguousEnd() > completeEnd;
  }

  /** Whether the application has taken all that it can of what has arrived. */
  private boolean isAllTaken() {
    return takeableEnd() <= buffer.base();
  }

  /** How far the sender may go. */
  ReceiveWindow window() {
    return window;
  }

  /** Whether the message (chunk, when streaming) at the front cannot end without more credit. */
  boolean outgrowsWindow() {
    return window.isMessageStuck(isAllTaken());
  }

  /** Whether {@link #grantDue} may answer a limit. */
  boolean wantsGrant() {
    return window.wantsGrant(isAllTaken());
  }

  /** The limit to announce now, or -1; see {@link ReceiveWindow#grantDue}. */
  long grantDue() {
    return window.grantDue(isAllTaken());
  }

  /** Bytes of heap held by the stream. */
  int memoryBytes() {
    return buffer.memoryBytes();
  }
}
