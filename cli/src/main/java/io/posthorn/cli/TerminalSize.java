package io.posthorn.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** How large the terminal is that somebody looks at. */
final class TerminalSize {
  private static final long PATIENCE_MILLIS = 5_000;

  private TerminalSize() {}

  /** Its columns, at least 1. */
  static int columns(Streams streams, int otherwise) {
    return size(streams, "COLUMNS", 1, otherwise);
  }

  /** Its lines, at least 1. */
  static int lines(Streams streams, int otherwise) {
    return size(streams, "LINES", 0, otherwise);
  }

  private static int size(Streams streams, String variable, int word, int otherwise) {
    String said = streams.environment().getOrDefault(variable, "");
    if (said.matches("[1-9][0-9]{0,4}")) {
      return Integer.parseInt(said);
    }
    String[] words = ask().split(" ", -1);
    return words.length == 2 && words[word].matches("[1-9][0-9]{0,4}")
        ? Integer.parseInt(words[word])
        : otherwise;
  }

  /** What stty(1) says of the terminal that controls this process: rows and columns. */
  private static String ask() {
    Path terminal = Path.of("/dev/tty");
    if (!Files.exists(terminal)) {
      return "";
    }
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(ProcessBuilder.Redirect.from(terminal.toFile()))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        return stty.waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
            ? new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip()
            : "";
      } finally {
        stty.destroyForcibly();
      }
    } catch (IOException noTerminal) {
      return "";
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
