package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SignalsTest {
  private static final int TERM = 15;

  private final List<Integer> exits = new ArrayList<>();
  private final Signals signals = new Signals(exits::add);

  @Test
  void endsAtOnceWhatHasNothingToClose() {
    signals.onSignal(TERM);
    signals.finished();
    assertEquals(List.of(143), exits);
  }

  @Test
  void interruptsWhoeverAskedForItAndLeavesTheEndToThem() {
    signals.interruptMe();
    signals.onSignal(TERM);
    signals.finished();
    assertTrue(Thread.interrupted());
    assertTrue(signals.isStopping());
    assertEquals(List.of(), exits);
    assertEquals(143, signals.statusOr(0));
  }

  @Test
  void doesNotCutTheLastWordsShort() {
    signals.interruptMe();
    signals.leaveMe();
    signals.onSignal(TERM);
    signals.finished();
    assertFalse(Thread.interrupted());
    assertEquals(List.of(), exits);
  }

  @Test
  void endsAtOnceWhileSomebodyTypesASecret() {
    signals.interruptMe();
    Runnable before = signals.exitMe();
    signals.resume(before);
    assertEquals(before, signals.exitMe(), "an interrupt again");
    signals.onSignal(TERM);
    signals.finished();
    assertEquals(List.of(143), exits);
    assertFalse(Thread.interrupted());
  }
}
