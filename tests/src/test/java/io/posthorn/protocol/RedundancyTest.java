package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** How often a thin flow's messages ride, and what that may cost. */
class RedundancyTest {
  private static final long MS = 1_000_000;
  private static final int OVERHEAD = 27;

  private static Redundancy flow(double lossShare, long gapNanos, int messageBytes, int packets) {
    Redundancy redundancy = new Redundancy(true);
    for (int i = 0; i < packets; i++) {
      redundancy.onMessages(1, messageBytes);
      redundancy.onPacket(OVERHEAD + messageBytes, (long) (lossShare * i), i * gapNanos);
    }
    return redundancy;
  }

  /** The smallest number of copies that loses less than one message in a hundred round trips. */
  @Property(tries = 200)
  void copiesAreTheFewestThatSuffice(
      @ForAll @DoubleRange(min = 0, max = 0.3) double loss,
      @ForAll @IntRange(min = 1, max = 50) int gap) {
    Redundancy redundancy = flow(loss, gap * MS, 64, 4000);
    double share = redundancy.lossShare();
    assertEquals(loss, share, 0.02);
    double messages = Math.max(1, 50.0 / gap);
    int copies = redundancy.copies(50 * MS);
    assertTrue(copies >= 1 && copies <= Redundancy.MOST_COPIES);
    boolean most = copies == Redundancy.MOST_COPIES;
    assertTrue(most || Math.pow(share, copies) * messages < 0.0101, copies + " are too few");
    assertTrue(
        copies == 1 || Math.pow(share, copies - 1) * messages >= 0.0099, copies + " are too many");
  }

  @Example
  void withoutLossNothingIsRepeated() {
    assertEquals(1, flow(0, MS, 64, 1000).copies(50 * MS));
  }

  @Example
  void switchedOffNothingIsRepeatedWhateverIsLost() {
    Redundancy off = new Redundancy(false);
    for (int i = 0; i < 100; i++) {
      off.onMessages(1, 64);
      off.onPacket(100, i / 2, i * MS);
    }
    assertEquals(1, off.copies(50 * MS));
  }

  /** Whoever spends the whole allowance of each packet never passes three times the bare bytes. */
  @Property(tries = 200)
  void theBudgetHolds(@ForAll @IntRange(min = 0, max = 1400) int bytes, @ForAll long seed) {
    Redundancy redundancy = new Redundancy(true);
    SplittableRandom random = new SplittableRandom(seed);
    long bare = 0;
    long spent = 0;
    for (int i = 0; i < 500; i++) {
      int messages = random.nextInt(3);
      for (int j = 0; j < messages; j++) {
        redundancy.onMessages(1, bytes);
        bare += bytes + 28;
      }
      int allowed = redundancy.allowanceBytes(OVERHEAD);
      if (allowed > 0) {
        redundancy.onPacket(allowed + OVERHEAD, 0, i * MS);
        spent += allowed + OVERHEAD + 28;
      }
      assertTrue(spent <= 3 * bare, spent + " for " + bare);
    }
  }

  /**
   * Four copies of 64 bytes and the headers are more than three bare datagrams: so packets wait.
   */
  @Example
  void packetsAreHeldOnlyWhereTheBudgetAsksForIt() {
    Redundancy redundancy = flow(0.1, MS, 64, 1000);
    assertTrue(redundancy.heldUntilNanos(1, OVERHEAD, 50 * MS) < 0);
    assertTrue(redundancy.heldUntilNanos(2, OVERHEAD, 50 * MS) < 0);
    long last = 999 * MS;
    assertEquals(last + 50 * MS / 20, redundancy.heldUntilNanos(4, OVERHEAD, 50 * MS));
    assertEquals(last + 5 * MS, redundancy.heldUntilNanos(4, OVERHEAD, 1000 * MS));
    Redundancy large = flow(0.1, MS, 10, 1000);
    assertTrue(large.heldUntilNanos(4, OVERHEAD, 50 * MS) < 0, "room enough beside the headers");
  }
}
