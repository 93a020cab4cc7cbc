package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
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
    return flow(lossShare, gapNanos, messageBytes, packets, i -> 0);
  }

  private static Redundancy flow(
      double lossShare,
      long gapNanos,
      int messageBytes,
      int packets,
      IntUnaryOperator channelOfMessage) {
    Redundancy redundancy = new Redundancy(true);
    for (int i = 0; i < packets; i++) {
      redundancy.onMessages(channelOfMessage.applyAsInt(i), 1, messageBytes);
      redundancy.onPacket(OVERHEAD + messageBytes, (long) (lossShare * i), i, i * gapNanos);
    }
    return redundancy;
  }

  /** The smallest number of copies with which three messages in ten thousand come late, or less. */
  @Property(tries = 200)
  void copiesAreTheFewestThatSuffice(
      @ForAll @DoubleRange(min = 0, max = 0.3) double loss,
      @ForAll @IntRange(min = 1, max = 50) int gap,
      @ForAll @IntRange(min = 1, max = 16) int channels) {
    Redundancy redundancy = flow(loss, gap * MS, 64, 4000, i -> i % channels);
    double share = redundancy.lossShare();
    assertEquals(loss, share, 0.02);
    assertFewest(redundancy, 1 + 50.0 / gap / channels, 0.25);
  }

  /** An unordered message holds no other up. */
  @Property(tries = 50)
  void unorderedMessagesNeedFewer(@ForAll @DoubleRange(min = 0, max = 0.3) double loss) {
    assertFewest(flow(loss, MS, 64, 4000, i -> Redundancy.NONE), 1, 0.01);
  }

  private static void assertFewest(Redundancy redundancy, double heldUp, double tolerance) {
    double share = redundancy.lossShare();
    int copies = redundancy.copies(50 * MS);
    assertTrue(copies >= 1 && copies <= Redundancy.MOST_COPIES);
    boolean most = copies == Redundancy.MOST_COPIES;
    double late = Math.pow(share, copies) * heldUp;
    assertTrue(most || late < 0.0003 * (1 + tolerance), copies + " are too few");
    late = Math.pow(share, copies - 1) * heldUp;
    assertTrue(copies == 1 || late > 0.0003 * (1 - tolerance), copies + " are too many");
  }

  @Example
  void withoutLossNothingIsRepeated() {
    assertEquals(1, flow(0, MS, 64, 1000).copies(50 * MS));
  }

  @Example
  void somethingIsRepeatedUntilItIsKnownThatNothingIsLost() {
    Redundancy redundancy = new Redundancy(true);
    for (int i = 0; i < 1000; i++) {
      redundancy.onMessages(0, 1, 64);
      redundancy.onPacket(OVERHEAD + 64, 0, i / 8, i * MS);
      boolean known = i / 8 >= Redundancy.KNOWN_PACKETS;
      assertEquals(known ? 1 : 2, redundancy.copies(50 * MS), "after " + i);
      assertTrue(redundancy.heldUntilNanos(3, OVERHEAD, 50 * MS) < 0, "nothing waits for it");
    }
  }

  @Example
  void switchedOffNothingIsRepeatedWhateverIsLost() {
    Redundancy off = new Redundancy(false);
    for (int i = 0; i < 100; i++) {
      off.onMessages(0, 1, 64);
      off.onPacket(100, i / 2, i, i * MS);
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
        redundancy.onMessages(0, 1, bytes);
        bare += bytes + 28;
      }
      int allowed = redundancy.allowanceBytes(OVERHEAD);
      if (allowed > 0) {
        redundancy.onPacket(allowed + OVERHEAD, 0, i, i * MS);
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
    Redundancy redundancy = flow(0.12, MS, 64, 1000);
    assertTrue(redundancy.heldUntilNanos(1, OVERHEAD, 50 * MS) < 0);
    assertTrue(redundancy.heldUntilNanos(2, OVERHEAD, 50 * MS) < 0);
    long last = 999 * MS;
    assertEquals(last + 50 * MS / 16, redundancy.heldUntilNanos(4, OVERHEAD, 50 * MS));
    assertEquals(last + 5 * MS, redundancy.heldUntilNanos(4, OVERHEAD, 1000 * MS));
    Redundancy good = flow(0.05, MS, 64, 1000);
    long shorter = good.heldUntilNanos(4, OVERHEAD, 50 * MS);
    assertTrue(shorter > last && shorter < last + 2 * MS, "the less is lost, the shorter");
    Redundancy large = flow(0.12, MS, 10, 1000);
    assertTrue(large.heldUntilNanos(4, OVERHEAD, 50 * MS) < 0, "room enough beside the headers");
  }
}
