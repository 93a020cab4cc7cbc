package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Places for probes, by the second. */
class ProbeRateTest {
  private static final long SECOND = 1_000_000_000L;

  @Example
  void aFewLeaveAtOnceAndTheRestInTurn() {
    ProbeRate rate = new ProbeRate();
    for (int i = 0; i < 32; i++) {
      assertEquals(0, rate.reserve(2, 0));
    }
    assertEquals(0, rate.reserve(2, 0));
    assertEquals(4_000_000, rate.reserve(2, 0));
    assertEquals(8_000_000, rate.reserve(2, 0));
    assertEquals(10 * SECOND, rate.reserve(2, 10 * SECOND));
  }

  @Example
  void nobodyWaitsForLongHoweverManyAreSilent() {
    ProbeRate rate = new ProbeRate();
    for (int i = 0; i < 10_000; i++) {
      rate.reserve(2, i * SECOND / 10_000);
    }
    assertTrue(rate.reserve(2, SECOND) <= 6 * SECOND);
  }

  @Example
  void thoseThatDoNotWaitMakeNobodyElseWait() {
    ProbeRate rate = new ProbeRate();
    for (int i = 0; i < 10_000; i++) {
      rate.takeFree(2, 0);
    }
    assertEquals(0, rate.reserve(2, 0), "but the burst is theirs");
    assertEquals(4_000_000, rate.reserve(2, 0));
  }

  @Example
  void placesThatAreNotNeededComeBack() {
    ProbeRate rate = new ProbeRate();
    rate.takeFree(64, 0);
    for (int i = 0; i < 10_000; i++) {
      rate.reserve(1, 0);
      rate.giveBack(1);
    }
    assertEquals(0, rate.reserve(1, 0));
    assertEquals(2_000_000, rate.reserve(1, 0));
  }

  @Property
  void noSecondHoldsMoreThanTheRateAndTheBurst(
      @ForAll @Size(min = 1, max = 400) List<@IntRange(min = 0, max = 20) Integer> waitsMillis) {
    ProbeRate rate = new ProbeRate();
    long now = 0;
    ArrayDeque<Long> window = new ArrayDeque<>();
    for (int wait : waitsMillis) {
      now += wait * 1_000_000L;
      long at = rate.reserve(2, now);
      assertTrue(at >= now);
      window.add(at);
      while (window.element() <= at - SECOND) {
        window.remove();
      }
      assertTrue(2 * window.size() <= ProbeRate.PER_SECOND + 66, window.size() + " in a second");
    }
  }
}
