package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PathDelayTest {
  private static final long MS = 1_000_000;

  private final PathDelay delay = new PathDelay();
  private long now;

  private void samples(int count, long millis) {
    for (int i = 0; i < count; i++) {
      now += MS;
      delay.onSample(millis * MS, now);
    }
  }

  @Test
  void nothingIsKnownBeforeTheFirstSample() {
    assertEquals(0, delay.minNanos());
    assertEquals(0, delay.lastRoundQueueNanos());
    assertFalse(delay.waitExceeds(0));
    delay.endRound();
    assertEquals(0, delay.lastRoundQueueNanos());
  }

  @Test
  void theSmallestIsThePathAndTheRestTheQueue() {
    samples(1, 50);
    assertEquals(50 * MS, delay.minNanos());
    assertEquals(0, delay.queueNanos());
    samples(1, 70);
    assertEquals(70 * MS, delay.smoothedNanos(), "in the first round each sample counts alone");
    assertEquals(20 * MS, delay.queueNanos());
    assertEquals(20 * MS, delay.largestQueueNanos());
    samples(1, 40);
    assertEquals(40 * MS, delay.minNanos());
  }

  @Test
  void manySamplesARoundAreSmoothedOverAQuarterOfThemSixteenAtMost() {
    samples(20, 40);
    delay.endRound();
    samples(1, 50);
    assertEquals(42 * MS, delay.smoothedNanos(), "a fifth of the way");
    samples(400, 40);
    delay.endRound();
    samples(1, 56);
    assertTrue(Math.abs(delay.smoothedNanos() - 41 * MS) < MS / 10, "a sixteenth");
  }

  @Test
  void theLeastWaitOfARoundIsKept() {
    samples(4, 40);
    delay.endRound();
    samples(1, 60);
    samples(1, 47);
    samples(1, 90);
    assertEquals(0, delay.lastRoundQueueNanos(), "the round has not ended");
    delay.endRound();
    assertEquals(7 * MS, delay.lastRoundQueueNanos());
    assertEquals(50 * MS - 50 * MS / 64, delay.largestQueueNanos(), "decays by each round");
  }

  @Test
  void aWaitIsRealWhenEightSamplesShowIt() {
    samples(1, 40);
    samples(7, 50);
    assertFalse(delay.waitExceeds(5 * MS), "the first of them did not wait");
    samples(1, 50);
    assertTrue(delay.waitExceeds(5 * MS));
    assertFalse(delay.waitExceeds(10 * MS), "not longer than ten");
    samples(1, 41);
    assertFalse(delay.waitExceeds(5 * MS));
  }

  @Test
  void aSmallestThatIsSeenNoMoreBecomesStale() {
    samples(1, 64);
    long set = now;
    samples(1, 65);
    assertFalse(delay.isStale(set + 1 + PathDelay.WINDOW_NANOS), "a near one showed that it holds");
    samples(1, 66);
    assertFalse(delay.isStale(set + MS + PathDelay.WINDOW_NANOS));
    assertTrue(delay.isStale(set + MS + 1 + PathDelay.WINDOW_NANOS));
    delay.forget(now);
    assertEquals(66 * MS, delay.minNanos());
    assertFalse(delay.isStale(now + PathDelay.WINDOW_NANOS));
  }

  @Test
  void theQueueIsHighAtHalfItsLargestAndBeyondNoise() {
    samples(1, 64);
    assertFalse(delay.isQueueHigh());
    samples(1, 84);
    assertTrue(delay.isQueueHigh());
    samples(1, 73);
    assertFalse(delay.isQueueHigh(), "nine of twenty");
    samples(1, 74);
    assertTrue(delay.isQueueHigh(), "ten of twenty");
    PathDelay still = new PathDelay();
    still.onSample(64 * MS, 0);
    still.onSample(66 * MS, 0);
    assertFalse(still.isQueueHigh(), "two milliseconds are noise");
    PathDelay near = new PathDelay();
    near.onSample(MS, 0);
    near.onSample(MS + MS / 10, 0);
    assertTrue(near.isQueueHigh(), "on a short path less counts");
  }
}
