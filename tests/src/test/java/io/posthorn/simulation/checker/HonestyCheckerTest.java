package io.posthorn.simulation.checker;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.History.Settled;
import org.junit.jupiter.api.Test;

/** Histories with a lie in them. */
class HonestyCheckerTest {
  private static Sent latest(long atNanos, int to, int process, long key) {
    return new Sent(
        atNanos, 0, to, process, 0, Delivery.RELIABLE_LATEST, key, new byte[] {1}, false);
  }

  /** Whether the first may be said to be superseded at 20 ns. */
  private static void superseded(Sent first, Sent next) {
    History history = new History();
    history.add(first);
    history.add(next);
    history.add(new Settled(20, 0, first, ReceiptOutcome.SUPERSEDED, null, true));
    HonestyChecker.checkSoFar(history);
  }

  @Test
  void onlyTheSameConnectionSupersedes() {
    Sent first = latest(10, 1, 0, 7);
    assertDoesNotThrow(() -> superseded(first, latest(15, 1, 0, 7)));
    for (Sent other :
        new Sent[] {
          latest(15, 1, 0, 8), latest(15, 2, 0, 7), latest(15, 1, 1, 7), latest(25, 1, 0, 7)
        }) {
      String said =
          String.valueOf(
              assertThrows(
                      AssertionError.class,
                      () -> superseded(first, other),
                      () -> "by " + other + " of process " + other.process())
                  .getMessage());
      assertTrue(said.contains("superseded by nothing"), said);
    }
  }

  private static Sent ordered(long atNanos, byte body, boolean expires) {
    return new Sent(atNanos, 0, 1, 0, 0, Delivery.RELIABLE_ORDERED, -1, new byte[] {body}, expires);
  }

  /** A stream is acknowledged from its beginning on: nothing of it waits for what is not. */
  @Test
  void whatExpiredExcusesNothingBehindIt() {
    Sent expired = ordered(10, (byte) 1, true);
    Sent lost = ordered(11, (byte) 2, false);
    History history = new History();
    history.add(expired);
    history.add(lost);
    history.add(new Settled(15, 0, expired, ReceiptOutcome.EXPIRED, null, false));
    assertDoesNotThrow(() -> HonestyChecker.checkSoFar(history));
    history.add(new Settled(20, 0, lost, ReceiptOutcome.ACKNOWLEDGED, null, true));
    String said =
        String.valueOf(
            assertThrows(AssertionError.class, () -> HonestyChecker.checkSoFar(history))
                .getMessage());
    assertTrue(said.contains("acknowledged and never received"), said);
  }
}
