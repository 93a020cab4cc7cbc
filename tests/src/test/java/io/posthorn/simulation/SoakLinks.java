package io.posthorn.simulation;

import java.util.random.RandomGenerator;

/** The links of a run of the soak: conditions that change, and how long each fault was in force. */
final class SoakLinks {
  private static final int ETHERNET_BYTES = 1_500;

  private final SoakPlan plan;
  private final RandomGenerator random;
  private final SimulatedNetwork network;
  private final SoakTally tally;
  private final long healNanos;
  private final Runnable onChange;
  private final LinkConditions[][] links;
  private final long[][] changedNanos;
  private long hostileSinceNanos = -1;

  /**
   * Links between nobody yet.
   *
   * @param onChange called after each change
   */
  SoakLinks(
      SoakPlan plan,
      RandomGenerator random,
      SimulatedNetwork network,
      SoakTally tally,
      long healNanos,
      Runnable onChange) {
    this.plan = plan;
    this.random = random;
    this.network = network;
    this.tally = tally;
    this.healNanos = healNanos;
    this.onChange = onChange;
    links = new LinkConditions[plan.hosts()][plan.hosts()];
    changedNanos = new long[plan.hosts()][plan.hosts()];
  }

  /** A direction that is used, and bad from the start. */
  void open(Party from, Party to) {
    links[from.end][to.end] = LinkConditions.NONE;
    change(from, to);
  }

  /** Whether this direction is used. */
  boolean isOpen(Party from, Party to) {
    return links[from.end][to.end] != null;
  }

  /** From now on conditions drawn anew, and again and again until the network heals. */
  void change(Party from, Party to) {
    boolean translated = plan.server() && from.end != 0;
    use(from, to, HostileConditions.draw(random, plan.faults(), translated));
    onChange.run();
    double wait = -Math.log(1 - random.nextDouble()) * plan.changeSeconds() * 1e9;
    long at = network.nowNanos() + (long) wait;
    if (at < healNanos) {
      network.at(at, () -> change(from, to));
    }
  }

  /** From now on these conditions. */
  void use(Party from, Party to, LinkConditions link) {
    long now = network.nowNanos();
    if (anyFaulty() && hostileSinceNanos >= 0) {
      tally.add(SoakTally.HOSTILE, now - hostileSinceNanos);
    }
    hostileSinceNanos = now;
    count(links[from.end][to.end], now - changedNanos[from.end][to.end]);
    links[from.end][to.end] = link;
    changedNanos[from.end][to.end] = now;
    network.link(from.address, to.address, link);
  }

  private boolean anyFaulty() {
    for (LinkConditions[] row : links) {
      for (LinkConditions link : row) {
        if (link != null && isFaulty(link)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isFaulty(LinkConditions link) {
    return link.meanLoss() > 0
        || link.jitterNanos() > 0
        || link.reorder().ppb() > 0
        || link.duplicate().ppb() > 0
        || link.corruptPpb() > 0
        || link.rateBitsPerSecond() > 0
        || link.mtuBytes() <= ETHERNET_BYTES
        || link.hasOutage()
        || link.rebindPeriodNanos() > 0;
  }

  private void count(LinkConditions link, long nanos) {
    tally.add(SoakTally.LINKS, nanos);
    count("any-fault", isFaulty(link), nanos);
    count("loss", link.meanLoss() > 0, nanos);
    count("loss-over-30", link.meanLoss() > 0.3, nanos);
    count("bursts", link.loss().bursts(), nanos);
    count("jitter", link.jitterNanos() > 0, nanos);
    count("reordering", link.reorder().ppb() > 0, nanos);
    count("duplication", link.duplicate().ppb() > 0, nanos);
    count("corruption", link.corruptPpb() > 0, nanos);
    count("rate", link.rateBitsPerSecond() > 0, nanos);
    count("small-mtu", link.mtuBytes() <= ETHERNET_BYTES, nanos);
    count("outages", link.hasOutage(), nanos);
    count("rebinding", link.rebindPeriodNanos() > 0, nanos);
  }

  private void count(String name, boolean holds, long nanos) {
    tally.add("link." + name, holds ? nanos : 0);
  }
}
