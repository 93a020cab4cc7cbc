package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowCeilingTest {
  private static final int PACKET = 1_000;
  private static final long MS = 1_000_000L;
  private static final long RTT = 20 * MS;

  private final WindowCeiling ceiling = new WindowCeiling(PACKET);

  /** As if nothing else had been in flight: from 100,000 to 70,000 bytes. */
  private void setAt(long nowNanos) {
    ceiling.onLoss(nowNanos, 100_000, 100_000, false, 0);
  }

  private void acknowledge(long nowNanos, long sentNanos, long flightBytes, boolean limited) {
    ceiling.onAcknowledged(nowNanos, sentNanos, PACKET, flightBytes, limited, RTT);
  }

  @Test
  void isNoBoundBeforeCongestion() {
    assertEquals(Long.MAX_VALUE, ceiling.bytes());
    assertFalse(ceiling.hasPaidFor(0));
    acknowledge(RTT, 0, 50_000, false);
    assertEquals(Long.MAX_VALUE, ceiling.bytes());
    assertFalse(ceiling.undo());
  }

  @Test
  void lossSetsItToSevenTenthsOfWhatIsHeld() {
    ceiling.onLoss(RTT, 50_000, 60_000, false, 0);
    assertEquals(42_000, ceiling.bytes());
  }

  @Test
  void lossCutsNoFartherThanTheFloor() {
    ceiling.onLoss(RTT, 50_000, 60_000, false, 55_000);
    assertEquals(55_000, ceiling.bytes());
  }

  /** One far above what is in flight would not be felt, but where it alone is the window. */
  @ParameterizedTest
  @CsvSource({
    "40000, 50000, false, 35000",
    "40000, 50000, true, 49000",
    "70000, 90000, false, 49000",
    "69999, 90000, false, 62999"
  })
  void nextLossCutsFromItOrFromWhatIsHeld(
      long inFlightBytes, long heldBytes, boolean competing, long bytes) {
    setAt(RTT);
    ceiling.onLoss(2 * RTT, inFlightBytes, heldBytes, competing, 0);
    assertEquals(bytes, ceiling.bytes());
  }

  @Test
  void aFlightPaysOnce() {
    setAt(RTT);
    assertTrue(ceiling.hasPaidFor(RTT));
    assertFalse(ceiling.hasPaidFor(RTT + 1));
  }

  @ParameterizedTest
  @CsvSource({"false, 64000", "true, 56000"})
  void markLeavesFourFifthsUnlessTheWindowAloneDecides(boolean competing, long bytes) {
    ceiling.onMark(RTT, 80_000, competing);
    assertEquals(bytes, ceiling.bytes());
    assertTrue(ceiling.hasPaidFor(RTT));
  }

  @Test
  void nextMarkCutsFromItIfItLimitsTheFlow() {
    ceiling.onMark(RTT, 80_000, false);
    acknowledge(2 * RTT, 0, 64_000, false);
    ceiling.onMark(2 * RTT, 200_000, false);
    assertEquals(51_200, ceiling.bytes());
  }

  @Test
  void nextMarkCutsFromTheFlightIfItDoesNotLimitIt() {
    ceiling.onMark(RTT, 80_000, false);
    acknowledge(2 * RTT, 0, 30_000, false);
    ceiling.onMark(2 * RTT, 30_000, false);
    assertEquals(24_000, ceiling.bytes());
  }

  /** Up to three packets below it a flow is limited by it. */
  @ParameterizedTest
  @CsvSource({"67000, false, true", "66999, false, false", "67000, true, false"})
  void growsWhileItLimitsTheFlow(long flightBytes, boolean applicationLimited, boolean grows) {
    setAt(RTT);
    for (int i = 1; i <= 40; i++) {
      acknowledge(RTT + i * RTT, RTT + 1, flightBytes, applicationLimited);
    }
    assertEquals(grows, ceiling.bytes() > 70_000, () -> "now " + ceiling.bytes());
  }

  @Test
  void doesNotGrowByWhatWasSentBeforeTheCut() {
    setAt(RTT);
    for (int i = 1; i <= 40; i++) {
      acknowledge(RTT + i * RTT, RTT, 100_000, false);
    }
    assertEquals(70_000, ceiling.bytes());
  }

  /**
   * Beside one that is in use, ten seconds in which the flow does not use it; they would count as
   * growth else.
   */
  private void growsLessIfUnusedBy(LongConsumer unused) {
    WindowCeiling used = new WindowCeiling(PACKET);
    used.onLoss(RTT, 100_000, 100_000, false, 0);
    setAt(RTT);
    used.onAcknowledged(2 * RTT, 2 * RTT, PACKET, 100_000, false, RTT);
    acknowledge(2 * RTT, 2 * RTT, 100_000, false);
    long later = 10_000 * MS;
    unused.accept(later);
    used.onAcknowledged(later, later, PACKET, 100_000, false, RTT);
    acknowledge(later, later, 100_000, false);
    assertTrue(ceiling.bytes() < used.bytes(), () -> ceiling.bytes() + ", " + used.bytes());
  }

  @Test
  void timeInWhichItIsNotUsedDoesNotCount() {
    growsLessIfUnusedBy(ceiling::pause);
  }

  /** As by a pause: what is acknowledged of a flow that does not use it moves its time along. */
  @Test
  void anUnlimitedFlowMovesItsTimeAlong() {
    growsLessIfUnusedBy(later -> acknowledge(later, later, 1_000, false));
  }

  @Test
  void isRaisedButNeverLowered() {
    ceiling.raiseTo(50_000);
    assertEquals(50_000, ceiling.bytes());
    ceiling.raiseTo(40_000);
    assertEquals(50_000, ceiling.bytes());
    ceiling.raiseTo(60_000);
    assertEquals(60_000, ceiling.bytes());
  }

  @Test
  void aProbeThatLeftTheQueueEmptyRaisesItByAQuarter() {
    setAt(RTT);
    acknowledge(2 * RTT, RTT, 70_000, false);
    ceiling.onProbeWithoutQueue(RTT + 1);
    assertEquals(87_500, ceiling.bytes());
  }

  @Test
  void aProbeDoesNotRaiseWhatWasCutSinceItBegan() {
    setAt(RTT);
    acknowledge(2 * RTT, RTT, 70_000, false);
    ceiling.onProbeWithoutQueue(RTT);
    assertEquals(70_000, ceiling.bytes());
  }

  @Test
  void aProbeDoesNotRaiseWhatDoesNotLimitTheFlow() {
    setAt(RTT);
    acknowledge(2 * RTT, RTT, 30_000, false);
    ceiling.onProbeWithoutQueue(RTT + 1);
    assertEquals(70_000, ceiling.bytes());
  }

  /** Where queues are kept that short, others see no more of them either. */
  @Test
  void aProbeDoesNotRaiseWhatAMarkHasSet() {
    ceiling.onMark(RTT, 100_000, false);
    acknowledge(2 * RTT, RTT, 80_000, false);
    ceiling.onProbeWithoutQueue(RTT + 1);
    assertEquals(80_000, ceiling.bytes());
  }

  @Test
  void aProbeSetsNoneWhereThereIsNone() {
    acknowledge(2 * RTT, RTT, 80_000, false);
    ceiling.onProbeWithoutQueue(RTT + 1);
    assertEquals(Long.MAX_VALUE, ceiling.bytes());
  }

  @Test
  void spuriousLossTakesBackTheCeilingThatItSet() {
    setAt(RTT);
    assertTrue(ceiling.undo());
    assertEquals(Long.MAX_VALUE, ceiling.bytes());
    assertFalse(ceiling.hasPaidFor(RTT));
    assertFalse(ceiling.undo(), "once");
  }

  /** By then it alone may be what bounds the flow. */
  @ParameterizedTest
  @CsvSource({"50000, 100000", "120000, 120000"})
  void spuriousLossDoesNotTakeBackACeilingThatWasWantedSince(long raisedTo, long bytes) {
    setAt(RTT);
    ceiling.raiseTo(raisedTo);
    assertTrue(ceiling.undo());
    assertEquals(bytes, ceiling.bytes());
  }

  @Test
  void spuriousLossTakesBackTheLastCutAlone() {
    setAt(RTT);
    ceiling.onLoss(3 * RTT, 70_000, 70_000, false, 0);
    assertEquals(49_000, ceiling.bytes());
    assertTrue(ceiling.undo());
    assertEquals(70_000, ceiling.bytes());
    assertTrue(ceiling.hasPaidFor(RTT));
    assertFalse(ceiling.hasPaidFor(RTT + 1));
  }

  @Test
  void whatIsConfirmedIsNotTakenBack() {
    setAt(RTT);
    ceiling.confirm();
    assertFalse(ceiling.undo());
    assertEquals(70_000, ceiling.bytes());
  }

  @Test
  void isForgottenWithThePath() {
    setAt(RTT);
    ceiling.forget();
    assertEquals(Long.MAX_VALUE, ceiling.bytes());
    assertFalse(ceiling.hasPaidFor(RTT));
  }

  @Test
  void holdsTwoPacketsOfAnySize() {
    ceiling.onLoss(RTT, 2_000, 2_000, false, 0);
    assertEquals(2_000, ceiling.bytes());
    ceiling.onPacketSizeChanged(1_400);
    assertEquals(2_800, ceiling.bytes());
  }
}
