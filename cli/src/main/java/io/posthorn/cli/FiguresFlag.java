package io.posthorn.cli;

import java.time.Duration;
import picocli.CommandLine.Option;

/** How often a command that runs on tells its figures. */
final class FiguresFlag {
  @Option(
      names = {"-i", "--interval"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = "Time from one line of figures to the next, default 1 s; 0 for none.")
  private Duration interval = Duration.ofSeconds(1);

  /** Whether none are wanted. */
  boolean none() {
    return interval.isZero();
  }

  /** From one telling to the next; very long if none is wanted. */
  Duration step() {
    return interval.isZero() ? Duration.ofDays(1) : interval;
  }
}
