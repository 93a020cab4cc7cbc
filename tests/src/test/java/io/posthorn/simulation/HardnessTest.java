package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.Hardness.Fault;
import org.junit.jupiter.api.Test;

/** Tame networks are found out. */
class HardnessTest {
  private static final LinkCounters WILD = new LinkCounters(9, 1, 1, 1, 1, 1, 1, 1, 9, 900, 1);

  private static LinkCounters with(Fault fault) {
    return new LinkCounters(
        9,
        fault == Fault.LOST ? 1 : 0,
        fault == Fault.DUPLICATED ? 1 : 0,
        fault == Fault.REORDERED ? 1 : 0,
        fault == Fault.CORRUPTED ? 1 : 0,
        fault == Fault.QUEUE_FULL ? 1 : 0,
        fault == Fault.OUTAGE ? 1 : 0,
        fault == Fault.TOO_LARGE ? 1 : 0,
        9,
        900,
        fault == Fault.MARKED ? 1 : 0);
  }

  private static Hardness after(Hardness hardness, LinkCounters counters, int tries) {
    for (int i = 0; i < tries; i++) {
      hardness.add(counters);
    }
    return hardness;
  }

  @Test
  void eachFaultIsMissedByItself() {
    for (Fault fault : Fault.values()) {
      after(new Hardness().atLeast(100, fault), WILD, 100).check();
      after(new Hardness().atLeast(100, fault), with(fault), 100).check();
      Hardness tame = new Hardness().atLeast(10, fault);
      for (Fault other : Fault.values()) {
        if (other != fault) {
          after(tame, with(other), 100);
        }
      }
      AssertionError missed = assertThrows(AssertionError.class, tame::check);
      assertTrue(String.valueOf(missed.getMessage()).contains(fault.name()), missed::getMessage);
    }
  }

  @Test
  void aShareIsOfAllTries() {
    Hardness half = new Hardness().atLeast(50, Fault.LOST);
    after(after(half, LinkCounters.ZERO, 50), WILD, 50).check();
    half.add(LinkCounters.ZERO);
    assertThrows(AssertionError.class, half::check);
  }

  @Test
  void networksThatOpenNothingAreTooHard() {
    Hardness hardness = after(new Hardness(), WILD, 100);
    for (int i = 0; i < 4; i++) {
      hardness.addNeverOpened(3);
    }
    hardness.check();
    hardness.addNeverOpened(1);
    assertThrows(AssertionError.class, hardness::check);
  }

  @Test
  void aFewTriesSayNothing() {
    Hardness few = new Hardness().atLeast(50, Fault.LOST);
    after(few, LinkCounters.ZERO, Hardness.FEWEST_TRIES - 1).check();
    few.add(LinkCounters.ZERO);
    assertThrows(AssertionError.class, few::check);
  }
}
