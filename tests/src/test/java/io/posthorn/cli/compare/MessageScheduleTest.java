package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class MessageScheduleTest {
  @Test
  void messagesAreEvenlySpaced() {
    MessageSchedule schedule = new MessageSchedule(5, 200);
    assertEquals(0, schedule.dueNanos(0));
    assertEquals(5_000_000, schedule.dueNanos(1));
    assertEquals(20_000_000, schedule.dueNanos(4));
    assertEquals(20_000_000, schedule.lastDueNanos());
  }

  @Test
  void roundingDoesNotAddUp() {
    assertEquals(1_000_000_000L, new MessageSchedule(301, 300).dueNanos(300));
    assertEquals(1_000_000_000_000L, new MessageSchedule(3_000_001, 3_000).dueNanos(3_000_000));
  }

  @Test
  void allAtOnceMakesEveryMessageDueAtTheStart() {
    MessageSchedule schedule = MessageSchedule.allAtOnce(1_000);
    assertEquals(0, schedule.dueNanos(999));
    assertEquals(0, schedule.lastDueNanos());
  }

  @Test
  void bitRateCountsMessageBytes() {
    assertEquals(1_000, MessageSchedule.ofBitRate(10, 125, 1e6).messagesPerSecond());
  }

  @Test
  void anEmptyScheduleEndsAtOnce() {
    assertEquals(0, new MessageSchedule(0, 10).lastDueNanos());
  }

  @Test
  void slowRatesSaturate() {
    assertEquals(Long.MAX_VALUE, new MessageSchedule(2, 1e-300).dueNanos(1));
  }

  @Test
  void badValuesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new MessageSchedule(-1, 1));
    assertThrows(IllegalArgumentException.class, () -> new MessageSchedule(1, 0));
    assertThrows(IllegalArgumentException.class, () -> new MessageSchedule(1, -5));
    assertThrows(IllegalArgumentException.class, () -> new MessageSchedule(1, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> MessageSchedule.ofBitRate(1, 0, 1));
    MessageSchedule one = new MessageSchedule(1, 1);
    assertThrows(IndexOutOfBoundsException.class, () -> one.dueNanos(1));
    assertThrows(IndexOutOfBoundsException.class, () -> one.dueNanos(-1));
  }
}
