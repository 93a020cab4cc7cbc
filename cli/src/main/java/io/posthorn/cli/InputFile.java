package io.posthorn.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** A file that a command reads. */
final class InputFile {
  private InputFile() {}

  /**
   * Refuses a folder, which systems open as if it were a file, and only then will not read.
   *
   * @return the path, which may lead to nothing
   */
  static Path of(Path path) throws Failure {
    if (Files.isDirectory(path)) {
      throw new Failure(ExitCode.NO_INPUT, path + " is a folder", "name a file");
    }
    return path;
  }
}
