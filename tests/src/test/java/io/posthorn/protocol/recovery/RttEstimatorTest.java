package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** RFC 9002 §5 against values worked out by hand. */
class RttEstimatorTest {
  private static final long MS = 1_000_000;

  private final RttEstimator rtt = new RttEstimator();

  @Test
  void beforeTheFirstSampleTheInitialValuesHold() {
    assertFalse(rtt.hasSample());
    assertEquals(250 * MS, rtt.smoothedRttNanos());
    assertEquals(125 * MS, rtt.rttVarianceNanos());
    assertEquals(0, rtt.latestRttNanos());
    assertEquals(0, rtt.minRttNanos());
    assertEquals((250 + 500 + 25) * MS, rtt.probeTimeoutNanos(25 * MS));
  }

  @Test
  void aGuessHoldsWithinBoundsUntilTheFirstSample() {
    rtt.assume(100 * MS);
    assertFalse(rtt.hasSample());
    assertEquals(100 * MS, rtt.smoothedRttNanos());
    assertEquals(50 * MS, rtt.rttVarianceNanos());
    assertEquals(0, rtt.minRttNanos());
    rtt.assume(10 * MS);
    assertEquals(250 * MS / 3, rtt.smoothedRttNanos(), "so that the probe timeout is 250 ms");
    rtt.assume(600 * MS);
    assertEquals(250 * MS, rtt.smoothedRttNanos(), "as without one");
    rtt.onSample(40 * MS, 0);
    rtt.assume(100 * MS);
    assertEquals(40 * MS, rtt.smoothedRttNanos());
    assertEquals(40 * MS, rtt.minRttNanos());
  }

  @Test
  void theFirstSampleIsTakenAsItIs() {
    rtt.onSample(100 * MS, 20 * MS);
    assertTrue(rtt.hasSample());
    assertEquals(100 * MS, rtt.smoothedRttNanos());
    assertEquals(50 * MS, rtt.rttVarianceNanos());
    assertEquals(100 * MS, rtt.latestRttNanos());
    assertEquals(100 * MS, rtt.minRttNanos());
    assertEquals((100 + 200 + 25) * MS, rtt.probeTimeoutNanos(25 * MS));
  }

  @Test
  void laterSamplesAreWeighedWithoutTheAckDelay() {
    rtt.onSample(100 * MS, 0);
    rtt.onSample(120 * MS, 10 * MS);
    // Adjusted 110: variance 3/4 · 50 + 1/4 · |100 - 110|, average 7/8 · 100 + 1/8 · 110.
    assertEquals(40 * MS, rtt.rttVarianceNanos());
    assertEquals(101_250_000, rtt.smoothedRttNanos());
    assertEquals(120 * MS, rtt.latestRttNanos());
    assertEquals(100 * MS, rtt.minRttNanos());
    rtt.onSample(80 * MS, 0);
    assertEquals((120 * MS + 21_250_000) / 4, rtt.rttVarianceNanos());
    assertEquals((7 * 101_250_000L + 80 * MS) / 8, rtt.smoothedRttNanos());
    assertEquals(80 * MS, rtt.minRttNanos());
  }

  @Test
  void anAckDelayThatWouldUndercutTheMinimumIsNotBelieved() {
    rtt.onSample(100 * MS, 0);
    rtt.onSample(105 * MS, 10 * MS);
    assertEquals((7 * 100 * MS + 105 * MS) / 8, rtt.smoothedRttNanos());
    rtt.onSample(110 * MS, 10 * MS);
    long before = (7 * 100 * MS + 105 * MS) / 8;
    assertEquals((7 * before + 100 * MS) / 8, rtt.smoothedRttNanos(), "exactly the minimum is");
  }

  @Test
  void aSteadyPathEndsAtTheGranularity() {
    for (int i = 0; i < 200; i++) {
      rtt.onSample(10 * MS, 0);
    }
    assertEquals(10 * MS, rtt.smoothedRttNanos());
    assertEquals(11 * MS, rtt.probeTimeoutNanos(0));
  }

  @Test
  void aSampleOfNoTimeCountsAsOneNanosecond() {
    rtt.onSample(0, 0);
    assertEquals(1, rtt.minRttNanos());
    rtt.onSample(-5, 0);
    assertEquals(1, rtt.latestRttNanos());
  }

  /** RFC 9002 §5.2. */
  @Test
  void afterPersistentCongestionTheMinimumIsTheNewestSample() {
    rtt.onPersistentCongestion();
    assertEquals(0, rtt.minRttNanos(), "none yet");
    rtt.onSample(20 * MS, 0);
    rtt.onSample(50 * MS, 0);
    rtt.onPersistentCongestion();
    assertEquals(50 * MS, rtt.minRttNanos());
    rtt.onSample(40 * MS, 0);
    assertEquals(40 * MS, rtt.minRttNanos());
  }

  @Test
  void resetForgetsThePath() {
    rtt.onSample(3 * MS, 0);
    rtt.reset();
    assertFalse(rtt.hasSample());
    assertEquals(250 * MS, rtt.smoothedRttNanos());
    assertEquals(125 * MS, rtt.rttVarianceNanos());
    assertEquals(0, rtt.latestRttNanos());
    assertEquals(0, rtt.minRttNanos());
    rtt.onSample(900 * MS, 0);
    assertEquals(900 * MS, rtt.minRttNanos());
  }
}
