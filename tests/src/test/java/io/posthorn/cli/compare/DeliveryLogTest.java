package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DeliveryLogTest {
  private static final long MILLI = 1_000_000L;

  @Test
  void latencyCountsFromTheDueTime() {
    DeliveryLog log = new DeliveryLog(new MessageSchedule(3, 100), 64);
    assertTrue(log.onArrived(2, 50 * MILLI));
    assertEquals(30 * MILLI, log.latencyNanos(2));
    assertEquals(DeliveryLog.INFINITE, log.latencyNanos(0));
  }

  @Test
  void theFirstArrivalCountsAndLaterOnesAreDuplicates() {
    DeliveryLog log = new DeliveryLog(MessageSchedule.allAtOnce(1), 64);
    assertTrue(log.onArrived(0, 5));
    assertFalse(log.onArrived(0, 9));
    assertFalse(log.onArrived(0, 10));
    assertEquals(5, log.latencyNanos(0));
    assertEquals(2, log.duplicated());
    assertEquals(1, log.delivered());
    assertEquals(0, log.outOfOrder());
  }

  @Test
  void aMessageBehindAHigherOneIsOutOfOrder() {
    DeliveryLog log = new DeliveryLog(MessageSchedule.allAtOnce(5), 64);
    for (int index : new int[] {0, 3, 1, 2, 4, 1}) {
      log.onArrived(index, 1);
    }
    assertEquals(2, log.outOfOrder());
    assertEquals(1, log.duplicated());
  }

  @Test
  void undeliveredMessagesStayInAsInfinite() {
    DeliveryLog log = new DeliveryLog(MessageSchedule.allAtOnce(100), 64);
    for (int index = 0; index < 99; index++) {
      log.onArrived(index, index + 1);
    }
    assertEquals(50, log.percentileNanos(50));
    assertEquals(99, log.percentileNanos(99));
    assertEquals(DeliveryLog.INFINITE, log.percentileNanos(99.5));
    assertEquals(DeliveryLog.INFINITE, log.percentileNanos(100));
    assertEquals(1, log.percentileNanos(0));
    assertEquals(1, log.lost());
  }

  @Test
  void ofARunThatIsCutShortOnlyWhatWasSentCounts() {
    DeliveryLog log = new DeliveryLog(MessageSchedule.allAtOnce(100), 64);
    for (int index = 0; index < 4; index++) {
      log.onSent();
      log.onArrived(index, 7 * MILLI);
    }
    log.onSent();
    assertEquals(100, log.summary().due());
    log.endSending();
    assertTrue(log.isSendingEnded());
    DeliverySummary summary = log.summary();
    assertEquals(5, summary.due());
    assertEquals(1, summary.lost());
    assertEquals(1, log.lost());
    assertEquals(7 * MILLI, summary.p50Nanos());
    assertEquals(DeliveryLog.INFINITE, summary.maxNanos());
    assertEquals(0.8, summary.timelyShare());
    // One that came was sent, even if its sender was stopped before it could say so.
    log.onArrived(5, 8 * MILLI);
    assertEquals(6, log.summary().due());
  }

  @Test
  void ofARunThatIsCutShortBeforeItsFirstMessageNothingCounts() {
    DeliveryLog log = new DeliveryLog(MessageSchedule.allAtOnce(100), 64);
    log.endSending();
    assertEquals(0, log.summary().due());
    assertEquals(0, log.summary().lost());
    assertEquals(1, log.summary().timelyShare());
  }

  @Test
  void theTimelyShareIsOfAllMessagesDue() {
    DeliveryLog log = new DeliveryLog(MessageSchedule.allAtOnce(4), 64);
    log.onArrived(0, 100 * MILLI);
    log.onArrived(1, 100 * MILLI + 1);
    log.onArrived(2, 1);
    assertEquals(0.5, log.shareWithin(100 * MILLI));
    assertEquals(0.5, log.summary().timelyShare());
    assertEquals(0.75, log.shareWithin(Long.MAX_VALUE));
  }

  @Test
  void goodputIsBytesOverTheTimeToTheLastArrival() {
    DeliveryLog log = new DeliveryLog(new MessageSchedule(10, 10), 1_000);
    log.onArrived(0, 100 * MILLI);
    log.onArrived(1, 500 * MILLI);
    log.onArrived(1, 900 * MILLI);
    assertEquals(32_000, log.goodputBitsPerSecond());
  }

  @Test
  void strangeIndexesAndDamageCountAsCorrupted() {
    DeliveryLog log = new DeliveryLog(MessageSchedule.allAtOnce(2), 64);
    log.onArrived(2, 1);
    log.onArrived(-1, 1);
    log.onCorrupted();
    assertEquals(3, log.corrupted());
    assertEquals(0, log.delivered());
  }

  @Test
  void nothingDueIsAnHonestNothing() {
    DeliverySummary summary = new DeliveryLog(MessageSchedule.allAtOnce(0), 64).summary();
    assertEquals(new DeliverySummary(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), summary);
    assertEquals(0, summary.lost());
  }

  @Test
  void badPercentilesAreRefused() {
    DeliveryLog log = new DeliveryLog(MessageSchedule.allAtOnce(1), 64);
    assertThrows(IllegalArgumentException.class, () -> log.percentileNanos(100.1));
    assertThrows(IllegalArgumentException.class, () -> log.percentileNanos(-1));
    assertThrows(IllegalArgumentException.class, () -> log.percentileNanos(Double.NaN));
    assertThrows(
        IllegalArgumentException.class, () -> new DeliveryLog(MessageSchedule.allAtOnce(1), -1));
  }
}
