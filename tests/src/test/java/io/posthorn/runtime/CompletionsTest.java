package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Actions where threads are not always to be had. */
class CompletionsTest {
  private volatile boolean hasThreads;
  private final List<String> ran = new CopyOnWriteArrayList<>();
  private final Completions completions =
      new Completions(
          "completion",
          action -> {
            if (!hasThreads) {
              throw new OutOfMemoryError("unable to create native thread");
            }
            return new Thread(action);
          });

  @AfterEach
  void end() {
    completions.finish();
  }

  private void note(String what) {
    ran.add(what + (Thread.currentThread().getName().equals("completion") ? " there" : " here"));
  }

  @Test
  void whatIsStrandedGoesToTheNextThreadInItsOrder() {
    assertFalse(completions.add(() -> note("one")));
    assertFalse(completions.add(() -> note("two")));
    hasThreads = true;
    assertTrue(completions.add(() -> note("three")));
    assertFalse(completions.hasStranded());
    completions.runStranded();
    completions.finish();
    assertTrue(completions.awaitFinished());
    assertEquals(List.of("one there", "two there", "three there"), ran);
  }

  @Test
  void nothingOvertakesWhatRuns() {
    assertFalse(
        completions.add(
            () -> {
              hasThreads = true;
              assertFalse(completions.add(() -> note("two")));
              completions.runStranded();
              note("one");
            }));
    completions.runStranded();
    assertEquals(List.of("one here", "two here"), ran);
    assertFalse(completions.hasStranded());
  }

  @Test
  void whatWaitsForTheNextHasItRun() {
    assertFalse(
        completions.add(
            () -> {
              assertTrue(completions.runNextStranded());
              assertFalse(completions.runNextStranded());
              hasThreads = true;
              assertFalse(completions.add(() -> note("three")));
              note("one");
            }));
    assertFalse(completions.add(() -> note("two")));
    completions.runStranded();
    assertEquals(List.of("two here", "one here", "three here"), ran);
    assertFalse(completions.hasStranded());
  }

  @Test
  void whatIsStrandedAtTheEndIsDoneHere() {
    assertFalse(completions.add(() -> note("one")));
    hasThreads = true;
    completions.finish();
    assertFalse(completions.add(() -> note("two")));
    completions.runStranded();
    assertEquals(List.of("one here", "two here"), ran);
  }

  @Test
  void anInterruptDoesNotCutAJoinShort() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    Thread slow =
        new Thread(
            () -> {
              try {
                release.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    slow.start();
    List<Boolean> seen = new CopyOnWriteArrayList<>();
    Thread waits =
        new Thread(
            () -> {
              Completions.joinUninterruptibly(slow, 60_000_000_000L);
              seen.add(slow.isAlive());
              seen.add(Thread.currentThread().isInterrupted());
            });
    waits.start();
    for (int interrupts = 0; interrupts < 3; interrupts++) {
      awaitJoining(waits);
      waits.interrupt();
    }
    awaitJoining(waits);
    release.countDown();
    waits.join();
    assertEquals(List.of(false, true), seen);
  }

  /** Returns once the thread waits, and has seen that it was interrupted; or once it is gone. */
  private static void awaitJoining(Thread thread) {
    while (thread.isAlive()
        && (thread.getState() != Thread.State.TIMED_WAITING || thread.isInterrupted())) {
      Thread.onSpinWait();
    }
  }
}
