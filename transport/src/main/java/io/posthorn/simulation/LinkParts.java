package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Distribution;
import io.posthorn.simulation.LinkConditions.EcnTreatment;
import io.posthorn.simulation.LinkConditions.QueueUnit;
import io.posthorn.simulation.LinkConditions.Rebinding;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What {@link LinkConditions} are made of: a part for each word of their text. Changed only while
 * they are put together, by whoever made it; {@link LinkConditions#of} checks it and keeps a copy.
 */
final class LinkParts {
  static final int MTU_UNLIMITED = 65_535;
  static final int MTU_LEAST = 68; // RFC 791: every link carries this much

  record Delay(long nanos, long jitterNanos, int correlationPpb, Distribution distribution) {}

  record Reorder(int ppb, long holdNanos, int gap) {}

  record Duplicate(int ppb, long delayNanos) {}

  record Queue(QueueUnit unit, long limit) {
    /** netem's own default: 1000 packets. Only a link with a rate has a queue. */
    static final Queue DEFAULT = new Queue(QueueUnit.PACKETS, 1_000);

    /** As equals says, which would be linked for it each time a program starts. */
    boolean isDefault() {
      return unit == DEFAULT.unit && limit == DEFAULT.limit;
    }

    /** The largest limit that a queue may have. */
    static long most(QueueUnit unit) {
      return switch (unit) {
        case PACKETS -> SimulatedLink.MAX_HELD_DATAGRAMS;
        case BYTES -> SimulatedLink.MAX_HELD_BYTES;
        case NANOS -> LinkUnits.LONGEST_NANOS;
      };
    }
  }

  record Outage(long atNanos, long lengthNanos, long periodNanos) {
    /** Whether the link is dead so long after the conditions took effect. */
    boolean covers(long sinceNanos) {
      long sinceStart = sinceNanos - atNanos;
      if (lengthNanos == 0 || sinceStart < 0) {
        return false;
      }
      long phase = periodNanos == 0 ? sinceStart : sinceStart % periodNanos;
      return phase < lengthNanos;
    }
  }

  record Rebind(long periodNanos, Rebinding kind) {}

  /** The threshold is meaningless but for {@link EcnTreatment#MARK_QUEUE}. */
  record Ecn(EcnTreatment treatment, Queue threshold) {
    static final Ecn KEPT = new Ecn(EcnTreatment.KEEP, Queue.DEFAULT);
  }

  Delay delay = new Delay(0, 0, 0, Distribution.UNIFORM);
  LossModel loss = LossModel.NONE;
  Reorder reorder = new Reorder(0, 0, 1);
  Duplicate duplicate = new Duplicate(0, 0);
  int corruptPpb;
  long rateBitsPerSecond;
  Queue queue = Queue.DEFAULT;
  int mtuBytes = MTU_UNLIMITED;
  Outage outage = new Outage(0, 0, 0);
  Rebind rebind = new Rebind(0, Rebinding.PORT);
  Ecn ecn = Ecn.KEPT;
  @Nullable LinkRecording recording;

  /** Those of a perfect link. */
  LinkParts() {}

  /** A copy. */
  LinkParts(LinkParts other) {
    delay = other.delay;
    loss = other.loss;
    reorder = other.reorder;
    duplicate = other.duplicate;
    corruptPpb = other.corruptPpb;
    rateBitsPerSecond = other.rateBitsPerSecond;
    queue = other.queue;
    mtuBytes = other.mtuBytes;
    outage = other.outage;
    rebind = other.rebind;
    ecn = other.ecn;
    recording = other.recording;
  }

  // Those that need each other.

  boolean reorderNeedsDelay() {
    return reorder.ppb > 0 && reorder.holdNanos == 0 && delay.nanos == 0;
  }

  boolean queueNeedsRate() {
    return !queue.isDefault() && rateBitsPerSecond == 0;
  }

  boolean marksNeedRate() {
    return ecn.treatment == EcnTreatment.MARK_QUEUE && rateBitsPerSecond == 0;
  }

  void check() {
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
    LinkRecording replayed = recording;
    if (replayed != null) {
      checkNothingBeside(replayed);
    }
  }

  private void checkNothingBeside(LinkRecording replayed) {
    LinkParts rest = new LinkParts(this);
    rest.recording = null;
    if (!rest.equals(new LinkParts())) {
      throw new IllegalArgumentException(
          "\""
              + LinkConditions.of(rest)
              + "\" beside \"replay "
              + replayed.source()
              + "\": a recording says everything that is done to a datagram, so take one");
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LinkParts that
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
}
