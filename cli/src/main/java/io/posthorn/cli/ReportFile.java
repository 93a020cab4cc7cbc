package io.posthorn.cli;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A file that is written at the end of long work: whether it can be is known at the beginning, and
 * one of that name stays as it is until the new one is whole. A device or a pipe gets what others
 * would write to it.
 */
final class ReportFile implements Closeable {
  private final @Nullable Path file;

  /** Null where the file is written as it stands: a device or a pipe has no place to be taken. */
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
    if (isInUse(file)) {
      if (!Files.isWritable(file)) {
        throw new Failure(
            ExitCode.CANNOT_CREATE,
            "cannot write " + file + ": permission denied",
            "name a file that may be written");
      }
      return new ReportFile(file, null);
    }
    try {
      Path target =
          Files.exists(file) ? file.toRealPath() : file; // what a link names, not the link
      Path beside = target.resolveSibling("." + target.getFileName() + ".new");
      Files.writeString(beside, "");
      return new ReportFile(target, beside);
    } catch (FileSystemException failed) {
      throw Failures.ofCreation(failed);
    }
  }

  /** Whether it is no file of its own: a device, a pipe, or what some process has open. */
  private static boolean isInUse(Path file) {
    Path absolute = file.toAbsolutePath().normalize();
    return Files.exists(file)
        && (!Files.isRegularFile(file)
            || absolute.startsWith("/dev/fd")
            || absolute.startsWith("/dev/stdout")
            || absolute.startsWith("/dev/stderr")
            || absolute.startsWith("/proc"));
  }

  /** Writes it, if there is one. */
  void write(Supplier<String> text) throws IOException {
    Path own = beside;
    Path to = file;
    if (to == null) {
      return;
    }
    if (own == null) {
      Files.writeString(to, text.get(), StandardOpenOption.WRITE, StandardOpenOption.APPEND);
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
