package io.posthorn.cli;

import java.time.Duration;

/** How long something was waited for, in words. */
public final class TimeText {
  private TimeText() {}

  /** Whole seconds as {@code 3 s}, others as {@code 1500 ms}. */
  public static String of(Duration time) {
    long millis = time.toMillis();
    return millis % 1_000 == 0 ? millis / 1_000 + " s" : millis + " ms";
  }
}
