package io.posthorn.identity;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file of keys cannot be relied on: it is unreadable, damaged, or open to others. Its message
 * names the file, the line or mode, and what to do. Nothing was made or changed instead.
 */
public final class IdentityFileException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String file;

  IdentityFileException(Path file, String message) {
    super(message);
    this.file = file.toString();
  }

  IdentityFileException(Path file, String message, Throwable cause) {
    super(message, cause);
    this.file = file.toString();
  }

  /** The file concerned. */
  public Path file() {
    return Path.of(file);
  }
}
