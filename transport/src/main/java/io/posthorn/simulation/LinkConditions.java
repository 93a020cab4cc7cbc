package io.posthorn.simulation;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How bad one direction of a link is: an immutable value with a text form.
 *
 * <p>The text is the one language for a bad network everywhere in Posthorn; its words are those of
 * tc-netem(8), with {@code queue}, {@code outage}, {@code mtu}, {@code rebind}, {@code none} and
 * the profiles of {@link LinkProfiles} added:
 *
 * <pre>
 * delay 40ms 10ms 25% distribution normal     loss 5%                 loss gemodel 1% 20%
 * reorder 10%          reorder 10% 20ms       reorder 25% gap 5       duplicate 1% 2s
 * corrupt 0.1%         rate 20mbit            queue 100|64kb|50ms     mtu 1400
 * outage 2s 1s         outage 2s 1s every 10s rebind 5s address       @lte loss 2%
 * ecn                  ecn 30|64kb|5ms        ecn bleach|mangle|drop  replay FILE
 * </pre>
 *
 * <p>{@link #toString()} gives the same words in a fixed order and parses back to an equal value.
 * Which datagram meets which fate is decided by a seed, in {@link SimulatedLink}.
 */
public final class LinkConditions {
  /** Shape of the variation of the delay. */
  public enum Distribution {
    /** Every delay from {@code delay - jitter} to {@code delay + jitter} alike. */
    UNIFORM,
    /** The bell curve around the delay, jitter being its standard deviation. */
    NORMAL
  }

  /** What a network address translator changes when it forgets a mapping. */
  public enum Rebinding {
    /** A new source port. */
    PORT,
    /** A new source address and port. */
    ADDRESS
  }

  /** What the limit of a queue counts. */
  public enum QueueUnit {
    /** Datagrams that wait. */
    PACKETS,
    /** IP bytes that wait. */
    BYTES,
    /** Time that a datagram would wait, in nanoseconds. */
    NANOS
  }

  /** What a link does with the ECN field of IP packets (RFC 3168). */
  public enum EcnTreatment {
    /** It carries the field as it is. */
    KEEP,
    /** Where the loss model would take an ECN-capable datagram, it marks it instead (netem's). */
    MARK_LOSS,
    /** It marks ECN-capable datagrams before which more than a threshold waits in the queue. */
    MARK_QUEUE,
    /** It clears the field: nothing is ECN-capable behind it. */
    BLEACH,
    /** It sets the field to any of its four values. */
    MANGLE,
    /** It loses what is ECN-capable. */
    DROP
  }

  record Delay(long nanos, long jitterNanos, int correlationPpb, Distribution distribution) {}

  record Reorder(int ppb, long holdNanos, int gap) {}

  record Duplicate(int ppb, long delayNanos) {}

  record Queue(QueueUnit unit, long limit) {}

  record Outage(long atNanos, long lengthNanos, long periodNanos) {}

  record Rebind(long periodNanos, Rebinding kind) {}

  /** The threshold is meaningless but for {@link EcnTreatment#MARK_QUEUE}. */
  record Ecn(EcnTreatment treatment, Queue threshold) {}

  /** netem's own default: 1000 packets. Only a link with a rate has a queue. */
  static final Queue DEFAULT_QUEUE = new Queue(QueueUnit.PACKETS, 1_000);

  static final Ecn ECN_KEPT = new Ecn(EcnTreatment.KEEP, DEFAULT_QUEUE);

  /** A perfect link: nothing is lost, late or limited. Its text is {@code none}. */
  public static final LinkConditions NONE = new Draft().build();

  /** The parts while they are put together; {@link #build} checks those that need each other. */
  static final class Draft {
    Delay delay = new Delay(0, 0, 0, Distribution.UNIFORM);
    LossModel loss = LossModel.NONE;
    Reorder reorder = new Reorder(0, 0, 1);
    Duplicate duplicate = new Duplicate(0, 0);
    int corruptPpb;
    long rateBitsPerSecond;
    Queue queue = DEFAULT_QUEUE;
    int mtuBytes = MTU_UNLIMITED;
    Outage outage = new Outage(0, 0, 0);
    Rebind rebind = new Rebind(0, Rebinding.PORT);
    Ecn ecn = ECN_KEPT;
    @Nullable LinkRecording recording;

    boolean reorderNeedsDelay() {
      return reorder.ppb > 0 && reorder.holdNanos == 0 && delay.nanos == 0;
    }

    boolean queueNeedsRate() {
      return !queue.equals(DEFAULT_QUEUE) && rateBitsPerSecond == 0;
    }

    boolean marksNeedRate() {
      return ecn.treatment == EcnTreatment.MARK_QUEUE && rateBitsPerSecond == 0;
    }

    LinkConditions build() {
      if (reorderNeedsDelay()) {
        throw new IllegalArgumentException(
            "reorder sends a share of the datagrams ahead of the delay, and there is none:"
                + " set a delay first, or say how long a datagram is held back (20ms)");
      }
      if (queueNeedsRate()) {
        throw new IllegalArgumentException(
            "a queue builds up only before a limited rate: set a rate first, e.g. rate 20mbit");
      }
      if (marksNeedRate()) {
        throw new IllegalArgumentException(
            "a queue that marks builds up only before a limited rate: set a rate first,"
                + " e.g. rate 20mbit");
      }
      return new LinkConditions(this);
    }
  }

  static final int MTU_UNLIMITED = 65_535;
  static final int MTU_LEAST = 68; // RFC 791: every link carries this much

  private final Delay delay;
  private final LossModel loss;
  private final Reorder reorder;
  private final Duplicate duplicate;
  private final int corruptPpb;
  private final long rateBitsPerSecond;
  private final Queue queue;
  private final int mtuBytes;
  private final Outage outage;
  private final Rebind rebind;
  private final Ecn ecn;
  private final @Nullable LinkRecording recording;

  private LinkConditions(Draft draft) {
    delay = draft.delay;
    loss = draft.loss;
    reorder = draft.reorder;
    duplicate = draft.duplicate;
    corruptPpb = draft.corruptPpb;
    rateBitsPerSecond = draft.rateBitsPerSecond;
    queue = draft.queue;
    mtuBytes = draft.mtuBytes;
    outage = draft.outage;
    rebind = draft.rebind;
    ecn = draft.ecn;
    recording = draft.recording;
  }

  /**
   * Does again, datagram by datagram, what was recorded; nothing else is done. The text form is
   * {@code replay FILE}.
   */
  public static LinkConditions replaying(LinkRecording recording) {
    Draft draft = new Draft();
    draft.recording = Objects.requireNonNull(recording, "recording");
    return draft.build();
  }

  /**
   * Reads conditions from text.
   *
   * @throws IllegalArgumentException naming the word that is wrong, its place, what was expected
   *     there, and an example
   */
  public static LinkConditions parse(String text) {
    return new LinkConditionsParser(text).parse();
  }

  Draft draft() {
    Draft draft = new Draft();
    draft.delay = delay;
    draft.loss = loss;
    draft.reorder = reorder;
    draft.duplicate = duplicate;
    draft.corruptPpb = corruptPpb;
    draft.rateBitsPerSecond = rateBitsPerSecond;
    draft.queue = queue;
    draft.mtuBytes = mtuBytes;
    draft.outage = outage;
    draft.rebind = rebind;
    draft.ecn = ecn;
    draft.recording = recording;
    return draft;
  }

  /** One-way delay without variation. */
  public LinkConditions withDelay(Duration delay) {
    return withDelay(delay, Duration.ZERO, Distribution.UNIFORM);
  }

  /** One-way delay that varies by {@code jitter}, each datagram for itself. */
  public LinkConditions withDelay(Duration delay, Duration jitter, Distribution distribution) {
    Objects.requireNonNull(distribution, "distribution");
    Draft draft = draft();
    draft.delay = new Delay(nanos(delay, 0, "delay"), nanos(jitter, 0, "jitter"), 0, distribution);
    return draft.build();
  }

  /** Independent loss of each datagram; the probability runs from 0 to 1. */
  public LinkConditions withLoss(double probability) {
    Draft draft = draft();
    draft.loss = LossModel.random(LinkUnits.ppb(probability, "loss"));
    return draft.build();
  }

  /**
   * Loss in bursts (Gilbert–Elliott): all is lost in the bad state and nothing in the good one.
   *
   * @param enterBad chance per datagram to enter the bad state, 0 to 1
   * @param leaveBad chance per datagram to leave it, 0 to 1; bursts last 1/leaveBad datagrams
   */
  public LinkConditions withBurstLoss(double enterBad, double leaveBad) {
    return withBurstLoss(enterBad, leaveBad, 1, 0);
  }

  /** Loss in bursts, {@code badLoss} in the bad state and {@code goodLoss} in the good one. */
  public LinkConditions withBurstLoss(
      double enterBad, double leaveBad, double badLoss, double goodLoss) {
    Draft draft = draft();
    draft.loss =
        LossModel.gilbertElliott(
            LinkUnits.ppb(enterBad, "loss"),
            LinkUnits.ppb(leaveBad, "loss"),
            LinkUnits.ppb(badLoss, "loss"),
            LinkUnits.ppb(goodLoss, "loss"));
    return draft.build();
  }

  /** A share of the datagrams is sent at once, ahead of the others that wait for the delay. */
  public LinkConditions withReorder(double probability) {
    return withReorder(probability, Duration.ZERO, 1);
  }

  /**
   * Reordering in full.
   *
   * @param hold zero: the chosen datagrams skip the delay; else they come this much later
   * @param gap at least this many datagrams from one that is chosen to the next, 1 or more
   */
  public LinkConditions withReorder(double probability, Duration hold, int gap) {
    if (gap < 1) {
      throw new IllegalArgumentException("reorder gap " + gap + ": expected 1 or more");
    }
    Draft draft = draft();
    draft.reorder =
        new Reorder(LinkUnits.ppb(probability, "reorder"), nanos(hold, 0, "reorder hold"), gap);
    return draft.build();
  }

  /** A share of the datagrams arrives twice, the copy {@code copyDelay} after the first. */
  public LinkConditions withDuplicate(double probability, Duration copyDelay) {
    Draft draft = draft();
    draft.duplicate =
        new Duplicate(
            LinkUnits.ppb(probability, "duplicate"), nanos(copyDelay, 0, "duplicate delay"));
    return draft.build();
  }

  /** A share of the datagrams arrives with one bit flipped. */
  public LinkConditions withCorrupt(double probability) {
    Draft draft = draft();
    draft.corruptPpb = LinkUnits.ppb(probability, "corrupt");
    return draft.build();
  }

  /** IP bits per second that pass; 0 for no limit. */
  public LinkConditions withRate(long bitsPerSecond) {
    if (bitsPerSecond < 0 || bitsPerSecond > 1_000_000_000_000L) {
      throw new IllegalArgumentException(
          "rate " + bitsPerSecond + " bit/s: expected 0 (no limit) to 1000000000000");
    }
    Draft draft = draft();
    draft.rateBitsPerSecond = bitsPerSecond;
    if (bitsPerSecond == 0) {
      draft.queue = DEFAULT_QUEUE;
      if (draft.marksNeedRate()) {
        draft.ecn = ECN_KEPT;
      }
    }
    return draft.build();
  }

  /** Drop-tail limit of the queue before a limited rate, which must be set first. */
  public LinkConditions withQueue(QueueUnit unit, long limit) {
    Draft draft = draft();
    draft.queue = queue(unit, limit, "queue");
    return draft.build();
  }

  private static Queue queue(QueueUnit unit, long limit, String what) {
    Objects.requireNonNull(unit, "unit");
    if (limit < 1 || limit > queueMost(unit)) {
      throw new IllegalArgumentException(
          what + " of " + limit + " " + unit + ": expected 1 to " + queueMost(unit));
    }
    return new Queue(unit, limit);
  }

  /**
   * What is done with the ECN field.
   *
   * @throws IllegalArgumentException for {@link EcnTreatment#MARK_QUEUE}, which needs a threshold:
   *     {@link #withEcnThreshold}
   */
  public LinkConditions withEcn(EcnTreatment treatment) {
    Objects.requireNonNull(treatment, "treatment");
    if (treatment == EcnTreatment.MARK_QUEUE) {
      throw new IllegalArgumentException(
          "a queue marks from a threshold on: withEcnThreshold says which");
    }
    Draft draft = draft();
    draft.ecn = new Ecn(treatment, DEFAULT_QUEUE);
    return draft.build();
  }

  /**
   * ECN-capable datagrams are marked where as much as this waits before a limited rate, which must
   * be set first. The queue's own limit still drops.
   */
  public LinkConditions withEcnThreshold(QueueUnit unit, long threshold) {
    Draft draft = draft();
    draft.ecn = new Ecn(EcnTreatment.MARK_QUEUE, queue(unit, threshold, "ecn threshold"));
    return draft.build();
  }

  /** Largest IP datagram that passes, 68 to 65535 bytes; a larger one vanishes without a word. */
  public LinkConditions withMtu(int bytes) {
    if (bytes < MTU_LEAST || bytes > MTU_UNLIMITED) {
      throw new IllegalArgumentException(
          "mtu " + bytes + ": expected " + MTU_LEAST + " to " + MTU_UNLIMITED + " bytes");
    }
    Draft draft = draft();
    draft.mtuBytes = bytes;
    return draft.build();
  }

  /** The link is dead once, from {@code at} on, counted from when the conditions take effect. */
  public LinkConditions withOutage(Duration at, Duration length) {
    Draft draft = draft();
    draft.outage = new Outage(nanos(at, 0, "outage start"), nanos(length, 1, "outage"), 0);
    return draft.build();
  }

  /** The link is dead for {@code length} from {@code at} on, and again after each period. */
  public LinkConditions withOutage(Duration at, Duration length, Duration period) {
    Draft draft = draft();
    draft.outage =
        new Outage(
            nanos(at, 0, "outage start"),
            nanos(length, 1, "outage"),
            nanos(period, 1, "outage period"));
    if (draft.outage.periodNanos <= draft.outage.lengthNanos) {
      throw new IllegalArgumentException(
          "outage period " + period + ": expected more than the outage, " + length);
    }
    return draft.build();
  }

  /** The sender's address translator forgets its mapping each {@code period}; zero: never. */
  public LinkConditions withRebind(Duration period, Rebinding kind) {
    Objects.requireNonNull(kind, "kind");
    Draft draft = draft();
    long nanos = nanos(period, 0, "rebind period");
    draft.rebind = new Rebind(nanos, nanos == 0 ? Rebinding.PORT : kind);
    return draft.build();
  }

  private static long nanos(Duration duration, long least, String what) {
    Duration longest = Duration.ofNanos(LinkUnits.LONGEST_NANOS);
    if (duration.compareTo(Duration.ofNanos(least)) < 0 || duration.compareTo(longest) > 0) {
      throw new IllegalArgumentException(
          what + " " + duration + ": expected " + least + " ns to " + longest);
    }
    return duration.toNanos();
  }

  static long queueMost(QueueUnit unit) {
    return switch (unit) {
      case PACKETS -> SimulatedLink.MAX_HELD_DATAGRAMS;
      case BYTES -> SimulatedLink.MAX_HELD_BYTES;
      case NANOS -> LinkUnits.LONGEST_NANOS;
    };
  }

  /** One-way delay in nanoseconds, without jitter, queue and reordering. */
  public long delayNanos() {
    return delay.nanos;
  }

  /** Variation of the delay in nanoseconds, 0 for none. */
  public long jitterNanos() {
    return delay.jitterNanos;
  }

  /** Share of the datagrams lost in the long run, 0 to 1, outages and full queues apart. */
  public double meanLoss() {
    return loss.meanLoss();
  }

  /** IP bits per second, 0 for no limit. */
  public long rateBitsPerSecond() {
    return rateBitsPerSecond;
  }

  /** Largest IP datagram that passes, in bytes. */
  public int mtuBytes() {
    return mtuBytes;
  }

  /** Time from one NAT rebinding to the next in nanoseconds, 0 for never. */
  public long rebindPeriodNanos() {
    return rebind.periodNanos;
  }

  /** What a rebinding changes; meaningless without one. */
  public Rebinding rebinding() {
    return rebind.kind;
  }

  /** What is done with the ECN field. */
  public EcnTreatment ecnTreatment() {
    return ecn.treatment;
  }

  /** True if the link is dead {@code sinceNanos} after these conditions took effect. */
  public boolean isOutage(long sinceNanos) {
    long sinceStart = sinceNanos - outage.atNanos;
    if (outage.lengthNanos == 0 || sinceStart < 0) {
      return false;
    }
    long phase = outage.periodNanos == 0 ? sinceStart : sinceStart % outage.periodNanos;
    return phase < outage.lengthNanos;
  }

  /** True if any outage ever occurs. */
  public boolean hasOutage() {
    return outage.lengthNanos > 0;
  }

  /** What is done again, or null; then no other part says anything. */
  public @Nullable LinkRecording recording() {
    return recording;
  }

  /**
   * The same as a command of tc(8), with netem.
   *
   * @param device the network device behind which the conditions are to hold
   * @return the command, then lines that begin with {@code #} and say what netem has no words for
   */
  public List<String> toTc(String device) {
    return new NetemText(this).lines(device);
  }

  Delay delay() {
    return delay;
  }

  LossModel loss() {
    return loss;
  }

  Reorder reorder() {
    return reorder;
  }

  Outage outage() {
    return outage;
  }

  Duplicate duplicate() {
    return duplicate;
  }

  int corruptPpb() {
    return corruptPpb;
  }

  Queue queue() {
    return queue;
  }

  /** Where the queue begins to mark; of meaning only if it does. */
  Queue ecnThreshold() {
    return ecn.threshold;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LinkConditions that
        && delay.equals(that.delay)
        && loss.equals(that.loss)
        && reorder.equals(that.reorder)
        && duplicate.equals(that.duplicate)
        && corruptPpb == that.corruptPpb
        && rateBitsPerSecond == that.rateBitsPerSecond
        && queue.equals(that.queue)
        && mtuBytes == that.mtuBytes
        && outage.equals(that.outage)
        && rebind.equals(that.rebind)
        && ecn.equals(that.ecn)
        && Objects.equals(recording, that.recording);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        delay,
        loss,
        reorder,
        duplicate,
        corruptPpb,
        rateBitsPerSecond,
        queue,
        mtuBytes,
        outage,
        rebind,
        ecn,
        recording);
  }

  /** The conditions in the language that {@link #parse} reads, words in a fixed order. */
  @Override
  public String toString() {
    return new LinkConditionsWriter(this).write();
  }
}
