package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class QueueWatchTest {
  private static final long MS = 1_000_000;

  private final QueueWatch watch = new QueueWatch();
  private final PathDelay delay = new PathDelay();
  private long now;

  QueueWatchTest() {
    delay.onSample(48 * MS, 0);
    delay.endRound();
  }

  /** Rounds of 100 ms in which each packet waits so long. */
  private void rounds(int count, long waitMillis, boolean lossAtQueue) {
    for (int i = 0; i < count; i++) {
      now += 100 * MS;
      delay.onSample((48 + waitMillis) * MS, now);
      delay.endRound();
      watch.onRound(delay, lossAtQueue, now);
    }
  }

  @Test
  void aSixteenthOfThePathIsAsGoodAsEmpty() {
    rounds(20, 3, false);
    assertTrue(watch.isEmptyNowAndThen());
    assertFalse(watch.wantsDrain(false, now));
  }

  @Test
  void afterTenRoundsAndASecondWithoutEmptinessTheFlowLooks() {
    rounds(9, 10, false);
    assertTrue(watch.isEmptyNowAndThen());
    assertFalse(watch.wantsDrain(false, now + 1_000 * MS), "nine rounds");
    rounds(1, 10, false);
    assertTrue(watch.isEmptyNowAndThen());
    assertFalse(watch.wantsDrain(false, 999 * MS), "not a second yet");
    assertTrue(watch.wantsDrain(false, now));
    rounds(1, 10, false);
    assertFalse(watch.isEmptyNowAndThen());
  }

  @Test
  void whoCompetesLooksHalfAsOften() {
    rounds(19, 10, false);
    assertFalse(watch.wantsDrain(true, now + 2_000 * MS));
    rounds(1, 10, false);
    assertFalse(watch.wantsDrain(true, 1_999 * MS));
    assertTrue(watch.wantsDrain(true, now));
  }

  @Test
  void emptinessBeginsTheCountAnew() {
    rounds(10, 10, false);
    rounds(1, 0, false);
    assertTrue(watch.isEmptyNowAndThen());
    rounds(9, 10, false);
    assertFalse(watch.wantsDrain(false, now + 5_000 * MS));
  }

  @Test
  void aLongQueueThatStaysBelongsToOthers() {
    rounds(10, 40, false);
    rounds(1, 30, false);
    assertTrue(watch.judge(delay, false, now));
    assertFalse(watch.wantsDrain(false, now), "and that was looked at just now");
  }

  @Test
  void aQueueThatVanishesWasOnesOwn() {
    rounds(10, 40, true);
    rounds(1, 4, false);
    assertFalse(watch.judge(delay, false, now));
  }

  @Test
  void aShortQueueBelongsToNobodyUnlessItOverflowed() {
    rounds(11, 20, false);
    assertFalse(watch.judge(delay, false, now), "less than half the path");
    rounds(11, 20, true);
    assertTrue(watch.judge(delay, false, now), "it overflowed");
    rounds(1, 0, false);
    rounds(11, 20, false);
    assertFalse(watch.judge(delay, false, now), "that was before it was empty");
  }

  @Test
  void whoCompetesGoesOnUntilTheQueueIsGone() {
    rounds(10, 40, false);
    rounds(1, 12, false);
    assertTrue(watch.judge(delay, true, now), "more than a quarter is left");
    rounds(1, 5, false);
    assertFalse(watch.judge(delay, true, now));
  }
}
