package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.WireLimits;
import java.util.NavigableSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Received ranges against a set of numbers of which the oldest range is forgotten first. */
class ReceivedPacketsProperties {
  @Property(tries = 200)
  void agreesWithASetOfNumbers(@ForAll long seed, @ForAll @IntRange(min = 1, max = 600) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    ReceivedPackets packets = new ReceivedPackets();
    TreeSet<Long> model = new TreeSet<>();
    TreeSet<Long> ever = new TreeSet<>();
    int spread = 1 << random.nextInt(1, 9);
    long largest = -1;
    long largestAt = 0;
    for (int i = 0; i < steps; i++) {
      if (random.nextInt(20) == 0) {
        long through = largest - random.nextInt(spread * 2);
        packets.forgetThrough(through);
        forget(model, through);
      } else {
        long number = Math.max(0, largest + 3 - random.nextInt(spread));
        if (ever.add(number)) {
          boolean inOrder = packets.add(number, i);
          assertEquals(number == largest + 1, inOrder);
          model.add(number);
          if (number > largest) {
            largest = number;
            largestAt = i;
          }
          if (ranges(model) > WireLimits.MAX_ACK_RANGES) {
            dropOldest(model);
          }
        }
      }
      assertSame(packets, model);
      assertEquals(largest, packets.largest());
      assertEquals(largestAt, packets.largestReceivedNanos());
    }
  }

  private static int ranges(NavigableSet<Long> model) {
    int count = 0;
    for (long number : model) {
      count += model.contains(number - 1) ? 0 : 1;
    }
    return count;
  }

  private static void dropOldest(NavigableSet<Long> model) {
    long number = model.first();
    while (model.remove(number)) {
      number++;
    }
  }

  /** All at or below goes, but the newest range stays if nothing else would. */
  private static void forget(NavigableSet<Long> model, long through) {
    if (model.isEmpty()) {
      return;
    }
    long newestStart = model.last();
    while (model.contains(newestStart - 1)) {
      newestStart--;
    }
    if (model.last() <= through) {
      model.headSet(newestStart).clear();
    } else {
      model.headSet(through, true).clear();
    }
  }

  private static void assertSame(ReceivedPackets packets, Set<Long> model) {
    TreeSet<Long> held = new TreeSet<>();
    for (int i = 0; i < packets.count(); i++) {
      assertTrue(packets.first()[i] <= packets.last()[i]);
      assertTrue(i == 0 || packets.first()[i] > packets.last()[i - 1] + 1, "apart, ascending");
      for (long number = packets.first()[i]; number <= packets.last()[i]; number++) {
        held.add(number);
      }
    }
    assertEquals(model, held);
    assertTrue(packets.count() <= WireLimits.MAX_ACK_RANGES);
  }

  /** What is kept of numbers with holes is bounded. */
  @Example
  void fault48_aPeerThatSkipsEverySecondNumberDoesNotGrowIt() {
    ReceivedPackets packets = new ReceivedPackets();
    for (long i = 0; i < 100_000; i++) {
      packets.add(2 * i, i);
    }
    assertEquals(WireLimits.MAX_ACK_RANGES, packets.count());
    assertEquals(199_998, packets.last()[packets.count() - 1]);
    packets.add(1, 0);
    assertEquals(199_998 - 2 * 63, packets.first()[0], "what is too old is not taken");
  }
}
