package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartupTest {
  private static final int PACKET = 1_200;
  private static final long LEAST = 4 * PACKET;
  private static final long INITIAL = 12_000;
  private static final long MS = 1_000_000L;

  private final Startup startup = new Startup(PACKET);
  private final PathDelay delay = new PathDelay();

  /** Eight samples, as many as a queue takes to be seen. */
  private void roundTrips(double millis) {
    for (int i = 0; i < 8; i++) {
      delay.onSample((long) (millis * MS), 0);
    }
  }

  private boolean endRound(long rate) {
    return startup.isOver(delay, rate, 50_000, true, false);
  }

  private long window(long modelBytes) {
    return startup.windowBytes(modelBytes, PACKET, LEAST);
  }

  @Test
  void beginsWithTheInitialWindowAndGrowsByWhatArrives() {
    assertEquals(INITIAL, startup.firstWindowBytes(PACKET, LEAST));
    startup.onAcknowledged(3_000);
    assertEquals(INITIAL + 3_000, startup.firstWindowBytes(PACKET, LEAST));
    assertEquals(1.5 * (INITIAL + 3_000), startup.pacedBytes());
    assertEquals(INITIAL + 3_000, window(0));
    assertEquals(99_000, window(99_000), "what the model says, if that is more");
  }

  @Test
  void isOverWhenTheRateHasNotGrownForThreeRounds() {
    roundTrips(20);
    assertFalse(endRound(100));
    assertFalse(endRound(125), "a quarter is growth");
    assertFalse(endRound(156));
    assertFalse(endRound(156));
    assertFalse(endRound(196), "growth again");
    assertFalse(endRound(196));
    assertFalse(endRound(196));
    assertTrue(endRound(196));
  }

  @Test
  void roundsCountThatEndAndInWhichThereWasEnoughToSend() {
    roundTrips(20);
    assertFalse(endRound(100));
    for (int i = 0; i < 10; i++) {
      assertFalse(startup.isOver(delay, 100, 50_000, false, false));
      assertFalse(startup.isOver(delay, 100, 50_000, true, true));
    }
  }

  /** A queue is a wait of an eighth of the path, at least 4 ms and at most 16 ms (RFC 9406). */
  @ParameterizedTest
  @CsvSource({
    "20, 4, false",
    "20, 4.1, true",
    "80, 10, false",
    "80, 10.1, true",
    "200, 16, false",
    "200, 16.1, true"
  })
  void holdsWhatIsInFlightOnceAQueueForms(double pathMillis, double waitMillis, boolean holds) {
    roundTrips(pathMillis);
    roundTrips(pathMillis + waitMillis);
    assertFalse(startup.isOver(delay, 100, 50_000, false, false));
    assertEquals(holds ? 50_000 : 90_000, window(90_000));
    assertEquals(holds, startup.pacedBytes() == 0);
  }

  @Test
  void isOverASecondRoundAfterAQueueFormed() {
    roundTrips(20);
    assertFalse(endRound(100));
    assertFalse(endRound(100));
    assertFalse(endRound(100));
    roundTrips(30);
    assertFalse(endRound(100), "what was flat before does not count");
    assertTrue(endRound(100));
  }

  @Test
  void goesOnWhileTheRateGrowsThoughAQueueFormed() {
    roundTrips(20);
    roundTrips(30);
    for (long rate = 100; rate < 1_000; rate *= 2) {
      assertFalse(endRound(rate));
    }
    assertEquals(50_000, window(90_000));
  }

  @Test
  void goesOnIfTheQueueWasNoise() {
    roundTrips(20);
    roundTrips(30);
    assertFalse(startup.isOver(delay, 100, 50_000, false, false));
    assertEquals(50_000, window(90_000));
    roundTrips(21);
    assertFalse(endRound(100));
    assertEquals(90_000, window(90_000));
  }

  @Test
  void aQuarterOfTheThresholdIsAQueueStill() {
    roundTrips(20);
    roundTrips(30);
    assertFalse(startup.isOver(delay, 100, 50_000, false, false));
    roundTrips(21.1);
    assertFalse(endRound(100));
    assertEquals(50_000, window(90_000));
    assertFalse(endRound(100), "it grew from nothing in the round before");
    assertTrue(endRound(100));
  }

  @Test
  void leavingLetsTheNextOneGrow() {
    roundTrips(20);
    roundTrips(30);
    assertFalse(startup.isOver(delay, 100, 50_000, false, false));
    startup.leave();
    assertEquals(90_000, window(90_000));
  }

  @Test
  void resumesWithAllItsRounds() {
    roundTrips(20);
    assertFalse(endRound(100));
    assertFalse(endRound(100));
    assertFalse(endRound(100));
    startup.resume();
    assertFalse(endRound(100));
    assertFalse(endRound(100));
    assertTrue(endRound(100));
  }

  @Test
  void aSearchEndsAfterOneRoundWithoutGrowth() {
    roundTrips(20);
    startup.searchFrom(40_000, 1_000);
    assertEquals(40_000, window(0));
    assertTrue(endRound(1_249));
  }

  @Test
  void aSearchGoesOnWhileTheRateGrows() {
    roundTrips(20);
    startup.searchFrom(40_000, 1_000);
    assertFalse(endRound(1_250));
    assertFalse(endRound(1_250));
    assertFalse(endRound(1_250));
    assertTrue(endRound(1_250));
  }

  @Test
  void aSearchMayKeepWhatAnEarlierOneReached() {
    roundTrips(20);
    startup.onAcknowledged(60_000);
    startup.searchAgain(1_000);
    assertEquals(INITIAL + 60_000, window(0));
    assertTrue(endRound(1_249));
  }

  @Test
  void collapsesToWhatItIsToldAndTheNextTimeToTheLeast() {
    startup.collapse(40_000, LEAST);
    assertEquals(40_000, startup.firstWindowBytes(PACKET, LEAST));
    startup.collapse(40_000, LEAST);
    assertEquals(LEAST, startup.firstWindowBytes(PACKET, LEAST));
    assertEquals(LEAST, window(0), "not the initial window");
    startup.leave();
    startup.collapse(1_000, LEAST);
    assertEquals(LEAST, startup.firstWindowBytes(PACKET, LEAST), "never below the least");
  }

  @Test
  void collapseForgetsRateAndQueue() {
    roundTrips(20);
    assertFalse(endRound(100));
    assertFalse(endRound(100));
    roundTrips(30);
    assertFalse(startup.isOver(delay, 100, 50_000, false, false));
    startup.collapse(40_000, LEAST);
    assertEquals(90_000, window(90_000));
    PathDelay other = new PathDelay();
    assertFalse(startup.isOver(other, 10, 50_000, true, false));
    assertFalse(startup.isOver(other, 10, 50_000, true, false));
    assertFalse(startup.isOver(other, 10, 50_000, true, false));
    assertTrue(startup.isOver(other, 10, 50_000, true, false));
  }
}
