package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** RFC 9002 §6.1, and how far it gives way to a path that reorders. */
class ReorderingThresholdTest {
  private static final long MS = 1_000_000;

  private final ReorderingThreshold threshold = new ReorderingThreshold();
  private final RttEstimator rtt = new RttEstimator();

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
    threshold.onSpuriousLoss(3);
    assertEquals(4, threshold.packetThreshold());
    threshold.onSpuriousLoss(40);
    assertEquals(41, threshold.packetThreshold());
    threshold.onSpuriousLoss(1L << 40);
    assertEquals(4096, threshold.packetThreshold(), "within bounds");
    rtt.onSample(80 * MS, 0);
    assertEquals(90 * MS, threshold.lossDelayNanos(rtt), "time had no part in it");
  }

  @Test
  void aPacketThatWasLateByTimeRaisesTheTimeUpToTwoRoundTrips() {
    rtt.onSample(80 * MS, 0);
    threshold.onSpuriousLoss(2);
    assertEquals(100 * MS, threshold.lossDelayNanos(rtt));
    assertEquals(3, threshold.packetThreshold());
    for (int i = 0; i < 20; i++) {
      threshold.onSpuriousLoss(1);
    }
    assertEquals(160 * MS, threshold.lossDelayNanos(rtt));
  }
}
