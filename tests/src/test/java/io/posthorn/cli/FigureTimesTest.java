package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When figures are told, and of which time they are. */
class FigureTimesTest {
  private static final long START_NANOS = Long.MAX_VALUE - 5; // as the clock may have it

  private final FigureTimes times = new FigureTimes(START_NANOS, Duration.ofSeconds(1));

  private static long at(long millis) {
    return START_NANOS + millis * 1_000_000;
  }

  @Test
  void theyAreDueAtEachStepHoweverLateTheLastWere() {
    assertEquals(Duration.ofMillis(1000), times.left(at(0)));
    assertEquals(1.012, times.take(at(1012)));
    assertEquals(Duration.ofMillis(988), times.left(at(1012)));
    assertEquals(2, times.take(at(2000)));
    assertEquals(Duration.ofMillis(1000), times.left(at(2000)));
  }

  /** All that came meanwhile is in the next, which must not seem to be of a second. */
  @Test
  void afterAPauseOneIsOfTheWholeOfIt() {
    assertEquals(1, times.take(at(1000)));
    assertEquals(Duration.ZERO, times.left(at(31_700)));
    assertEquals(31.7, times.take(at(31_700)));
    assertEquals(Duration.ofMillis(300), times.left(at(31_700)));
  }

  @Test
  void whatIsDueBeforeItBeginsIsPassedOver() {
    times.pass(at(2500));
    assertEquals(Duration.ofMillis(500), times.left(at(2500)));
  }
}
