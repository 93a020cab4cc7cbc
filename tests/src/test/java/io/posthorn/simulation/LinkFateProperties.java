package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

class LinkFateProperties {
  private static final LinkConditions HARD =
      LinkConditions.parse(
          "delay 40ms 30ms distribution normal loss gemodel 5% 30% reorder 10% gap 3"
              + " duplicate 10% 5ms corrupt 5%");

  /** The n-th fate does not depend on when, how large and between which polls it was offered. */
  @Property(tries = 200)
  void fateDependsOnSeedDirectionAndNumberAlone(@ForAll long seed, @ForAll long schedule) {
    List<String> even = fates(HARD, seed, 0, null);
    List<String> odd = fates(HARD, seed, 0, new SplittableRandom(schedule));
    assertEquals(even, odd);
  }

  @Property(tries = 200)
  void seedAndDirectionEachChangeTheFates(@ForAll long seed) {
    assertNotEquals(fates(HARD, seed, 0, null), fates(HARD, seed, 1, null));
    assertNotEquals(fates(HARD, seed, 0, null), fates(HARD, seed + 1, 0, null));
  }

  /** A word more leaves the decisions of the others as they were. */
  @Property(tries = 200)
  void oneWordMoreDoesNotChangeTheLosses(@ForAll long seed) {
    assertEquals(
        lost("loss 20%", seed),
        lost("loss 20% delay 10ms 5ms reorder 20% duplicate 10% corrupt 10% rate 1gbit", seed));
  }

  @Property(tries = 50)
  void oneSeedLosesMoreWhereTheLossIsHigher(@ForAll long seed) {
    List<Integer> few = lost("loss 5%", seed);
    List<Integer> many = lost("loss 20%", seed);
    assertEquals(few.size(), many.stream().filter(few::contains).count());
  }

  private static List<Integer> lost(String text, long seed) {
    SimulatedLink<String> link = new SimulatedLink<>(LinkConditions.parse(text), seed, 0, 28, 0);
    List<Integer> lost = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      if (link.offer(ByteBuffer.allocate(10), "", 0) == DatagramFate.LOST) {
        lost.add(i);
      }
    }
    return lost;
  }

  private static List<String> fates(
      LinkConditions conditions, long seed, int direction, @Nullable SplittableRandom schedule) {
    SimulatedLink<Long> link = new SimulatedLink<>(conditions, seed, direction, 28, 0);
    List<String> fates = new ArrayList<>();
    long now = 0;
    long[] sent = new long[200];
    String[] delays = new String[200];
    for (int i = 0; i < 200; i++) {
      ByteBuffer datagram = ByteBuffer.allocate(100);
      if (schedule != null) {
        now += schedule.nextLong(100_000_000);
        datagram.limit(1 + schedule.nextInt(100));
        if (schedule.nextInt(4) == 0) {
          collect(link, now, sent, delays);
        }
      }
      sent[i] = now;
      fates.add(
          link.offer(datagram, now, now)
              + (link.lastDuplicated() ? "D" : "")
              + (link.lastReordered() ? "R" : "")
              + (link.lastCorrupted() ? "C" : ""));
    }
    collect(link, Long.MAX_VALUE, sent, delays);
    for (int i = 0; i < 200; i++) {
      fates.set(i, fates.get(i) + delays[i]);
    }
    return fates;
  }

  private static void collect(SimulatedLink<Long> link, long until, long[] sent, String[] delays) {
    while (link.nextDeliveryNanos() <= until && link.held() > 0) {
      long due = link.nextDeliveryNanos();
      link.poll(due);
      int i = (int) link.polledNumber() - 1;
      delays[i] = (delays[i] == null ? "" : delays[i]) + " " + (due - sent[i]);
    }
  }
}
