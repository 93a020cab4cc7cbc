package io.posthorn.simulation;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a bad link: datagrams go in, and come out late, twice, damaged or not at all.
 *
 * <p>It knows no clock and no thread: the caller says what time it is, in nanoseconds of any origin
 * and never going back, so that it serves a simulator as well as a relay on real sockets. Whoever
 * uses it from several threads brings the lock.
 *
 * <p>The fate of the n-th datagram offered depends on (seed, direction, n) and the conditions
 * alone. Only what depends on time by nature does so: outages and the queue before a limited rate.
 *
 * <p>The way through: outage, loss, MTU, queue and rate, then the delay. With a rate the link keeps
 * the order of its queue whatever the jitter, as netem does; without one, jitter reorders.
 *
 * @param <M> what the caller wants back with each datagram, such as its addresses
 */
public final class SimulatedLink<M> {
  /** Datagrams that a link holds at most; those beyond count as dropped by the queue. */
  public static final int MAX_HELD_DATAGRAMS = 65_536;

  /** Bytes that a link holds at most, 64 MiB; what comes beyond counts as dropped by the queue. */
  public static final int MAX_HELD_BYTES = 64 << 20;

  /** Bytes of IPv4 and UDP headers. */
  public static final int IPV4_UDP_BYTES = 28;

  /** Bytes of IPv6 and UDP headers. */
  public static final int IPV6_UDP_BYTES = 48;

  /** {@link #nextDeliveryNanos()} of a link that holds nothing. */
  public static final long NEVER = Long.MAX_VALUE;

  private final LinkFate fate;
  private final int headerBytes;
  private final DatagramPool pool;
  private LinkConditions conditions;
  private long conditionsSinceNanos;
  private boolean cut;
  private long latestNanos = Long.MIN_VALUE;

  // What is held: slots, and a binary heap of them by (due time, sequence).
  private @Nullable ByteBuffer[] contents = new ByteBuffer[16];
  private Object[] metas = new Object[16];
  private long[] numbers = new long[16];
  private boolean[] copies = new boolean[16];
  private int[] freeSlots = new int[16];
  private int freeCount;
  private long[] heapDue = new long[16];
  private long[] heapSequence = new long[16];
  private int[] heapSlot = new int[16];
  private int held;
  private long heldBytes;
  private long sequence;

  // The queue before the rate: when the wire is free again, and when each waiting one gets it.
  private long wireFreeNanos = Long.MIN_VALUE;
  private long lastDueNanos = Long.MIN_VALUE;
  private long[] waitingUntil = new long[16];
  private int waitingHead;
  private int waiting;

  private @Nullable ByteBuffer polled;
  private @Nullable Object polledMeta;
  private long polledNumber;
  private boolean polledCopy;
  private boolean polledOnce;
  private long newestDelivered;

  private boolean lastDuplicated;
  private boolean lastCorrupted;
  private boolean lastReordered;

  private long lost;
  private long duplicated;
  private long reordered;
  private long corrupted;
  private long queueDropped;
  private long outageDropped;
  private long mtuDropped;
  private long delivered;
  private long deliveredBytes;

  /**
   * A link of UDP payloads or of whole IP datagrams.
   *
   * @param seed decides every fate, together with the direction
   * @param direction 0 and 1 for the two ways of one link; any other number is a way of its own
   * @param headerBytes what rate, queue and MTU count beyond the bytes offered: {@link
   *     #IPV4_UDP_BYTES} or {@link #IPV6_UDP_BYTES} for UDP payloads, 0 for IP datagrams
   * @param nowNanos when the conditions take effect: outages count from here
   */
  public SimulatedLink(
      LinkConditions conditions, long seed, int direction, int headerBytes, long nowNanos) {
    this(conditions, seed, direction, headerBytes, nowNanos, new DatagramPool(false));
  }

  SimulatedLink(
      LinkConditions conditions,
      long seed,
      int direction,
      int headerBytes,
      long nowNanos,
      DatagramPool pool) {
    this.conditions = conditions;
    this.fate = new LinkFate(seed, direction);
    this.headerBytes = headerBytes;
    this.conditionsSinceNanos = nowNanos;
    this.pool = pool;
    fillFreeSlots(0);
  }

  /** The conditions in force. */
  public LinkConditions conditions() {
    return conditions;
  }

  /** When they took effect. */
  public long conditionsSinceNanos() {
    return conditionsSinceNanos;
  }

  /** From now on other conditions; what is under way keeps the time at which it is due. */
  public void conditions(LinkConditions conditions, long nowNanos) {
    this.conditions = conditions;
    this.conditionsSinceNanos = nowNanos;
  }

  /** Cuts the link, as an outage without end, or mends it. */
  public void cut(boolean cut) {
    this.cut = cut;
  }

  /**
   * Hands the next datagram to the link, which copies it; position and limit stay as they are.
   *
   * @param datagram at most 65,535 bytes remain
   * @return {@link DatagramFate#PASSED}, or why it will not arrive
   * @throws IllegalArgumentException if time goes back or the datagram is too long
   */
  public DatagramFate offer(ByteBuffer datagram, M meta, long nowNanos) {
    return offer(datagram, meta, nowNanos, Interception.DELIVER);
  }

  DatagramFate offer(ByteBuffer datagram, M meta, long nowNanos, Interception wish) {
    if (nowNanos < latestNanos) {
      throw new IllegalArgumentException("now " + nowNanos + " is before " + latestNanos);
    }
    int length = datagram.remaining();
    if (length > LinkConditions.MTU_UNLIMITED) {
      throw new IllegalArgumentException("a datagram of " + length + " bytes");
    }
    latestNanos = nowNanos;
    fate.next(conditions);
    lastDuplicated = false;
    lastCorrupted = false;
    lastReordered = false;
    if (cut || conditions.isOutage(nowNanos - conditionsSinceNanos)) {
      outageDropped++;
      return DatagramFate.OUTAGE;
    }
    if (fate.lost || wish == Interception.DROP) {
      lost++;
      return DatagramFate.LOST;
    }
    if (length + headerBytes > conditions.mtuBytes()) {
      mtuDropped++;
      return DatagramFate.TOO_LARGE;
    }
    if (!hasRoom(length, nowNanos)) {
      queueDropped++;
      return DatagramFate.QUEUE_FULL;
    }
    boolean damage = length > 0 && (fate.corrupted || wish == Interception.CORRUPT);
    lastReordered = fate.reordered;
    lastCorrupted = damage;
    long dueNanos =
        dueNanos(after(departNanos(length, nowNanos), fate.delayNanos), !fate.reordered);
    enter(datagram, length, meta, after(dueNanos, wish.delayNanos()), false, damage);
    if (damage) {
      corrupted++;
    }
    if (fate.duplicated || wish == Interception.DUPLICATE) {
      offerCopy(datagram, length, meta, nowNanos, damage);
    }
    return DatagramFate.PASSED;
  }

  private void offerCopy(ByteBuffer datagram, int length, M meta, long nowNanos, boolean damage) {
    if (!hasRoom(length, nowNanos)) {
      queueDropped++;
      return;
    }
    duplicated++;
    lastDuplicated = true;
    long copyDelayNanos = conditions.duplicate().delayNanos();
    long arrivalNanos = after(departNanos(length, nowNanos), fate.delayNanos);
    long dueNanos = dueNanos(arrivalNanos, copyDelayNanos == 0 && !fate.reordered);
    enter(datagram, length, meta, after(dueNanos, copyDelayNanos), true, damage);
  }

  /** Whether the last datagram offered will arrive twice. */
  public boolean lastDuplicated() {
    return lastDuplicated;
  }

  /** Whether the last datagram offered will arrive with a bit flipped. */
  public boolean lastCorrupted() {
    return lastCorrupted;
  }

  /** Whether the last datagram offered was taken out of turn. */
  public boolean lastReordered() {
    return lastReordered;
  }

  /** Number of the last datagram offered, from 1; 0 before the first. */
  public long lastNumber() {
    return fate.number();
  }

  private boolean hasRoom(int length, long nowNanos) {
    if (held == MAX_HELD_DATAGRAMS || heldBytes + length > MAX_HELD_BYTES) {
      return false;
    }
    long rate = conditions.rateBitsPerSecond();
    if (rate == 0 || wireFreeNanos <= nowNanos) {
      return true;
    }
    long waitNanos = wireFreeNanos - nowNanos;
    LinkConditions.Queue queue = conditions.queue();
    return switch (queue.unit()) {
      case NANOS -> waitNanos <= queue.limit();
      case BYTES -> (double) waitNanos * rate / 8e9 + length + headerBytes <= queue.limit();
      case PACKETS -> waitingAt(nowNanos) < queue.limit();
    };
  }

  /** Datagrams whose first bit has not left yet. */
  private int waitingAt(long nowNanos) {
    while (waiting > 0 && waitingUntil[waitingHead] <= nowNanos) {
      waitingHead = (waitingHead + 1) & (waitingUntil.length - 1);
      waiting--;
    }
    return waiting;
  }

  /** When the last bit has left: at once without a rate. */
  private long departNanos(int length, long nowNanos) {
    long rate = conditions.rateBitsPerSecond();
    if (rate == 0) {
      return nowNanos;
    }
    long startNanos = Math.max(nowNanos, wireFreeNanos);
    if (startNanos > nowNanos) {
      noteWaiting(startNanos, nowNanos);
    }
    wireFreeNanos = after(startNanos, (length + headerBytes) * 8_000_000_000L / rate);
    return wireFreeNanos;
  }

  private void noteWaiting(long startNanos, long nowNanos) {
    if (waitingAt(nowNanos) == waitingUntil.length) {
      long[] larger = new long[waitingUntil.length * 2];
      for (int i = 0; i < waiting; i++) {
        larger[i] = waitingUntil[(waitingHead + i) & (waitingUntil.length - 1)];
      }
      waitingUntil = larger;
      waitingHead = 0;
    }
    waitingUntil[(waitingHead + waiting) & (waitingUntil.length - 1)] = startNanos;
    waiting++;
  }

  /**
   * A limited rate is a queue that keeps its order, unless the fate took the datagram out of it.
   */
  private long dueNanos(long arrivalNanos, boolean inTurn) {
    if (conditions.rateBitsPerSecond() == 0 || !inTurn) {
      return arrivalNanos;
    }
    lastDueNanos = Math.max(lastDueNanos, arrivalNanos);
    return lastDueNanos;
  }

  private void enter(
      ByteBuffer datagram, int length, M meta, long dueNanos, boolean copy, boolean damage) {
    if (freeCount == 0) {
      grow();
    }
    int slot = freeSlots[--freeCount];
    ByteBuffer content = pool.take(length);
    content.put(0, datagram, datagram.position(), length);
    if (damage) {
      long bit = fate.corruptBit(length * 8L);
      int at = (int) (bit >>> 3);
      content.put(at, (byte) (content.get(at) ^ 1 << (bit & 7)));
    }
    contents[slot] = content;
    metas[slot] = meta;
    numbers[slot] = fate.number();
    copies[slot] = copy;
    heldBytes += length;
    siftUp(held++, dueNanos, sequence++, slot);
  }

  /** When the next datagram comes out; {@link #NEVER} if none is under way. */
  public long nextDeliveryNanos() {
    return held == 0 ? NEVER : heapDue[0];
  }

  /**
   * The next datagram that is due by now, or null: earliest first, and among those due at the same
   * instant the one that was offered first.
   *
   * @return a buffer from position 0 to its limit, whose contents may be changed; it is the
   *     caller's until the next call of {@code poll}
   */
  public @Nullable ByteBuffer poll(long nowNanos) {
    ByteBuffer before = polled;
    if (before != null) {
      pool.give(before);
      polled = null;
      polledMeta = null;
    }
    if (held == 0 || heapDue[0] > nowNanos) {
      return null;
    }
    int slot = heapSlot[0];
    held--;
    if (held > 0) {
      siftDown(heapDue[held], heapSequence[held], heapSlot[held]);
    }
    ByteBuffer content = contents[slot];
    if (content == null) {
      throw new IllegalStateException("slot " + slot + " of the heap is empty");
    }
    contents[slot] = null;
    polled = content;
    polledMeta = metas[slot];
    polledNumber = numbers[slot];
    polledCopy = copies[slot];
    polledOnce = true;
    freeSlots[freeCount++] = slot;
    heldBytes -= content.limit();
    delivered++;
    deliveredBytes += content.limit();
    if (polledNumber < newestDelivered && !polledCopy) {
      reordered++;
    }
    newestDelivered = Math.max(newestDelivered, polledNumber);
    return content;
  }

  /** What was offered along with the datagram that {@link #poll} handed out last. */
  @SuppressWarnings("unchecked") // metas holds only what offer put there, which is of type M
  public M polledMeta() {
    Object meta = polledMeta;
    if (meta == null) {
      throw new IllegalStateException("nothing is polled");
    }
    return (M) meta;
  }

  /** Number of the datagram that {@link #poll} handed out last: the n-th offered has number n. */
  public long polledNumber() {
    if (!polledOnce) {
      throw new IllegalStateException("nothing was polled yet");
    }
    return polledNumber;
  }

  /** Whether that was the second of two copies. */
  public boolean polledCopy() {
    return polledCopy;
  }

  /** Datagrams under way. */
  public int held() {
    return held;
  }

  /** What happened so far. */
  public LinkCounters counters() {
    return new LinkCounters(
        fate.number(),
        lost,
        duplicated,
        reordered,
        corrupted,
        queueDropped,
        outageDropped,
        mtuDropped,
        delivered,
        deliveredBytes);
  }

  private static long after(long nanos, long delayNanos) {
    return nanos > 0 && delayNanos >= NEVER - nanos ? NEVER - 1 : nanos + delayNanos;
  }

  private void grow() {
    int before = contents.length;
    int size = before * 2;
    contents = Arrays.copyOf(contents, size);
    metas = Arrays.copyOf(metas, size);
    numbers = Arrays.copyOf(numbers, size);
    copies = Arrays.copyOf(copies, size);
    heapDue = Arrays.copyOf(heapDue, size);
    heapSequence = Arrays.copyOf(heapSequence, size);
    heapSlot = Arrays.copyOf(heapSlot, size);
    freeSlots = new int[size];
    fillFreeSlots(before);
  }

  private void fillFreeSlots(int from) {
    freeCount = 0;
    for (int slot = contents.length - 1; slot >= from; slot--) {
      freeSlots[freeCount++] = slot;
    }
  }

  private void siftUp(int at, long due, long sequenceNumber, int slot) {
    while (at > 0) {
      int parent = (at - 1) >> 1;
      if (!isBefore(due, sequenceNumber, parent)) {
        break;
      }
      move(parent, at);
      at = parent;
    }
    place(at, due, sequenceNumber, slot);
  }

  private void siftDown(long due, long sequenceNumber, int slot) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= held) {
        break;
      }
      if (child + 1 < held && isBefore(heapDue[child + 1], heapSequence[child + 1], child)) {
        child++;
      }
      if (isBefore(due, sequenceNumber, child)) {
        break;
      }
      move(child, at);
      at = child;
    }
    place(at, due, sequenceNumber, slot);
  }

  private boolean isBefore(long due, long sequenceNumber, int other) {
    return due < heapDue[other] || (due == heapDue[other] && sequenceNumber < heapSequence[other]);
  }

  private void move(int from, int to) {
    place(to, heapDue[from], heapSequence[from], heapSlot[from]);
  }

  private void place(int at, long due, long sequenceNumber, int slot) {
    heapDue[at] = due;
    heapSequence[at] = sequenceNumber;
    heapSlot[at] = slot;
  }
}
