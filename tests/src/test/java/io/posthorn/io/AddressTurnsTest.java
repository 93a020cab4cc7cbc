package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AddressTurnsTest {
  private static final long SLICE_NANOS = 1_000_000;

  private final AddressTurns turns = new AddressTurns();
  private long nowNanos;

  /** A turn in which so many of {@code most} were heard in each slice; whether others follow. */
  private boolean turn(int count, int most) {
    long end = nowNanos + AddressTurns.TURN_NANOS;
    boolean others = false;
    while (nowNanos < end) {
      nowNanos += SLICE_NANOS;
      others = turns.onSlice(count, most, nowNanos);
      assertFalse(others && nowNanos < end, "not in the middle of a turn");
    }
    return others;
  }

  @Test
  void allAreHeardWhileThereIsTimeForThem() {
    turns.begin(nowNanos);
    for (int i = 0; i < 20; i++) {
      assertFalse(turn(39, 40));
      assertEquals(1, turns.parts());
      assertEquals(0, turns.part());
    }
  }

  @Test
  void tooManyAreDividedAndEachPartIsHeardInARound() {
    turns.begin(nowNanos);
    List<Integer> parts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      assertTrue(turn(40, 40));
      parts.add(turns.parts());
    }
    assertEquals(List.of(2, 4, 8, 8), parts);
    assertEquals(AddressTurns.MOST_PARTS, turns.parts());
    Set<Integer> heard = new HashSet<>();
    for (int i = 0; i < AddressTurns.MOST_PARTS; i++) {
      heard.add(turns.part());
      assertTrue(turn(30, 40));
      assertEquals(AddressTurns.MOST_PARTS, turns.parts());
    }
    assertEquals(Set.of(0, 1, 2, 3, 4, 5, 6, 7), heard);
  }

  @Test
  void fewAreHeardTogetherAgain() {
    turns.begin(nowNanos);
    while (turns.parts() < AddressTurns.MOST_PARTS) {
      assertTrue(turn(40, 40));
    }
    int before = turns.parts();
    while (turns.parts() > 1) {
      assertTrue(turn(2, 40), "the filter is to change, or to end");
      assertTrue(turns.parts() == before || turns.parts() == before / 2);
      assertTrue(turns.part() < turns.parts());
      before = turns.parts();
    }
    assertFalse(turn(2, 40));
  }
}
