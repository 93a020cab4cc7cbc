package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Distribution;
import io.posthorn.simulation.LinkConditions.QueueUnit;
import java.util.ArrayList;
import java.util.List;

/** Link conditions as a command of tc(8) with netem, and what netem cannot say as remarks. */
final class NetemText {
  private static final int LIKELY_PACKET_BYTES = 1_500;

  private final LinkConditions conditions;
  private final List<String> remarks = new ArrayList<>();
  private final StringBuilder words = new StringBuilder();

  NetemText(LinkConditions conditions) {
    this.conditions = conditions;
  }

  /** The command, then a remark a line, each with {@code #} before it. */
  List<String> lines(String device) {
    if (conditions.recording() != null) {
      remarks.add("a replay: netem has none for a whole datagram's fate");
    } else {
      delay();
      if (!conditions.loss().equals(LossModel.NONE)) {
        words.append(' ').append(conditions.loss());
      }
      ecn();
      reorder();
      if (conditions.duplicate().ppb() > 0) {
        words.append(" duplicate ").append(LinkUnits.percent(conditions.duplicate().ppb()));
        if (conditions.duplicate().delayNanos() > 0) {
          remarks.add("netem's copies come at once, not later");
        }
      }
      if (conditions.corruptPpb() > 0) {
        words.append(" corrupt ").append(LinkUnits.percent(conditions.corruptPpb()));
      }
      rate();
      limit();
      others();
    }
    List<String> lines = new ArrayList<>();
    lines.add("tc qdisc replace dev " + device + " root netem" + words);
    for (String remark : remarks) {
      lines.add("# " + remark);
    }
    return lines;
  }

  private void delay() {
    LinkParts.Delay delay = conditions.delay();
    // netem reorders by sending at once what would have waited: it wants a delay for that.
    if (delay.nanos() == 0 && delay.jitterNanos() == 0) {
      return;
    }
    words.append(" delay ").append(LinkUnits.duration(delay.nanos()));
    if (delay.jitterNanos() > 0) {
      words.append(' ').append(LinkUnits.duration(delay.jitterNanos()));
      if (delay.correlationPpb() > 0) {
        words.append(' ').append(LinkUnits.percent(delay.correlationPpb()));
      }
      if (delay.distribution() == Distribution.NORMAL && delay.nanos() > 0) {
        words.append(" distribution normal");
      } else if (delay.distribution() == Distribution.NORMAL) {
        remarks.add("tc wants a delay above 0 for distribution normal, which is left out");
      }
    }
  }

  private void reorder() {
    LinkParts.Reorder reorder = conditions.reorder();
    if (reorder.ppb() == 0) {
      return;
    }
    if (reorder.holdNanos() > 0) {
      remarks.add("netem holds nothing back: reorder with a time is left out");
      return;
    }
    words.append(" reorder ").append(LinkUnits.percent(reorder.ppb()));
    if (reorder.gap() > 1) {
      words.append(" gap ").append(reorder.gap());
    }
  }

  private void ecn() {
    switch (conditions.ecnTreatment()) {
      case KEEP -> {}
      case MARK_LOSS -> {
        if (!conditions.loss().equals(LossModel.NONE)) { // else tc refuses it
          words.append(" ecn");
        }
      }
      case MARK_QUEUE ->
          remarks.add(
              "ecn: netem's queue does not mark; tc-fq_codel(8) does, from ce_threshold on");
      case BLEACH, MANGLE, DROP ->
          remarks.add("ecn: nftables can set or match the field: ip ecn set not-ect");
    }
  }

  private void rate() {
    if (conditions.rateBitsPerSecond() > 0) {
      words.append(" rate ").append(LinkUnits.rate(conditions.rateBitsPerSecond()));
    }
  }

  /** netem's limit counts all that it holds: what waits for the rate and what is in the delay. */
  private void limit() {
    LinkParts.Queue queue = conditions.queue();
    long rate = conditions.rateBitsPerSecond();
    long delayNanos = conditions.delay().nanos() + conditions.delay().jitterNanos();
    if (delayNanos == 0 && queue.isDefault()) {
      return; // netem's own
    }
    long packets = SimulatedLink.MAX_HELD_DATAGRAMS;
    if (rate > 0) {
      long delayed = (long) Math.ceil(bytesWithin(delayNanos) / LIKELY_PACKET_BYTES);
      packets = Math.min(packets, waiting(queue) + delayed);
      if (delayed > 0 || queue.unit() != QueueUnit.PACKETS) {
        remarks.add(
            "netem's limit counts packets, those in the delay too: limit "
                + packets
                + " is for packets of "
                + LIKELY_PACKET_BYTES
                + " bytes");
      }
    }
    words.append(" limit ").append(packets);
  }

  private long waiting(LinkParts.Queue queue) {
    double bytes =
        switch (queue.unit()) {
          case PACKETS -> (double) queue.limit() * LIKELY_PACKET_BYTES;
          case BYTES -> queue.limit();
          case NANOS -> bytesWithin(queue.limit());
        };
    return Math.max(1, (long) (bytes / LIKELY_PACKET_BYTES));
  }

  private double bytesWithin(long nanos) {
    return nanos / 8e9 * conditions.rateBitsPerSecond();
  }

  private void others() {
    if (conditions.mtuBytes() < LinkParts.MTU_UNLIMITED) {
      remarks.add(
          "mtu: ip link set dev DEVICE mtu "
              + conditions.mtuBytes()
              + ", which fragments or refuses what is larger, not loses it");
    }
    if (conditions.hasOutage()) {
      LinkParts.Outage outage = conditions.outage();
      remarks.add(
          "outage: after "
              + LinkUnits.duration(outage.atNanos())
              + " loss 100% for "
              + LinkUnits.duration(outage.lengthNanos())
              + (outage.periodNanos() == 0
                  ? ""
                  : ", again every " + LinkUnits.duration(outage.periodNanos())));
    }
    if (conditions.rebindPeriodNanos() > 0) {
      remarks.add("rebind: a matter of the NAT: conntrack -D forgets its mappings");
    }
  }
}
