package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.io.RefusingCalls.Call;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a process remembers of its first open, and what it asks again. */
@EnabledOnOs(OS.LINUX)
class FastPathTest {
  private final AtomicInteger made = new AtomicInteger();

  private FastPath.Answer ask(FastPath path, int times) {
    FastPath.Answer answer = path.ask();
    for (int i = 1; i < times; i++) {
      assertNull(answer.calls());
      answer = path.ask();
    }
    return answer;
  }

  @ParameterizedTest
  @CsvSource({"SOCKET,24", "SOCKET,23", "EVENT,24"})
  void aShortageIsForgottenHoweverLongItLasted(Call call, int errno) {
    int shortUntil = 10;
    FastPath path =
        new FastPath(
            () ->
                new RefusingCalls(
                    call, errno, () -> made.get() < shortUntil && made.getAndIncrement() >= 0));
    FastPath.Answer first = path.ask();
    assertNull(first.calls());
    assertTrue(first.whyNot().contains("ulimit -n"), first.whyNot());
    FastPath.Answer after = ask(path, shortUntil);
    assertNotNull(after.calls(), after.whyNot());
    assertEquals("", after.whyNot());
    assertSame(after, path.ask());
  }

  @Test
  void wantOfMemoryIsForgotten() {
    FastPath path =
        new FastPath(
            () -> {
              if (made.getAndIncrement() == 0) {
                throw new OutOfMemoryError("forced");
              }
              return new LinuxCalls();
            });
    assertNotNull(ask(path, 2).calls());
  }

  /** It may have come too late. */
  @Test
  void aTestThatFailedIsRepeated() {
    FastPath path =
        new FastPath(
            () ->
                new RefusingCalls(
                    Call.ANY_SEND, LinuxCalls.EPERM, () -> made.getAndIncrement() == 0));
    assertNotNull(ask(path, 2).calls());
  }

  @Test
  void whatFailsEachTimeIsAskedAFewTimesOnly() {
    FastPath path =
        new FastPath(
            () -> {
              made.incrementAndGet();
              return new RefusingCalls(Call.ANY_SEND, LinuxCalls.EPERM, () -> true);
            });
    FastPath.Answer last = ask(path, FastPath.MOST_TESTS);
    assertNull(last.calls());
    assertSame(last, path.ask());
    assertEquals(FastPath.MOST_TESTS, made.get());
  }

  @Test
  void aLibraryThatDoesNotLoadIsNotAskedAgain() {
    FastPath path =
        new FastPath(
            () -> {
              made.incrementAndGet();
              throw new UnsatisfiedLinkError("forced");
            });
    assertSame(ask(path, 2), path.ask());
    assertEquals(1, made.get());
  }
}
