package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

class DelayVariationTest {
  private static final long MS = 1_000_000;
  private static final int SAMPLES = 20;

  private final DelayVariation variation = new DelayVariation();

  private void rounds(int rounds, IntToLongFunction rttNanos) {
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < SAMPLES; i++) {
        variation.onSample(rttNanos.applyAsLong(round * SAMPLES + i));
      }
      variation.endRound();
    }
  }

  @Test
  void aConstantRoundTripDoesNotVary() {
    rounds(20, i -> 40 * MS);
    assertEquals(0, variation.nanos());
  }

  @Test
  void delaysOfEachPacketBesidesReachAsFarAsTheirSpread() {
    Random random = new Random(7);
    rounds(8, i -> 40 * MS + random.nextLong(20 * MS));
    long nanos = variation.nanos();
    assertTrue(nanos > 15 * MS && nanos < 90 * MS, () -> nanos + " ns of a spread of 20 ms");
  }

  @Test
  void aQueueThatGrowsAndDrainsIsNoVariation() {
    rounds(40, i -> 40 * MS + Math.abs(50 - i % 100) * MS / 2);
    assertEquals(0, variation.nanos());
  }

  /** Ten packets each time, 1.2 ms of a bottleneck of 100 Mbit/s. */
  @Test
  void theBurstsOfAPacerAreNoVariation() {
    rounds(40, i -> 40 * MS + i % 10 * MS / 8);
    assertEquals(0, variation.nanos());
  }

  @Test
  void aRestlessRoundNowAndThenIsNone() {
    Random random = new Random(7);
    rounds(64, i -> 40 * MS + (i / SAMPLES % 4 == 3 ? random.nextLong(20 * MS) : 0));
    assertEquals(0, variation.nanos());
  }

  @Test
  void itIsSeenWithinTwoRoundsAndForgottenSlowly() {
    Random random = new Random(7);
    rounds(1, i -> 40 * MS + random.nextLong(20 * MS));
    assertEquals(0, variation.nanos(), "one round may be an accident");
    rounds(1, i -> 40 * MS + random.nextLong(20 * MS));
    long seen = variation.nanos();
    assertTrue(seen > 0);
    rounds(20, i -> 60 * MS);
    long later = variation.nanos();
    assertTrue(later > seen / 2 && later < seen, () -> later + " of " + seen);
    rounds(400, i -> 60 * MS);
    assertTrue(variation.nanos() < seen / 50);
  }
}
