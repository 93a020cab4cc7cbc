package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class SignalsTest {
  private static final int TERM = 15;

  private final List<Integer> exits = new ArrayList<>();
  private final List<Integer> halts = new ArrayList<>();
  private final Signals signals = new Signals(exits::add, halts::add);

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
  void workThatOneEndsIsOverInGoodOrder() throws Exception {
    assertFalse(
        signals.untilOneComes(
            () -> {
              signals.onSignal(TERM);
              new CountDownLatch(1).await();
            }));
    assertFalse(Thread.interrupted());
    assertEquals(143, signals.statusOr(signals.statusOf(() -> 1)));
    signals.finished();
    assertEquals(List.of(), exits);
  }

  @Test
  void workThatNoneEndsIsWhatItIs() throws Exception {
    assertTrue(signals.untilOneComes(() -> {}));
    assertEquals(1, signals.statusOf(() -> 1));
    Signals.Work interrupted =
        () -> {
          throw new InterruptedException("by somebody else");
        };
    assertThrows(InterruptedException.class, () -> signals.untilOneComes(interrupted));
    signals.onSignal(TERM);
    signals.finished();
    assertFalse(Thread.interrupted(), "nobody asks for it any more");
  }

  @Test
  void aSecondOneEndsWhatDoesNotEnd() {
    signals.interruptMe();
    signals.onSignal(TERM);
    assertEquals(List.of(), halts);
    signals.onSignal(TERM);
    signals.finished();
    assertEquals(List.of(143), halts);
    assertTrue(Thread.interrupted());
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
