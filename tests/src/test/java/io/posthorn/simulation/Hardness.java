package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumMap;
import java.util.Map;
import java.util.StringJoiner;

/** How bad the networks of a property's tries were, for a property over good ones proves little. */
final class Hardness {
  /** What may happen to the datagrams of a try. */
  enum Fault {
    LOST,
    REORDERED,
    OUTAGE,
    DUPLICATED,
    CORRUPTED,
    QUEUE_FULL,
    TOO_LARGE,
    MARKED;

    private boolean isIn(LinkCounters counters) {
      return switch (this) {
        case LOST -> counters.lost() > 0;
        case REORDERED -> counters.reordered() > 0;
        case OUTAGE -> counters.outageDropped() > 0;
        case DUPLICATED -> counters.duplicated() > 0;
        case CORRUPTED -> counters.corrupted() > 0;
        case QUEUE_FULL -> counters.queueDropped() > 0;
        case TOO_LARGE -> counters.mtuDropped() > 0;
        case MARKED -> counters.marked() > 0;
      };
    }
  }

  /** Below so many tries, shares say nothing. */
  static final int FEWEST_TRIES = 60;

  private static final int MOST_NEVER_OPENED_PERCENT = 5;

  private final Map<Fault, Integer> seen = new EnumMap<>(Fault.class);
  private final Map<Fault, Integer> leastPercent = new EnumMap<>(Fault.class);
  private int tries;
  private int neverOpened;

  /** Demands that a fault was seen in at least so many of a hundred tries. */
  Hardness atLeast(int percent, Fault fault) {
    leastPercent.put(fault, percent);
    return this;
  }

  void add(LinkCounters counters) {
    tries++;
    for (Fault fault : Fault.values()) {
      seen.merge(fault, fault.isIn(counters) ? 1 : 0, Integer::sum);
    }
  }

  /** Messages of a try that did not arrive, since the handshake did not come through in time. */
  void addNeverOpened(int messages) {
    neverOpened += messages > 0 ? 1 : 0;
  }

  /** Fails if a fault was rarer than it has to be, or too many tries opened no connection. */
  void check() {
    System.out.println(this);
    if (tries < FEWEST_TRIES) {
      return;
    }
    leastPercent.forEach(
        (fault, percent) ->
            assertTrue(
                100 * seen.getOrDefault(fault, 0) >= percent * tries,
                () -> "less than " + percent + " %: " + fault + ": " + this));
    assertTrue(100 * neverOpened < MOST_NEVER_OPENED_PERCENT * tries, toString());
  }

  @Override
  public String toString() {
    StringJoiner shares = new StringJoiner(", ", "of " + tries + " tries ", "");
    seen.forEach((fault, count) -> shares.add(share(count) + " % " + fault));
    return shares.add(share(neverOpened) + " % never opened").toString();
  }

  private int share(int count) {
    return tries == 0 ? 0 : 100 * count / tries;
  }
}
