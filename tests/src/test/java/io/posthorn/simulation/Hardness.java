package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** How bad the networks of a property's tries were, for a property over good ones proves little. */
final class Hardness {
  /** Below so many tries, shares say nothing. */
  private static final int FEWEST_TRIES = 100;

  private int tries;
  private int lost;
  private int reordered;
  private int outages;
  private int duplicated;
  private int corrupted;
  private int neverOpened;

  void add(LinkCounters counters) {
    tries++;
    lost += counters.lost() > 0 ? 1 : 0;
    reordered += counters.reordered() > 0 ? 1 : 0;
    outages += counters.outageDropped() > 0 ? 1 : 0;
    duplicated += counters.duplicated() > 0 ? 1 : 0;
    corrupted += counters.corrupted() > 0 ? 1 : 0;
  }

  /** Messages of a try that did not arrive, since the handshake did not come through in time. */
  void addNeverOpened(int messages) {
    neverOpened += messages > 0 ? 1 : 0;
  }

  /** At least half of the tries lost something, a quarter reordered, a tenth saw an outage. */
  void check() {
    System.out.println(this);
    if (tries >= FEWEST_TRIES) {
      assertTrue(2 * lost >= tries && 4 * reordered >= tries && 10 * outages >= tries, toString());
      assertTrue(20 * neverOpened < tries, toString());
    }
  }

  @Override
  public String toString() {
    return ("of %d tries %d %% lost something, %d %% reordered, %d %% saw an outage, %d %% duplicated,"
            + " %d %% corrupted, %d %% never opened")
        .formatted(
            tries,
            share(lost),
            share(reordered),
            share(outages),
            share(duplicated),
            share(corrupted),
            share(neverOpened));
  }

  private int share(int count) {
    return tries == 0 ? 0 : 100 * count / tries;
  }
}
