package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Distribution;
import io.posthorn.simulation.LinkConditions.EcnTreatment;
import io.posthorn.simulation.LinkConditions.Rebinding;
import java.util.StringJoiner;

/**
 * Writes the text form of {@link LinkConditions}, words in a fixed order and none for what is as by
 * default; {@link LinkConditionsParser} reads it back to an equal value.
 */
final class LinkConditionsWriter {
  private final LinkConditions conditions;
  private final StringJoiner words = new StringJoiner(" ");

  LinkConditionsWriter(LinkConditions conditions) {
    this.conditions = conditions;
    words.setEmptyValue("none");
  }

  String write() {
    LinkRecording recording = conditions.recording();
    if (recording != null) {
      return "replay " + recording.source();
    }
    delay();
    if (!conditions.loss().equals(LossModel.NONE)) {
      words.add(conditions.loss().toString());
    }
    reorder();
    duplicate();
    if (conditions.corruptPpb() != 0) {
      words.add("corrupt " + LinkUnits.percent(conditions.corruptPpb()));
    }
    if (conditions.rateBitsPerSecond() != 0) {
      words.add("rate " + LinkUnits.rate(conditions.rateBitsPerSecond()));
    }
    if (!conditions.queue().isDefault()) {
      words.add("queue " + limit(conditions.queue()));
    }
    ecn();
    if (conditions.mtuBytes() != LinkParts.MTU_UNLIMITED) {
      words.add("mtu " + conditions.mtuBytes());
    }
    outage();
    rebind();
    return words.toString();
  }

  private void delay() {
    LinkParts.Delay delay = conditions.delay();
    if (delay.nanos() == 0
        && delay.jitterNanos() == 0
        && delay.correlationPpb() == 0
        && delay.distribution() == Distribution.UNIFORM) {
      return;
    }
    words.add("delay " + LinkUnits.duration(delay.nanos()));
    if (delay.jitterNanos() != 0 || delay.correlationPpb() != 0) {
      words.add(LinkUnits.duration(delay.jitterNanos()));
    }
    if (delay.correlationPpb() != 0) {
      words.add(LinkUnits.percent(delay.correlationPpb()));
    }
    if (delay.distribution() == Distribution.NORMAL) {
      words.add("distribution normal");
    }
  }

  private void reorder() {
    LinkParts.Reorder reorder = conditions.reorder();
    if (reorder.ppb() == 0 && reorder.holdNanos() == 0 && reorder.gap() == 1) {
      return;
    }
    words.add("reorder " + LinkUnits.percent(reorder.ppb()));
    if (reorder.holdNanos() != 0) {
      words.add(LinkUnits.duration(reorder.holdNanos()));
    }
    if (reorder.gap() != 1) {
      words.add("gap " + reorder.gap());
    }
  }

  private void duplicate() {
    LinkParts.Duplicate duplicate = conditions.duplicate();
    if (duplicate.ppb() == 0 && duplicate.delayNanos() == 0) {
      return;
    }
    words.add("duplicate " + LinkUnits.percent(duplicate.ppb()));
    if (duplicate.delayNanos() != 0) {
      words.add(LinkUnits.duration(duplicate.delayNanos()));
    }
  }

  private void ecn() {
    EcnTreatment treatment = conditions.ecnTreatment();
    if (treatment != EcnTreatment.KEEP) {
      words.add("ecn");
    }
    switch (treatment) {
      case KEEP, MARK_LOSS -> {}
      case MARK_QUEUE -> words.add(limit(conditions.ecnThreshold()));
      case BLEACH -> words.add("bleach");
      case MANGLE -> words.add("mangle");
      case DROP -> words.add("drop");
    }
  }

  private void outage() {
    LinkParts.Outage outage = conditions.outage();
    if (outage.lengthNanos() == 0) {
      return;
    }
    words.add("outage " + LinkUnits.duration(outage.atNanos()));
    words.add(LinkUnits.duration(outage.lengthNanos()));
    if (outage.periodNanos() != 0) {
      words.add("every " + LinkUnits.duration(outage.periodNanos()));
    }
  }

  private void rebind() {
    if (conditions.rebindPeriodNanos() == 0) {
      return;
    }
    words.add("rebind " + LinkUnits.duration(conditions.rebindPeriodNanos()));
    if (conditions.rebinding() == Rebinding.ADDRESS) {
      words.add("address");
    }
  }

  private static String limit(LinkParts.Queue queue) {
    return switch (queue.unit()) {
      case PACKETS -> Long.toString(queue.limit());
      case BYTES -> LinkUnits.size(queue.limit());
      case NANOS -> LinkUnits.duration(queue.limit());
    };
  }
}
