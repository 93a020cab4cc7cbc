package io.posthorn.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that a target writes again and again, for what is read from files. */
public final class FuzzFile {
  private final Path path;

  /** One of this name, in a folder of its own that goes with the process. */
  public FuzzFile(String name) {
    try {
      Path folder = Files.createTempDirectory("posthorn-fuzz");
      folder.toFile().deleteOnExit();
      path = folder.resolve(name);
      path.toFile().deleteOnExit();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** Has this in it, and nothing else. */
  public Path write(byte[] content) {
    try {
      return Files.write(path, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fails unless a refusal of what is in the file names it. */
  public void assertNamed(Exception refused) {
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.contains(path.toString()), () -> "no file in: " + refused);
  }
}
