package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Unique, lost, duplicate and late, against a set that remembers everything. */
class SequenceLogProperties {
  @Property(tries = 500)
  void agreesWithASetOfAllNumbers(
      @ForAll @Size(max = 300) List<@IntRange(max = 400) Integer> arrivals) {
    SequenceLog log = new SequenceLog();
    Set<Integer> seen = new HashSet<>();
    int highest = -1;
    long late = 0;
    for (int number : arrivals) {
      boolean isNew = seen.add(number);
      assertEquals(isNew, log.onArrival(number));
      if (isNew && number < highest) {
        late++;
      }
      highest = Math.max(highest, number);
    }
    assertEquals(seen.size(), log.unique());
    assertEquals(arrivals.size() - seen.size(), log.duplicates());
    assertEquals(late, log.outOfOrder());
    assertEquals(highest + 1 - seen.size(), log.missing());
  }

  @Property(tries = 200)
  void jumpsOfAnyWidthForgetOnlyWhatIsOld(
      @ForAll @Size(max = 60) List<@IntRange(max = 3 * SequenceLog.WINDOW) Integer> arrivals) {
    SequenceLog log = new SequenceLog();
    Set<Integer> seen = new HashSet<>();
    long highest = -1;
    for (int number : arrivals) {
      boolean tooOld = number <= highest - SequenceLog.WINDOW;
      assertEquals(!tooOld && seen.add(number), log.onArrival(number));
      highest = Math.max(highest, number);
    }
    assertEquals(highest + 1, log.unique() + log.missing());
  }

  @Example
  void anyNumberFromTheNetworkIsTaken() {
    SequenceLog log = new SequenceLog();
    for (long number :
        new long[] {Long.MAX_VALUE, 0, -1, Long.MIN_VALUE, (1L << 62) - 1, 1, 1L << 62}) {
      log.onArrival(number);
    }
    assertEquals(2, log.unique());
    assertTrue(log.missing() > 0);
  }
}
