package io.posthorn.protocol.protection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The replay window against a set that forgets nothing. */
class ReplayWindowProperties {
  private static final int[] JUMPS = {1, 2, 63, 64, 65, 200, 4096, 8127, 8128, 8191, 8192, 20_000};

  @Property(tries = 300)
  void agreesWithASet(@ForAll long seed, @ForAll @IntRange(min = 1, max = 2000) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    ReplayWindow window = new ReplayWindow();
    Set<Long> seen = new HashSet<>();
    long largest = -1;
    boolean jumpy = random.nextBoolean();
    for (int i = 0; i < steps; i++) {
      long number =
          random.nextInt(4) == 0 && jumpy
              ? largest + JUMPS[random.nextInt(JUMPS.length)]
              : Math.max(0, largest + 3 - random.nextInt(jumpy ? 8300 : 40));
      boolean stale = number <= largest - ReplayWindow.PACKETS;
      assertEquals(stale, window.isStale(number));
      if (!stale) {
        assertEquals(seen.contains(number), window.isDuplicate(number), "number " + number);
        if (seen.add(number)) {
          window.mark(number);
          largest = Math.max(largest, number);
        }
      }
      assertEquals(largest, window.largest());
    }
    for (long number = Math.max(0, largest - ReplayWindow.PACKETS + 1);
        number <= largest;
        number++) {
      assertEquals(seen.contains(number), window.isDuplicate(number), "number " + number);
    }
  }

  @Example
  void everyWidthOfAJumpClearsExactlyWhatItPasses() {
    for (int start : new int[] {0, 1, 63, 64, 8191, 8192, 12_345}) {
      for (int jump = 1; jump < 8400; jump += jump < 140 || jump > 8100 ? 1 : 97) {
        ReplayWindow window = new ReplayWindow();
        for (int number = Math.max(0, start - 8191); number <= start; number++) {
          window.mark(number);
        }
        window.mark(start + (long) jump);
        for (long number = Math.max(0, start + jump - 8191); number < start + jump; number++) {
          if (window.isDuplicate(number) != (number <= start)) {
            throw new AssertionError(start + " + " + jump + ": " + number);
          }
        }
      }
    }
  }

  @Example
  void holdsAtTheEndOfTheNumbers() {
    ReplayWindow window = new ReplayWindow();
    long last = (1L << 62) - 1;
    assertFalse(window.isDuplicate(last));
    window.mark(last);
    assertTrue(window.isDuplicate(last));
    assertFalse(window.isStale(last - 8191));
    assertTrue(window.isStale(last - 8192));
  }
}
