package io.posthorn.simulation;

import io.posthorn.EcnMark;
import io.posthorn.simulation.LinkConditions.EcnTreatment;
import java.nio.ByteBuffer;
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
 * <p>The way through: outage, loss, MTU, queue and rate with its marks, then the delay. With a rate
 * the link keeps the order of its queue whatever the jitter, as netem does; without one, jitter
 * reorders.
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

  private static final EcnMark[] MANGLED = {
    EcnMark.NOT_ECT, EcnMark.ECT_0, EcnMark.ECT_1, EcnMark.CE
  };

  private final LinkFate fate;
  private final int direction;
  private int headerBytes;
  private LinkConditions conditions;
  private long conditionsSinceNanos;
  private boolean cut;
  private long latestNanos = Long.MIN_VALUE;

  private final HeldDatagrams held;
  private final Bottleneck bottleneck = new Bottleneck();
  private long lastDueNanos = Long.MIN_VALUE;
  private long newestDelivered;

  private boolean lastDuplicated;
  private boolean lastCorrupted;
  private boolean lastReordered;
  private boolean lastMarked;
  private long lastDelayNanos;
  private long lastCopyDelayNanos;
  private long lastCorruptBit;

  private final int flow;
  private long numberBefore;
  private long lost;
  private long duplicated;
  private long reordered;
  private long corrupted;
  private long queueDropped;
  private long outageDropped;
  private long mtuDropped;
  private long delivered;
  private long deliveredBytes;
  private long marked;

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
    this(conditions, seed, direction, headerBytes, nowNanos, new DatagramPool(false), 0);
  }

  SimulatedLink(
      LinkConditions conditions,
      long seed,
      int direction,
      int headerBytes,
      long nowNanos,
      DatagramPool pool,
      int flow) {
    this.conditions = conditions;
    this.direction = direction;
    this.flow = flow;
    this.fate = new LinkFate(seed, direction);
    this.headerBytes = headerBytes;
    this.conditionsSinceNanos = nowNanos;
    this.held = new HeldDatagrams(pool);
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
    this.numberBefore = fate.number();
    if (conditions.rateBitsPerSecond() == 0) {
      bottleneck.clear();
      lastDueNanos = Long.MIN_VALUE; // what is under way has been overtaken
    }
  }

  /** From now on so many bytes count beyond those offered, as when it was made. */
  public void headerBytes(int count) {
    headerBytes = count;
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
    return offer(datagram, meta, EcnMark.NOT_ECT, nowNanos);
  }

  /**
   * Hands the next datagram to the link, as {@link #offer(ByteBuffer, Object, long)} does.
   *
   * @param mark the ECN field of its IP header, which the link may change
   */
  public DatagramFate offer(ByteBuffer datagram, M meta, EcnMark mark, long nowNanos) {
    return offer(datagram, meta, mark, nowNanos, Interception.DELIVER);
  }

  DatagramFate offer(ByteBuffer datagram, M meta, EcnMark mark, long nowNanos, Interception wish) {
    if (nowNanos < latestNanos) {
      throw new IllegalArgumentException("now " + nowNanos + " is before " + latestNanos);
    }
    int length = datagram.remaining();
    if (length > LinkParts.MTU_UNLIMITED) {
      throw new IllegalArgumentException("a datagram of " + length + " bytes");
    }
    latestNanos = nowNanos;
    fate.next(conditions);
    lastDuplicated = false;
    lastCorrupted = false;
    lastReordered = false;
    lastMarked = false;
    lastDelayNanos = LinkRecording.NONE;
    lastCopyDelayNanos = LinkRecording.NONE;
    lastCorruptBit = LinkRecording.NONE;
    LinkRecording recording = conditions.recording();
    if (recording != null && !cut && wish != Interception.DROP) {
      return replay(recording.way(flow, direction), datagram, meta, mark, nowNanos);
    }
    if (cut || conditions.isOutage(nowNanos - conditionsSinceNanos)) {
      outageDropped++;
      return DatagramFate.OUTAGE;
    }
    EcnTreatment treatment = conditions.ecnTreatment();
    boolean capable = isCapable(mark);
    boolean marks = fate.lost && capable && treatment == EcnTreatment.MARK_LOSS;
    if ((fate.lost && !marks)
        || wish == Interception.DROP
        || (capable && treatment == EcnTreatment.DROP)) {
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
    EcnMark out =
        behind(mark, treatment, marks || (capable && bottleneck.marks(conditions, nowNanos)));
    boolean damage = length > 0 && (fate.corrupted || wish == Interception.CORRUPT);
    lastReordered = fate.reordered;
    lastCorrupted = damage;
    long dueNanos = dueNanos(arrivalNanos(length, nowNanos), !fate.reordered);
    dueNanos = after(dueNanos, wish.delayNanos());
    lastDelayNanos = dueNanos - nowNanos;
    lastCorruptBit = damage ? fate.corruptBit(length * 8L) : LinkRecording.NONE;
    enter(datagram, meta, out, dueNanos, false);
    if (damage) {
      corrupted++;
    }
    if (fate.duplicated || wish == Interception.DUPLICATE) {
      offerCopy(datagram, length, meta, out, nowNanos);
    }
    return DatagramFate.PASSED;
  }

  private static boolean isCapable(EcnMark mark) {
    return mark == EcnMark.ECT_0 || mark == EcnMark.ECT_1 || mark == EcnMark.CE;
  }

  /** The field as the link leaves it. */
  private EcnMark behind(EcnMark mark, EcnTreatment treatment, boolean marks) {
    if (marks) {
      lastMarked = true;
      marked++;
      return EcnMark.CE;
    }
    return switch (treatment) {
      case BLEACH -> EcnMark.NOT_ECT;
      case MANGLE -> MANGLED[fate.mark(MANGLED.length)];
      default -> mark;
    };
  }

  /** Does again what a recording says of the datagram of this number. */
  private DatagramFate replay(
      RecordedWay way, ByteBuffer datagram, M meta, EcnMark mark, long nowNanos) {
    long bits = datagram.remaining() * 8L;
    if (way.count() == 0) {
      lastDelayNanos = 0;
      enter(datagram, meta, mark, nowNanos, false);
      return DatagramFate.PASSED;
    }
    int at = way.at(fate.number() - numberBefore);
    DatagramFate recorded = way.fate(at);
    switch (recorded) {
      case LOST -> lost++;
      case OUTAGE -> outageDropped++;
      case TOO_LARGE -> mtuDropped++;
      case QUEUE_FULL -> queueDropped++;
      default -> {
        if (held.count() >= MAX_HELD_DATAGRAMS || held.bytes() + bits / 8 > MAX_HELD_BYTES) {
          queueDropped++;
          return DatagramFate.QUEUE_FULL;
        }
        lastReordered = way.isReordered(at);
        if (way.corruptBit(at) != LinkRecording.NONE && bits > 0) {
          lastCorrupted = true;
          lastCorruptBit = way.corruptBit(at) % bits;
          corrupted++;
        }
        lastDelayNanos = way.delayNanos(at);
        enter(datagram, meta, mark, after(nowNanos, lastDelayNanos), false);
        if (way.copyDelayNanos(at) != LinkRecording.NONE) {
          lastDuplicated = true;
          duplicated++;
          lastCopyDelayNanos = way.copyDelayNanos(at);
          enter(datagram, meta, mark, after(nowNanos, lastCopyDelayNanos), true);
        }
      }
    }
    return recorded;
  }

  private void offerCopy(ByteBuffer datagram, int length, M meta, EcnMark mark, long nowNanos) {
    if (!hasRoom(length, nowNanos)) {
      return; // a copy that finds no room was never made
    }
    duplicated++;
    lastDuplicated = true;
    long copyDelayNanos = conditions.duplicate().delayNanos();
    long arrivalNanos = arrivalNanos(length, nowNanos);
    long dueNanos = dueNanos(arrivalNanos, copyDelayNanos == 0 && !fate.reordered);
    dueNanos = after(dueNanos, copyDelayNanos);
    lastCopyDelayNanos = dueNanos - nowNanos;
    enter(datagram, meta, mark, dueNanos, true);
  }

  /** How long after it was offered the last datagram will arrive; negative if it will not. */
  long lastDelayNanos() {
    return lastDelayNanos;
  }

  /** How long after it was offered the last datagram's copy will arrive; negative without one. */
  long lastCopyDelayNanos() {
    return lastCopyDelayNanos;
  }

  /** Which bit of the last datagram is flipped; negative for none. */
  long lastCorruptBit() {
    return lastCorruptBit;
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

  /** Whether the last datagram offered was given the mark of congestion. */
  public boolean lastMarked() {
    return lastMarked;
  }

  /** Number of the last datagram offered, from 1; 0 before the first. */
  public long lastNumber() {
    return fate.number();
  }

  private boolean hasRoom(int length, long nowNanos) {
    return held.count() < MAX_HELD_DATAGRAMS
        && held.bytes() + length <= MAX_HELD_BYTES
        && bottleneck.hasRoom(conditions, length + headerBytes, nowNanos);
  }

  private long arrivalNanos(int length, long nowNanos) {
    return after(
        bottleneck.departNanos(conditions, length + headerBytes, nowNanos), fate.delayNanos);
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

  private void enter(ByteBuffer datagram, M meta, EcnMark mark, long dueNanos, boolean copy) {
    ByteBuffer content = held.enter(datagram, meta, mark, fate.number(), copy, dueNanos);
    long bit = lastCorruptBit;
    if (bit >= 0) {
      int at = (int) (bit >>> 3);
      content.put(at, (byte) (content.get(at) ^ 1 << (bit & 7)));
    }
  }

  /** When the next datagram comes out; {@link #NEVER} if none is under way. */
  public long nextDeliveryNanos() {
    return held.count() == 0 ? NEVER : held.firstDueNanos();
  }

  /**
   * The next datagram that is due by now, or null: earliest first, and among those due at the same
   * instant the one that was offered first.
   *
   * @return a buffer from position 0 to its limit, whose contents may be changed; it is the
   *     caller's until the next call of {@code poll}
   */
  public @Nullable ByteBuffer poll(long nowNanos) {
    held.release();
    if (held.count() == 0 || held.firstDueNanos() > nowNanos) {
      return null;
    }
    ByteBuffer content = held.take();
    delivered++;
    deliveredBytes += content.limit();
    if (held.takenNumber() < newestDelivered && !held.takenCopy()) {
      reordered++;
    }
    newestDelivered = Math.max(newestDelivered, held.takenNumber());
    return content;
  }

  /** What was offered along with the datagram that {@link #poll} handed out last. */
  @SuppressWarnings("unchecked") // held has only what offer put there, which is of type M
  public M polledMeta() {
    Object meta = held.takenMeta();
    if (meta == null) {
      throw new IllegalStateException("nothing is polled");
    }
    return (M) meta;
  }

  /** The ECN field of the datagram that {@link #poll} handed out last. */
  public EcnMark polledMark() {
    return held.takenMark();
  }

  /** Number of the datagram that {@link #poll} handed out last: the n-th offered has number n. */
  public long polledNumber() {
    return held.takenNumber();
  }

  /** Whether that was the second of two copies. */
  public boolean polledCopy() {
    return held.takenCopy();
  }

  /** How long the datagrams before a limited rate will take to leave; 0 if none wait. */
  public long queueNanos(long nowNanos) {
    return bottleneck.queueNanos(nowNanos);
  }

  /** Datagrams under way. */
  public int held() {
    return held.count();
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
        deliveredBytes,
        marked);
  }

  /** An instant later; what would overflow is as late as can be, and still delivered. */
  static long after(long nanos, long delayNanos) {
    return nanos > 0 && delayNanos >= NEVER - nanos ? NEVER - 1 : nanos + delayNanos;
  }
}
