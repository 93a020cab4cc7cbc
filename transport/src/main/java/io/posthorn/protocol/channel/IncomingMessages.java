package io.posthorn.protocol.channel;

import io.posthorn.wire.CloseReason;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of unordered messages: put together by id, handed over once each, in the order
 * in which they become whole. A message reserves its whole length of the pool before its first
 * byte.
 */
final class IncomingMessages {
  /** Ids that may be begun beyond those that the application took; more as they are used up. */
  static final long ID_WINDOW = 1024;

  /** What an id of a message beyond these is charged, however short the message. */
  private static final long ID_BYTES = 256;

  /** What a message of which parts are missing takes beside its bytes. */
  private static final long PARTIAL_BYTES = 288;

  /** The same of one that the application has not taken. */
  private static final long READY_BYTES = 64;

  /** And of a key, but for the first few. */
  private static final long KEY_BYTES = 96;

  private static final int FREE_KEYS = 64;

  /** Keys that are remembered however long they had no message. */
  private static final int KEYS = 1024;

  /** Keys that are remembered at most. */
  static final int MOST_KEYS = 2 * KEYS;

  /** Gaps kept over all messages; a part that would add one more is not acknowledged. */
  static final int MAX_GAPS = 4096;

  private static final int INITIAL_BYTES = 2048;

  /** A message of which parts are missing. */
  private static final class Partial {
    final long total;
    final OffsetRanges arrived = new OffsetRanges();
    byte[] body;

    Partial(long total) {
      this.total = total;
      this.body = new byte[(int) Math.min(total, INITIAL_BYTES)];
    }

    long memoryBytes() {
      return PARTIAL_BYTES + body.length + arrived.memoryBytes();
    }
  }

  private final ReceiveBudget budget;
  private final ReceiveMemory memory;
  private final long poolBytes;
  private final Map<Long, Partial> partial = new HashMap<>();
  private final OffsetRanges finished = new OffsetRanges();
  private final ArrayDeque<UnorderedMessages.Ready> ready = new ArrayDeque<>(1);

  /** From the key that had no message for the longest time to the one that had the last. */
  private final Map<Long, Long> newestOfKey = new LinkedHashMap<>(16, 0.75f, true);

  private long idWindow = ID_WINDOW;
  private long grantedMessages = ID_WINDOW;
  private long measuredSinceNanos = -1;
  private long measuredFrom;
  private long grantedBytes;
  private long begunBytes;
  private long consumedMessages;
  private long consumedBytes;
  private long chargedBytes;
  private int gaps;
  private long rangesLookedAt;
  private boolean tooManyGaps;
  private boolean memoryFull;
  private boolean senderBlocked;

  IncomingMessages(ReceiveBudget budget) {
    this.budget = budget;
    this.memory = budget.memory();
    this.poolBytes = budget.messagePoolBytes();
    this.grantedBytes = budget.longestMessageBytes();
  }

  /** A part arrived. {@link #leftTooManyGaps} tells whether it was refused for its gaps. */
  @Nullable CloseReason onPart(
      long id, int channel, long key, long total, long offset, byte[] bytes, int from, int length) {
    tooManyGaps = false;
    memoryFull = false;
    if (id >= grantedMessages) {
      return CloseReason.LIMIT;
    }
    if (finished.contains(id, id + 1)) {
      return null;
    }
    tune();
    memoryFull = !memory.mayStore(this, id != lowestUnfinished(), hasMessage());
    if (memoryFull) {
      return null;
    }
    Partial part = partial.get(id);
    if (part == null) {
      if (begunBytes + total > grantedBytes) {
        return CloseReason.FLOW_CONTROL;
      }
      begunBytes += total;
      if (length == total) {
        finish(id, channel, key, Arrays.copyOfRange(bytes, from, from + length));
        return null;
      }
      part = new Partial(total);
      memory.add(part.memoryBytes());
      partial.put(id, part);
    } else if (part.total != total) {
      return CloseReason.FINAL_SIZE;
    }
    if (gaps >= MAX_GAPS
        && !part.arrived.isEmpty()
        && part.arrived.wouldSplit(offset, offset + length)) {
      tooManyGaps = true;
      return null;
    }
    gaps -= gapsOf(part);
    memory.add(-part.memoryBytes());
    store(part, (int) offset, bytes, from, length);
    memory.add(part.memoryBytes());
    gaps += gapsOf(part);
    if (part.arrived.contains(0, total)) {
      partial.remove(id);
      memory.add(-part.memoryBytes());
      finish(id, channel, key, part.body);
    }
    return null;
  }

  /** Gaps between what arrived; what is missing before and after costs no memory. */
  private static int gapsOf(Partial part) {
    return Math.max(0, part.arrived.count() - 1);
  }

  /** Stores what is not there yet: first arrival wins. */
  private void store(Partial part, int offset, byte[] bytes, int from, int length) {
    int end = offset + length;
    if (end > part.body.length) {
      long capacity = Math.min(part.total, Math.max(end, part.body.length * 2L));
      part.body = Arrays.copyOf(part.body, (int) capacity);
    }
    int at = offset;
    int first = part.arrived.firstEndingFrom(offset + 1); // not by way of all gaps before it
    for (int i = first; i < part.arrived.count() && at < end; i++) {
      rangesLookedAt++;
      int start = (int) Math.min(end, part.arrived.start(i));
      if (start > at) {
        System.arraycopy(bytes, from + at - offset, part.body, at, start - at);
      }
      at = (int) Math.max(at, part.arrived.end(i));
    }
    if (at < end) {
      System.arraycopy(bytes, from + at - offset, part.body, at, end - at);
    }
    part.arrived.add(offset, end);
  }

  private void finish(long id, int channel, long key, byte[] body) {
    finished.add(id, id + 1);
    boolean superseded = key >= 0 && !isNewestOfKey(id, key);
    charge();
    if (superseded) {
      consume(body.length);
      return;
    }
    memory.add(READY_BYTES + body.length);
    ready.add(new UnorderedMessages.Ready(id, channel, key, body));
  }

  /** Charges what is held of ids and keys, in place of what was held before. */
  private void charge() {
    long keys = Math.max(0, newestOfKey.size() - FREE_KEYS);
    long held = finished.memoryBytes() + keys * KEY_BYTES;
    memory.add(held - chargedBytes);
    chargedBytes = held;
  }

  /** Also drops an older message with the key that the application has not taken. */
  private boolean isNewestOfKey(long id, long key) {
    Long newest = newestOfKey.get(key);
    if (newest != null && newest > id) {
      return false;
    }
    newestOfKey.put(key, id);
    if (newest != null) {
      for (var each = ready.iterator(); each.hasNext(); ) {
        UnorderedMessages.Ready older = each.next();
        if (older.id() == newest) {
          each.remove();
          memory.add(-READY_BYTES - older.body().length);
          consume(older.body().length);
          break;
        }
      }
    }
    if (newestOfKey.size() > MOST_KEYS) {
      forgetKeys();
    }
    return true;
  }

  /** Makes room for as many keys as are held for sure, so it is not asked for with each message. */
  private void forgetKeys() {
    // Below the first gap no older message can come any more, so its keys need no memory.
    long floor = lowestUnfinished();
    newestOfKey.values().removeIf(of -> of < floor);
    Iterator<Long> oldest = newestOfKey.keySet().iterator();
    while (newestOfKey.size() > KEYS) {
      oldest.next();
      oldest.remove();
    }
  }

  private void consume(long bytes) {
    consumedMessages++;
    consumedBytes += bytes;
  }

  /** The sender gave a message up. */
  @Nullable CloseReason onAbort(long id, long total) {
    if (id >= grantedMessages) {
      return CloseReason.LIMIT;
    }
    if (finished.contains(id, id + 1)) {
      return null;
    }
    Partial part = partial.get(id);
    if (part != null && part.total != total) {
      return CloseReason.FINAL_SIZE;
    }
    if (part == null) {
      if (begunBytes + total > grantedBytes) {
        return CloseReason.FLOW_CONTROL;
      }
      begunBytes += total;
    } else {
      partial.remove(id);
      gaps -= gapsOf(part);
      memory.add(-part.memoryBytes());
    }
    finished.add(id, id + 1);
    charge();
    consume(total);
    return null;
  }

  /** Keys of which the newest message is remembered. */
  int keyCount() {
    return newestOfKey.size();
  }

  /** The first id of which not everything came: what all later ones may wait for. */
  private long lowestUnfinished() {
    return !finished.isEmpty() && finished.start(0) == 0 ? finished.end(0) : 0;
  }

  /** Whether the part given last was not stored, since the socket's memory is full. */
  boolean wasMemoryFull() {
    return memoryFull;
  }

  /** How often a range that had arrived was looked at to store what lies between. */
  long rangesLookedAt() {
    return rangesLookedAt;
  }

  /** Bytes of heap held by messages of which parts are missing. */
  long partialMemoryBytes() {
    long bytes = 0;
    for (Partial part : partial.values()) {
      bytes += part.memoryBytes();
    }
    return bytes;
  }

  /** Gives the memory up; nothing may come any more. */
  void release() {
    memory.onTaken(this);
    for (Partial part : partial.values()) {
      memory.add(-part.memoryBytes());
    }
    for (UnorderedMessages.Ready message : ready) {
      memory.add(-READY_BYTES - message.body().length);
    }
    partial.clear();
    ready.clear();
    finished.clear();
    newestOfKey.clear();
    charge();
  }

  boolean leftTooManyGaps() {
    return tooManyGaps;
  }

  boolean hasMessage() {
    return !ready.isEmpty();
  }

  boolean expectsMore() {
    return !partial.isEmpty() || !lacksNone();
  }

  /** Whether all messages before the last that came are finished. */
  private boolean lacksNone() {
    return finished.isEmpty() || (finished.count() == 1 && finished.start(0) == 0);
  }

  UnorderedMessages.@Nullable Ready take() {
    UnorderedMessages.Ready message = ready.poll();
    if (message != null) {
      memory.onTaken(this);
      memory.add(-READY_BYTES - message.body().length);
      consume(message.body().length);
      if (newestOfKey.size() > FREE_KEYS && ready.isEmpty() && lacksNone()) {
        newestOfKey.clear(); // of none can an older message come any more
        charge();
      }
    }
    return message;
  }

  /** The sender stands at a limit: whatever is free is worth saying, be it little. */
  void onSenderBlocked() {
    senderBlocked = true;
  }

  boolean wantsGrant() {
    return (senderBlocked && (messagesToGrant() > grantedMessages || bytesToGrant() > grantedBytes))
        || messagesToGrant() - grantedMessages >= idWindow / 2
        || bytesToGrant() - grantedBytes >= poolBytes / 2
        || (holdsNothing() && grantedBytes - consumedBytes < budget.longestMessageBytes());
  }

  /** Then a sender may wait, and say and send nothing, for credit for the longest message. */
  private boolean holdsNothing() {
    return partial.isEmpty() && ready.isEmpty();
  }

  /**
   * Tunes the number of ids to twice of what the application takes in a round trip, as far as the
   * budget reaches: short messages are held by it, not by their bytes. What is more than twice of
   * that is given back, as far as it was not promised: few rates are even.
   */
  private void tune() {
    long rttNanos = budget.smoothedRttNanos();
    if (measuredSinceNanos < 0) {
      measuredSinceNanos = budget.nowNanos();
      measuredFrom = consumedMessages;
      return;
    }
    long passedNanos = budget.nowNanos() - measuredSinceNanos;
    if (rttNanos == 0 || passedNanos < rttNanos) {
      return;
    }
    long wanted = (long) (2.0 * (consumedMessages - measuredFrom) * rttNanos / passedNanos);
    if (wanted > idWindow) {
      long held = (idWindow - ID_WINDOW) * ID_BYTES;
      long taken = budget.widen(held, (wanted - idWindow) * ID_BYTES);
      budget.giveBack(taken % ID_BYTES);
      idWindow += taken / ID_BYTES;
    } else {
      narrow(2 * wanted);
    }
    measuredSinceNanos = budget.nowNanos();
    measuredFrom = consumedMessages;
  }

  private void narrow(long messages) {
    long promised = grantedMessages - consumedMessages;
    long narrowed = Math.max(Math.max(messages, ID_WINDOW), promised);
    if (narrowed < idWindow) {
      budget.giveBack((idWindow - narrowed) * ID_BYTES);
      idWindow = narrowed;
    }
  }

  long messagesToGrant() {
    // Each id that is left out takes from this for good, so no more than a window of them can be.
    return consumedMessages + idWindow;
  }

  long bytesToGrant() {
    return consumedBytes + poolBytes;
  }

  void onGranted(long messages, long bytes) {
    if (messages > grantedMessages || bytes > grantedBytes) {
      senderBlocked = false; // a repetition gives nothing, and the sender does not complain again
    }
    grantedMessages = Math.max(grantedMessages, messages);
    grantedBytes = Math.max(grantedBytes, bytes);
  }

  long grantedMessages() {
    return grantedMessages;
  }

  long grantedBytes() {
    return grantedBytes;
  }
}
