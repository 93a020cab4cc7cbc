package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When the next message may go. */
class PacerTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void messagesAreAnIntervalApartAlsoAfterAPause() {
    Pacer pacer = new Pacer(Duration.ofSeconds(1), 0);
    assertEquals(0, pacer.waitNanos(1, 0));
    assertEquals(SECOND, pacer.waitNanos(1, 0));
    assertEquals(SECOND / 2, pacer.waitNanos(1, 3 * SECOND / 2));
    assertEquals(0, pacer.waitNanos(1, 60 * SECOND), "the first after a minute");
    assertEquals(SECOND - Pacer.SLACK_NANOS, pacer.waitNanos(1, 60 * SECOND));
    assertEquals(2 * SECOND - Pacer.SLACK_NANOS, pacer.waitNanos(1, 60 * SECOND));
  }

  @Test
  void aRateHoldsAfterAPause() {
    Pacer pacer = new Pacer(Duration.ZERO, 8_000);
    assertEquals(0, pacer.waitNanos(500, 0));
    assertEquals(SECOND / 2, pacer.waitNanos(1000, 0));
    assertEquals(0, pacer.waitNanos(250, 100 * SECOND));
    assertEquals(SECOND / 4 - Pacer.SLACK_NANOS, pacer.waitNanos(1, 100 * SECOND));
  }

  @Test
  void aMessageThatWasALittleLateDoesNotDelayAllThatFollow() {
    Pacer pacer = new Pacer(Duration.ofSeconds(1), 0);
    assertEquals(0, pacer.waitNanos(1, 0));
    assertEquals(0, pacer.waitNanos(1, SECOND + Pacer.SLACK_NANOS / 2));
    assertEquals(SECOND / 2, pacer.waitNanos(1, 3 * SECOND / 2));
  }

  @Test
  void anIntervalOfAgesIsOne() {
    Pacer pacer = new Pacer(Duration.ofSeconds(Long.MAX_VALUE), 0);
    assertEquals(0, pacer.waitNanos(1, SECOND));
    assertEquals(Long.MAX_VALUE - 2 * SECOND, pacer.waitNanos(1, 2 * SECOND));
  }
}
