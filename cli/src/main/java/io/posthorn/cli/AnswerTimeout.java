package io.posthorn.cli;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How long a command that connects waits for its peer. */
final class AnswerTimeout {
  /** The name by which to refuse it. */
  static final String OPTION = "-w";

  @Option(
      names = {OPTION, "--timeout"},
      paramLabel = "SECS",
      converter = Quantity.Time.class,
      description = "How long to wait for the peer's answer, default 10 s.")
  private @Nullable Duration timeout;

  /** What was asked for, or null for the usual time. */
  @Nullable Duration asked() {
    return timeout;
  }
}
