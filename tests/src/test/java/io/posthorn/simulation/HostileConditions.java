package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Distribution;
import io.posthorn.simulation.LinkConditions.QueueUnit;
import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Bad networks drawn from a random generator, for runs that are too long for a property. */
final class HostileConditions {
  /** What a network can do to datagrams; a run has some of these and not the others. */
  enum Fault {
    DELAY,
    JITTER,
    LOSS,
    BURSTS,
    REORDERING,
    DUPLICATION,
    CORRUPTION,
    RATE,
    MTU,
    OUTAGE,
    LONG_OUTAGE,
    REBINDING
  }

  private static final double PERCENT = 0.01;
  private static final int NONE_AT_ALL = 12;

  private HostileConditions() {}

  /**
   * Each fault with an even chance; in one run of twelve none, so that the checks see peace too.
   */
  static Set<Fault> draw(RandomGenerator random) {
    Set<Fault> faults = EnumSet.noneOf(Fault.class);
    if (random.nextInt(NONE_AT_ALL) == 0) {
      return faults;
    }
    for (Fault fault : Fault.values()) {
      if (random.nextBoolean()) {
        faults.add(fault);
      }
    }
    return faults;
  }

  /**
   * One direction's conditions for some time.
   *
   * @param faults what may happen; each is at work half of the time
   * @param behindTranslator whether the sender may get new addresses
   */
  static LinkConditions draw(RandomGenerator random, Set<Fault> faults, boolean behindTranslator) {
    LinkConditions link = LinkConditions.NONE.withDelay(Duration.ofMillis(1));
    int delayMillis = has(random, faults, Fault.DELAY) ? pick(random, 5, 20, 100, 400) : 1;
    int jitterMillis = has(random, faults, Fault.JITTER) ? pick(random, 1, 5, 20, 200) : 0;
    link =
        link.withDelay(
            Duration.ofMillis(delayMillis),
            Duration.ofMillis(jitterMillis),
            random.nextBoolean() ? Distribution.NORMAL : Distribution.UNIFORM);
    if (has(random, faults, Fault.LOSS)) {
      int percent = random.nextInt(4) == 0 ? 31 + random.nextInt(30) : 1 + random.nextInt(30);
      link = link.withLoss(percent * PERCENT);
    } else if (has(random, faults, Fault.BURSTS)) {
      double leave = 1.0 / pick(random, 3, 8, 20);
      double mean = (1 + random.nextInt(30)) * PERCENT;
      link = link.withBurstLoss(leave * mean / (1 - mean), leave);
    }
    if (has(random, faults, Fault.REORDERING)) {
      Duration hold = Duration.ofMillis(pick(random, 1, 10, 50, 500, 2_000));
      link = link.withReorder(pick(random, 1, 10, 50) * PERCENT, hold, pick(random, 1, 5));
    }
    if (has(random, faults, Fault.DUPLICATION)) {
      Duration late = Duration.ofMillis(pick(random, 0, 1, 100, 10_000));
      link = link.withDuplicate(pick(random, 1, 10, 50, 100) * PERCENT, late);
    }
    if (has(random, faults, Fault.CORRUPTION)) {
      link = link.withCorrupt(pick(random, 1, 5, 10) * PERCENT);
    }
    if (has(random, faults, Fault.RATE)) {
      link =
          link.withRate(pick(random, 256, 1_000, 20_000) * 1_000L)
              .withQueue(QueueUnit.PACKETS, pick(random, 3, 10, 100, 1_000));
    }
    if (has(random, faults, Fault.MTU)) {
      link = link.withMtu(pick(random, 1_500, 1_280, NetworkArbitraries.LEAST_MTU_BYTES));
    }
    if (has(random, faults, Fault.LONG_OUTAGE) && random.nextInt(4) == 0) {
      link =
          link.withOutage(
              Duration.ofSeconds(random.nextInt(5)), Duration.ofSeconds(10 + random.nextInt(60)));
    } else if (has(random, faults, Fault.OUTAGE)) {
      Duration at = Duration.ofMillis(random.nextInt(5_000));
      Duration length = Duration.ofMillis(100 + random.nextInt(9_900));
      link = link.withOutage(at, length, length.multipliedBy(2 + random.nextInt(4)));
    }
    if (behindTranslator && has(random, faults, Fault.REBINDING)) {
      link =
          link.withRebind(
              Duration.ofMillis(1_000 + random.nextInt(20_000)),
              random.nextBoolean() ? Rebinding.PORT : Rebinding.ADDRESS);
    }
    return link;
  }

  private static boolean has(RandomGenerator random, Set<Fault> faults, Fault fault) {
    return faults.contains(fault) && random.nextBoolean();
  }

  private static int pick(RandomGenerator random, int... values) {
    return values[random.nextInt(values.length)];
  }
}
