package io.posthorn.cli.lab;

import io.posthorn.cli.compare.DeliverySummary;

/**
 * What came of one run in a lab.
 *
 * @param summary what arrived, and when
 * @param up what the sender's side put on the wire
 * @param down what the receiver's side put on the wire
 * @param retransmissions how many segments or packets the transport sent again; {@link #UNKNOWN} if
 *     it does not say
 * @param congestionController what governed the sending rate; empty if nothing did
 * @param connectNanos how long the connection took to open; 0 where there is none
 * @param lateP99Nanos the 99th percentile of how late packets left the emulated link; not small
 *     beside the link's delay means that the machine was too busy for the figures to be trusted
 * @param overloadDrops packets that this machine lost by being too slow, before the link or in the
 *     receiver's buffer, in all runs that were under way; above 0 means that the figures are not to
 *     be trusted
 * @param failure why the run ended early; empty if it did not
 */
public record FlowResult(
    DeliverySummary summary,
    LinkTraffic up,
    LinkTraffic down,
    long retransmissions,
    String congestionController,
    long connectNanos,
    long lateP99Nanos,
    long overloadDrops,
    String failure) {
  /** A count that the transport does not tell. */
  public static final long UNKNOWN = -1;

  LabLine toLine(int id) {
    LabLine line =
        new LabLine("result")
            .put("id", id)
            .put("due", summary.due())
            .put("sent", summary.sent())
            .put("delivered", summary.delivered())
            .put("duplicated", summary.duplicated())
            .put("outOfOrder", summary.outOfOrder())
            .put("corrupted", summary.corrupted())
            .put("goodput", summary.goodputBitsPerSecond())
            .put("p50", summary.p50Nanos())
            .put("p99", summary.p99Nanos())
            .put("max", summary.maxNanos())
            .put("timely", summary.timelyShare());
    up.put(line, "up");
    down.put(line, "down");
    return line.put("retransmissions", retransmissions)
        .put("congestion", congestionController)
        .put("connect", connectNanos)
        .put("late", lateP99Nanos)
        .put("overload", overloadDrops)
        .put("failure", failure);
  }

  static FlowResult parse(LabLine line) {
    DeliverySummary summary =
        new DeliverySummary(
            line.integer("due"),
            line.integer("sent"),
            line.integer("delivered"),
            line.integer("duplicated"),
            line.integer("outOfOrder"),
            line.integer("corrupted"),
            line.real("goodput"),
            line.number("p50"),
            line.number("p99"),
            line.number("max"),
            line.real("timely"));
    return new FlowResult(
        summary,
        LinkTraffic.parse(line, "up"),
        LinkTraffic.parse(line, "down"),
        line.number("retransmissions"),
        line.text("congestion"),
        line.number("connect"),
        line.number("late"),
        line.number("overload"),
        line.text("failure"));
  }
}
