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
 * <p>{@link #toString()} gives the same words in a fixed order and parses back to an equal value,
 * but for a replay, which equals those of the same {@link LinkRecording} object alone. Which
 * datagram meets which fate is decided by a seed, in {@link SimulatedLink}.
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

  /** A perfect link: nothing is lost, late or limited. Its text is {@code none}. */
  public static final LinkConditions NONE = of(new LinkParts());

  private final LinkParts parts;

  private LinkConditions(LinkParts parts) {
    this.parts = parts;
  }

  /** Conditions of these parts, which are copied. */
  static LinkConditions of(LinkParts parts) {
    parts.check();
    return new LinkConditions(new LinkParts(parts));
  }

  /**
   * Does again, datagram by datagram, what was recorded; nothing else is done, so that to add loss,
   * delay or anything else to these conditions is an {@link IllegalArgumentException}. The text
   * form is {@code replay FILE}.
   */
  public static LinkConditions replaying(LinkRecording recording) {
    LinkParts replay = new LinkParts();
    replay.recording = Objects.requireNonNull(recording, "recording");
    return of(replay);
  }

  /**
   * Reads conditions from text.
   *
   * @throws IllegalArgumentException naming the word that is wrong, its place, what was expected
   *     there, and an example; or the file that cannot be replayed, and why
   */
  public static LinkConditions parse(String text) {
    return new LinkConditionsParser(text).parse();
  }

  /** A copy of the parts, to be changed. */
  LinkParts parts() {
    return new LinkParts(parts);
  }

  /** One-way delay without variation. */
  public LinkConditions withDelay(Duration delay) {
    return withDelay(delay, Duration.ZERO, Distribution.UNIFORM);
  }

  /** One-way delay that varies by {@code jitter}, each datagram for itself. */
  public LinkConditions withDelay(Duration delay, Duration jitter, Distribution distribution) {
    Objects.requireNonNull(distribution, "distribution");
    LinkParts changed = parts();
    changed.delay =
        new LinkParts.Delay(nanos(delay, 0, "delay"), nanos(jitter, 0, "jitter"), 0, distribution);
    return of(changed);
  }

  /** Independent loss of each datagram; the probability runs from 0 to 1. */
  public LinkConditions withLoss(double probability) {
    LinkParts changed = parts();
    changed.loss = LossModel.random(LinkUnits.ppb(probability, "loss"));
    return of(changed);
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
    LinkParts changed = parts();
    changed.loss =
        LossModel.gilbertElliott(
            LinkUnits.ppb(enterBad, "loss"),
            LinkUnits.ppb(leaveBad, "loss"),
            LinkUnits.ppb(badLoss, "loss"),
            LinkUnits.ppb(goodLoss, "loss"));
    return of(changed);
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
    LinkParts changed = parts();
    changed.reorder =
        new LinkParts.Reorder(
            LinkUnits.ppb(probability, "reorder"), nanos(hold, 0, "reorder hold"), gap);
    return of(changed);
  }

  /** A share of the datagrams arrives twice, the copy {@code copyDelay} after the first. */
  public LinkConditions withDuplicate(double probability, Duration copyDelay) {
    LinkParts changed = parts();
    changed.duplicate =
        new LinkParts.Duplicate(
            LinkUnits.ppb(probability, "duplicate"), nanos(copyDelay, 0, "duplicate delay"));
    return of(changed);
  }

  /** A share of the datagrams arrives with one bit flipped. */
  public LinkConditions withCorrupt(double probability) {
    LinkParts changed = parts();
    changed.corruptPpb = LinkUnits.ppb(probability, "corrupt");
    return of(changed);
  }

  /** IP bits per second that pass; 0 for no limit. */
  public LinkConditions withRate(long bitsPerSecond) {
    if (bitsPerSecond < 0 || bitsPerSecond > LinkUnits.MOST_RATE) {
      throw new IllegalArgumentException(
          "rate " + bitsPerSecond + " bit/s: expected 0 (no limit) to " + LinkUnits.MOST_RATE);
    }
    LinkParts changed = parts();
    changed.rateBitsPerSecond = bitsPerSecond;
    if (bitsPerSecond == 0) {
      changed.queue = LinkParts.Queue.DEFAULT;
      if (changed.marksNeedRate()) {
        changed.ecn = LinkParts.Ecn.KEPT;
      }
    }
    return of(changed);
  }

  /** Drop-tail limit of the queue before a limited rate, which must be set first. */
  public LinkConditions withQueue(QueueUnit unit, long limit) {
    LinkParts changed = parts();
    changed.queue = queue(unit, limit, "queue");
    return of(changed);
  }

  private static LinkParts.Queue queue(QueueUnit unit, long limit, String what) {
    Objects.requireNonNull(unit, "unit");
    if (limit < 1 || limit > LinkParts.Queue.most(unit)) {
      throw new IllegalArgumentException(
          what + " of " + limit + " " + unit + ": expected 1 to " + LinkParts.Queue.most(unit));
    }
    return new LinkParts.Queue(unit, limit);
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
    LinkParts changed = parts();
    changed.ecn = new LinkParts.Ecn(treatment, LinkParts.Queue.DEFAULT);
    return of(changed);
  }

  /**
   * ECN-capable datagrams are marked where as much as this waits before a limited rate, which must
   * be set first. The queue's own limit still drops.
   */
  public LinkConditions withEcnThreshold(QueueUnit unit, long threshold) {
    LinkParts changed = parts();
    changed.ecn =
        new LinkParts.Ecn(EcnTreatment.MARK_QUEUE, queue(unit, threshold, "ecn threshold"));
    return of(changed);
  }

  /** Largest IP datagram that passes, 68 to 65535 bytes; a larger one vanishes without a word. */
  public LinkConditions withMtu(int bytes) {
    if (bytes < LinkParts.MTU_LEAST || bytes > LinkParts.MTU_UNLIMITED) {
      throw new IllegalArgumentException(
          "mtu "
              + bytes
              + ": expected "
              + LinkParts.MTU_LEAST
              + " to "
              + LinkParts.MTU_UNLIMITED
              + " bytes");
    }
    LinkParts changed = parts();
    changed.mtuBytes = bytes;
    return of(changed);
  }

  /** The link is dead once, from {@code at} on, counted from when the conditions take effect. */
  public LinkConditions withOutage(Duration at, Duration length) {
    LinkParts changed = parts();
    changed.outage =
        new LinkParts.Outage(nanos(at, 0, "outage start"), nanos(length, 1, "outage"), 0);
    return of(changed);
  }

  /** The link is dead for {@code length} from {@code at} on, and again after each period. */
  public LinkConditions withOutage(Duration at, Duration length, Duration period) {
    LinkParts changed = parts();
    changed.outage =
        new LinkParts.Outage(
            nanos(at, 0, "outage start"),
            nanos(length, 1, "outage"),
            nanos(period, 1, "outage period"));
    if (changed.outage.periodNanos() <= changed.outage.lengthNanos()) {
      throw new IllegalArgumentException(
          "outage period " + period + ": expected more than the outage, " + length);
    }
    return of(changed);
  }

  /** The sender's address translator forgets its mapping each {@code period}; zero: never. */
  public LinkConditions withRebind(Duration period, Rebinding kind) {
    Objects.requireNonNull(kind, "kind");
    LinkParts changed = parts();
    long nanos = nanos(period, 0, "rebind period");
    changed.rebind = new LinkParts.Rebind(nanos, nanos == 0 ? Rebinding.PORT : kind);
    return of(changed);
  }

  private static long nanos(Duration duration, long least, String what) {
    Duration longest = Duration.ofNanos(LinkUnits.LONGEST_NANOS);
    if (duration.compareTo(Duration.ofNanos(least)) < 0 || duration.compareTo(longest) > 0) {
      throw new IllegalArgumentException(
          what + " " + duration + ": expected " + least + " ns to " + longest);
    }
    return duration.toNanos();
  }

  /** One-way delay in nanoseconds, without jitter, queue and reordering. */
  public long delayNanos() {
    return parts.delay.nanos();
  }

  /** Variation of the delay in nanoseconds, 0 for none. */
  public long jitterNanos() {
    return parts.delay.jitterNanos();
  }

  /** Share of the datagrams lost in the long run, 0 to 1, outages and full queues apart. */
  public double meanLoss() {
    return parts.loss.meanLoss();
  }

  /** IP bits per second, 0 for no limit. */
  public long rateBitsPerSecond() {
    return parts.rateBitsPerSecond;
  }

  /** Largest IP datagram that passes, in bytes. */
  public int mtuBytes() {
    return parts.mtuBytes;
  }

  /** Time from one NAT rebinding to the next in nanoseconds, 0 for never. */
  public long rebindPeriodNanos() {
    return parts.rebind.periodNanos();
  }

  /** What a rebinding changes; meaningless without one. */
  public Rebinding rebinding() {
    return parts.rebind.kind();
  }

  /** What is done with the ECN field. */
  public EcnTreatment ecnTreatment() {
    return parts.ecn.treatment();
  }

  /** True if the link is dead {@code sinceNanos} after these conditions took effect. */
  public boolean isOutage(long sinceNanos) {
    return parts.outage.covers(sinceNanos);
  }

  /** True if any outage ever occurs. */
  public boolean hasOutage() {
    return parts.outage.lengthNanos() > 0;
  }

  /** What is done again, or null; then no other part says anything. */
  public @Nullable LinkRecording recording() {
    return parts.recording;
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

  LinkParts.Delay delay() {
    return parts.delay;
  }

  LossModel loss() {
    return parts.loss;
  }

  LinkParts.Reorder reorder() {
    return parts.reorder;
  }

  LinkParts.Outage outage() {
    return parts.outage;
  }

  LinkParts.Duplicate duplicate() {
    return parts.duplicate;
  }

  int corruptPpb() {
    return parts.corruptPpb;
  }

  LinkParts.Queue queue() {
    return parts.queue;
  }

  /** Where the queue begins to mark; of meaning only if it does. */
  LinkParts.Queue ecnThreshold() {
    return parts.ecn.threshold();
  }

  @Override
  public boolean equals(Object other) {
    if (other == this) {
      return true;
    }
    return other instanceof LinkConditions that && parts.equals(that.parts);
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }

  /** The conditions in the language that {@link #parse} reads, words in a fixed order. */
  @Override
  public String toString() {
    return new LinkConditionsWriter(this).write();
  }
}
