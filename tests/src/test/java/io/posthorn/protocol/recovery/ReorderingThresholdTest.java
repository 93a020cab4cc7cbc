package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** RFC 9002 §6.1, and how far it gives way to a path that reorders. */
class ReorderingThresholdTest {
  private static final long MS = 1_000_000;

  private final ReorderingThreshold threshold = new ReorderingThreshold();
  private final RttEstimator rtt = new RttEstimator();
  private long now;

  @Test
  void theLossDelayIsNineEighthsOfTheLargerRoundTrip() {
    assertEquals(281_250_000, threshold.lossDelayNanos(rtt));
    rtt.onSample(80 * MS, 0);
    assertEquals(90 * MS, threshold.lossDelayNanos(rtt));
    rtt.onSample(160 * MS, 0);
    assertEquals(180 * MS, threshold.lossDelayNanos(rtt), "the latest is larger");
    rtt.onSample(8 * MS, 0);
    long smoothed = rtt.smoothedRttNanos();
    assertEquals(smoothed + smoothed / 8, threshold.lossDelayNanos(rtt));
  }

  @Test
  void theLossDelayIsAtLeastTheGranularity() {
    rtt.onSample(1000, 0);
    assertEquals(MS, threshold.lossDelayNanos(rtt));
  }

  @Test
  void aPacketThatWasFurtherBehindRaisesThePacketThreshold() {
    assertEquals(3, threshold.packetThreshold());
    threshold.onSpuriousLoss(3, 0, rtt);
    assertEquals(4, threshold.packetThreshold());
    threshold.onSpuriousLoss(40, 0, rtt);
    assertEquals(41, threshold.packetThreshold());
    threshold.onSpuriousLoss(1L << 40, 0, rtt);
    assertEquals(4096, threshold.packetThreshold(), "within bounds");
    rtt.onSample(80 * MS, 0);
    assertEquals(90 * MS, threshold.lossDelayNanos(rtt), "time had no part in it");
  }

  @Test
  void aPacketThatWasLateByTimeRaisesTheTimeUpToTwoRoundTrips() {
    rtt.onSample(80 * MS, 0);
    threshold.onSpuriousLoss(2, 0, rtt);
    assertEquals(100 * MS, threshold.lossDelayNanos(rtt));
    assertEquals(3, threshold.packetThreshold());
    for (int i = 1; i <= 20; i++) {
      threshold.onSpuriousLoss(1, i * 80L * MS, rtt);
    }
    assertEquals(160 * MS, threshold.lossDelayNanos(rtt));
  }

  /** RFC 8985 §6.2: one stall delays many packets, and is one event. */
  @Test
  void theTimeIsRaisedOnceARoundTrip() {
    rtt.onSample(80 * MS, 0);
    for (int i = 0; i < 8; i++) {
      threshold.onSpuriousLoss(1, 1_000 * MS + i * 9L * MS, rtt);
    }
    assertEquals(100 * MS, threshold.lossDelayNanos(rtt));
    threshold.onSpuriousLoss(1, 1_080 * MS, rtt);
    assertEquals(120 * MS, threshold.lossDelayNanos(rtt));
  }

  @Test
  void bothComeDownByHalfAfterSixteenPeriodsWithoutASpuriousLoss() {
    rtt.onSample(80 * MS, 0);
    threshold.onSpuriousLoss(1_000, 0, rtt);
    for (int i = 0; i < 8; i++) {
      threshold.onSpuriousLoss(1, i * 80L * MS, rtt);
    }
    periods(15);
    assertEquals(1_001, threshold.packetThreshold());
    assertEquals(160 * MS, threshold.lossDelayNanos(rtt));
    threshold.onSpuriousLoss(1, 1_000 * MS, rtt);
    periods(15);
    assertEquals(1_001, threshold.packetThreshold(), "they are counted anew");
    periods(1);
    assertEquals(500, threshold.packetThreshold());
    assertEquals(120 * MS, threshold.lossDelayNanos(rtt));
    periods(200);
    assertEquals(3, threshold.packetThreshold());
    assertEquals(90 * MS, threshold.lossDelayNanos(rtt));
  }

  /** Each with two losses, of which the second was sent before the first was noticed. */
  private void periods(int count) {
    for (int i = 0; i < count; i++) {
      now += 100 * MS;
      threshold.onLost(now, now - 50 * MS);
      threshold.onLost(now + 10 * MS, now - 10 * MS);
    }
  }
}
