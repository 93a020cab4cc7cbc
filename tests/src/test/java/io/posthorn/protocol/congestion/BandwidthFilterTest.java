package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BandwidthFilterTest {
  private final BandwidthFilter filter = new BandwidthFilter();

  @Test
  void theLargestOfTenRoundsCounts() {
    assertEquals(0, filter.bytesPerSecond());
    filter.onSample(100);
    filter.onSample(70);
    assertEquals(100, filter.bytesPerSecond());
    for (int round = 1; round < 10; round++) {
      filter.nextRound();
      filter.onSample(50 + round);
      assertEquals(100, filter.bytesPerSecond(), "round " + round);
    }
    filter.nextRound();
    assertEquals(59, filter.bytesPerSecond(), "the first is forgotten");
  }

  @Test
  void forgetsAll() {
    filter.onSample(100);
    filter.nextRound();
    filter.onSample(80);
    filter.forget();
    assertEquals(0, filter.bytesPerSecond());
    filter.nextRound();
    assertEquals(0, filter.bytesPerSecond());
  }
}
