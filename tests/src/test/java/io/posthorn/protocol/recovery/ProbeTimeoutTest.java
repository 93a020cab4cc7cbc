package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** Back-off of probes and its two caps. */
class ProbeTimeoutTest {
  private static final long MS = 1_000_000;

  private final RttEstimator rtt = new RttEstimator();
  private final ProbeTimeout timeout = new ProbeTimeout();

  private long interval(long nowMillis) {
    return timeout.intervalNanos(rtt, 25 * MS, nowMillis * MS) / MS;
  }

  @Example
  void doublesUpToTheEarlyCap() {
    for (int i = 0; i < 100; i++) {
      rtt.onSample(10 * MS, 0);
    }
    // 10 + 1 + 25 without back-off; the cap is 10 + 95.
    assertEquals(36, interval(0));
    timeout.onProbe(0);
    assertEquals(72, interval(40));
    assertEquals(2, timeout.packets(40 * MS));
    timeout.onProbe(40 * MS);
    assertEquals(1, timeout.packets(100 * MS), "an outage: one by one");
    assertEquals(52, interval(100));
    for (int i = 0; i < 70; i++) {
      timeout.onProbe(100 * MS);
    }
    assertEquals(52, interval(200), "no shift overflows");
    assertEquals(72, timeout.count());
  }

  /** A guess finds a lost packet soon, but on a long path it must not flood what is under way. */
  @Example
  void aGuessOfTheRoundTripCountsForTheFirstProbe() {
    rtt.assume(100 * MS);
    assertEquals(100 + 200 + 25, interval(0));
    timeout.onProbe(0);
    assertEquals(250 + 95, interval(400), "the second as without one");
    rtt.onSample(100 * MS, 0);
    assertEquals(100 + 95, interval(400));
  }

  @Example
  void afterHalfAMinuteOfSilenceTheCapIsTwoSeconds() {
    rtt.onSample(10 * MS, 0);
    for (int i = 0; i < 20; i++) {
      timeout.onProbe(1000 * MS);
    }
    assertEquals(52, interval(31_000));
    assertEquals(2000, interval(31_001));
    assertEquals(2, timeout.packets(31_001 * MS));
    timeout.onAcknowledged();
    assertEquals(0, timeout.count());
    assertEquals(10 + 20 + 25, interval(31_001));
    timeout.onProbe(40_000 * MS);
    assertEquals(105, interval(40_100), "the silence is counted anew");
  }

  /** In an outage each probe that gets through brings data. */
  @Example
  void onlyAPeerThatTalksIsAskedForAnAnswerAlone() {
    for (int i = 1; i <= 100; i++) {
      timeout.onProbe(i * MS);
      assertFalse(timeout.isBare(), "probe " + i);
    }
    timeout.onAcknowledged();
    for (int i = 1; i <= 100; i++) {
      timeout.onProbe(i * MS);
      timeout.onHeard();
      assertEquals(i % 8 == 0, timeout.isBare(), "probe " + i);
    }
  }

  @Example
  void aSilentPeerIsAskedForAnAnswerAloneInTimeForTheIdleTimeout() {
    timeout.idleTimeout(1_000 * MS);
    for (int milli = 0; milli < 1_000; milli += 90) {
      timeout.onProbe(milli * MS);
      boolean eighth = milli == 7 * 90;
      boolean due = milli == 3 * 90 || milli == 6 * 90 || milli == 10 * 90;
      assertEquals(due || eighth, timeout.isBare(), milli + " ms");
    }
    timeout.onAcknowledged();
    timeout.onProbe(5_000 * MS);
    assertFalse(timeout.isBare(), "the silence is counted anew");
  }

  @Example
  void silenceIsCountedFromTheFirstProbeThatNothingAnswered() {
    assertEquals(Long.MAX_VALUE, timeout.silentSinceNanos());
    timeout.forgiveSilence(5);
    assertEquals(Long.MAX_VALUE, timeout.silentSinceNanos());
    timeout.onProbe(10);
    timeout.onProbe(20);
    assertEquals(10, timeout.silentSinceNanos());
    timeout.forgiveSilence(30);
    assertEquals(30, timeout.silentSinceNanos());
    timeout.onAcknowledged();
    assertEquals(Long.MAX_VALUE, timeout.silentSinceNanos());
  }

  @Example
  void aSlowPathIsNotProbedFasterThanItCanAnswer() {
    rtt.onSample(3000 * MS, 0);
    assertEquals(3000 + 6000 + 25, interval(10));
    timeout.onProbe(0);
    assertEquals(3000 + 95, interval(10));
    rtt.onSample(5000 * MS, 0); // the own queue, which is empty after two probes
    assertEquals(3250 + 95, interval(10));
    timeout.onProbe(0);
    assertEquals((3000 + 95) / 2, interval(10));
  }

  @Property
  void aBackedOffIntervalIsAtLeastARoundTripAndAtMostTheCap(
      @ForAll @LongRange(min = 1, max = 5_000_000_000L) long sample,
      @ForAll @IntRange(min = 0, max = 80) int probes,
      @ForAll @LongRange(min = 0, max = 100_000_000_000L) long now) {
    RttEstimator any = new RttEstimator();
    any.onSample(sample, 0);
    ProbeTimeout probe = new ProbeTimeout();
    for (int i = 0; i <= probes; i++) {
      long interval = probe.intervalNanos(any, 25 * MS, now);
      long base = any.probeTimeoutNanos(25 * MS);
      interval *= 2 / probe.packets(now);
      assertTrue(interval >= Math.min(base, sample + 95 * MS) - 1);
      assertTrue(interval <= Math.max(base, 2000 * MS));
      probe.onProbe(0);
    }
  }
}
