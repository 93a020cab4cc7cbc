package io.posthorn.cli;

import picocli.CommandLine.Option;

/** The short word for {@code --quiet}, in commands where {@code -q} means nothing else. */
final class QuietFlag {
  @Option(names = "-q", description = "As --quiet; figures on the way are left out, results stay.")
  private boolean quiet;

  /** Whether it was given. */
  boolean isGiven() {
    return quiet;
  }
}
