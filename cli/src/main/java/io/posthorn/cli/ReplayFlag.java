package io.posthorn.cli;

import io.posthorn.simulation.LinkRecording;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option {@code --replay}. */
final class ReplayFlag {
  @Option(
      names = "--replay",
      paramLabel = "FILE",
      description = {
        "Do to the n-th datagram of each client and direction what was recorded of the n-th; the"
            + " same as --impair \"replay FILE\"."
      })
  private @Nullable Path file;

  /** What is to be done again, or null. */
  @Nullable LinkRecording recording() throws Failure {
    Path from = file;
    if (from == null) {
      return null;
    }
    try {
      return LinkRecording.read(from);
    } catch (IOException unreadable) {
      Throwable cause = unreadable.getCause();
      boolean isRead = cause == null || cause instanceof CharacterCodingException;
      throw new Failure(
          isRead ? ExitCode.BAD_DATA : ExitCode.NO_INPUT,
          "cannot replay " + unreadable.getMessage(),
          "record one with \"posthorn proxy --record FILE\"",
          unreadable);
    }
  }
}
