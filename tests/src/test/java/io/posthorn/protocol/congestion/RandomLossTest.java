package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RandomLossTest {
  private static final int PACKET = 1_000;

  private final RandomLoss loss = new RandomLoss();

  /** So many packets, of which this many are lost; the lost ones first. */
  private void packets(int count, int lost, boolean queueHigh, boolean drain) {
    for (int i = 0; i < lost; i++) {
      loss.onLost(PACKET, queueHigh, drain);
    }
    for (int i = lost; i < count; i++) {
      loss.onDelivered(PACKET, queueHigh, drain, PACKET);
    }
  }

  /** Four times a hundred packets at a short queue, of each of which this many are lost. */
  private void fourHundred(int lostOfHundred) {
    for (int i = 0; i < 4; i++) {
      packets(100, lostOfHundred, false, false);
    }
  }

  @Test
  void theShareIsMeasuredByTheHundredAndSmoothedOverFour() {
    packets(99, 10, false, false);
    assertEquals(0, loss.share());
    packets(1, 0, false, false);
    assertEquals(0.1, loss.share(), 1e-9);
    packets(100, 0, false, false);
    assertEquals(0.05, loss.share(), 1e-9);
    packets(100, 8, false, false);
    assertEquals(0.06, loss.share(), 1e-9);
    packets(100, 6, false, false);
    assertEquals(0.06, loss.share(), 1e-9);
    packets(100, 10, false, false);
    assertEquals(0.07, loss.share(), 1e-9, "a quarter of the way");
  }

  @Test
  void theShareEndsAtTwentyPercentAndFromAQuarterOnItIsExcessive() {
    packets(100, 25, false, false);
    assertEquals(RandomLoss.MOST, loss.share());
    assertFalse(loss.isExcessive());
    packets(100, 26, false, false);
    assertTrue(loss.isExcessive());
    packets(100, 0, false, false);
    assertFalse(loss.isExcessive());
  }

  @Test
  void lossAtALongQueueSaysNothingOfThePath() {
    packets(200, 50, true, false);
    assertEquals(0, loss.share());
    assertTrue(loss.hasLossAtQueue());
  }

  @Test
  void congestiveIsWhatExceedsThePathsOwnShareByFar() {
    packets(100, 5, false, false);
    assertFalse(loss.isCongestive(PACKET), "nothing was lost at a long queue");
    packets(25, 3, true, false);
    assertFalse(loss.isCongestive(PACKET), "3 of 25 is no more than twice 5 % and 2 %");
    packets(1, 1, true, false);
    assertTrue(loss.isCongestive(PACKET), "4 of 26 is");
  }

  @Test
  void aFewPacketsAreNotJudged() {
    packets(19, 19, true, false);
    assertFalse(loss.isCongestive(PACKET));
    packets(1, 0, true, false);
    assertTrue(loss.isCongestive(PACKET));
    RandomLoss two = new RandomLoss();
    two.onLost(2 * PACKET, true, false);
    two.onDelivered(18 * PACKET, true, false, PACKET);
    assertFalse(two.isCongestive(PACKET), "two packets may be chance");
    two.onLost(PACKET, true, false);
    assertTrue(two.isCongestive(PACKET));
  }

  @Test
  void whatWasLostAtTheQueueIsForgottenAfterAHundredPackets() {
    packets(99, 9, true, false);
    loss.endRound(PACKET);
    assertTrue(loss.hasLossAtQueue());
    packets(1, 0, true, false);
    loss.endRound(PACKET);
    assertFalse(loss.hasLossAtQueue());
    assertFalse(loss.isCongestive(PACKET));
  }

  @Test
  void whatArrivesLateWasNotLost() {
    loss.onLost(8 * PACKET, false, false);
    loss.onLost(8 * PACKET, true, true);
    loss.onLateArrival(6 * PACKET);
    packets(92, 0, false, false);
    assertEquals(0.02, loss.share(), 1e-9);
    loss.onLateArrival(100 * PACKET);
    assertFalse(loss.hasLossAtQueue());
    packets(100, 0, false, false);
    assertEquals(0.01, loss.share(), 1e-9, "never less than none");
  }

  @Test
  void withoutDrainsLittleIsMadeUpFor() {
    fourHundred(20);
    assertEquals(0.2, loss.share(), 1e-9);
    assertEquals(0.12, loss.shareMadeUpFor(PACKET), 1e-9);
    packets(99, 0, false, true);
    assertEquals(0.12, loss.shareMadeUpFor(PACKET), 1e-9, "not enough drained to tell");
  }

  @Test
  void whatDrainsDoNotLoseIsNotThePathsOwn() {
    fourHundred(10);
    packets(100, 4, false, true);
    assertEquals(1.25 * 0.04 + 0.01, loss.shareMadeUpFor(PACKET), 1e-9);
  }

  @Test
  void olderDrainsCountLess() {
    fourHundred(20);
    packets(100, 10, false, true);
    loss.beginDrain();
    packets(100, 0, false, true);
    assertEquals(1.25 * 8 / 180 + 0.01, loss.shareMadeUpFor(PACKET), 1e-9);
  }
}
