package io.posthorn.cli;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A file that is written at the end of long work: whether it can be is known at the beginning, and
 * one of that name stays as it is until the new one is whole.
 */
final class ReportFile implements Closeable {
  private final @Nullable Path file;
  private final @Nullable Path beside;

  private ReportFile(@Nullable Path file, @Nullable Path beside) {
    this.file = file;
    this.beside = beside;
  }

  /**
   * Makes sure of the file.
   *
   * @param file null if there is none to be written
   */
  static ReportFile create(@Nullable Path file) throws IOException, Failure {
    if (file == null) {
      return new ReportFile(null, null);
    }
    if (Files.isDirectory(file)) {
      throw new Failure(
          ExitCode.CANNOT_CREATE, "cannot create " + file + ": it is a folder", "name a file");
    }
    Path beside = file.resolveSibling("." + file.getFileName() + ".new");
    try {
      Files.writeString(beside, "");
      return new ReportFile(file, beside);
    } catch (FileSystemException failed) {
      throw Failures.ofCreation(failed);
    }
  }

  /** Writes it, if there is one. */
  void write(Supplier<String> text) throws IOException {
    Path own = beside;
    Path to = file;
    if (own == null || to == null) {
      return;
    }
    Files.writeString(own, text.get());
    try {
      Files.move(own, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException other) {
      Files.move(own, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Leaves nothing half done. */
  @Override
  public void close() throws IOException {
    Path own = beside;
    if (own != null) {
      Files.deleteIfExists(own);
    }
  }
}
