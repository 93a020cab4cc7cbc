package io.posthorn.cli;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A file that is written at the end of long work: whether it can be is known at the beginning, and
 * one of that name stays as it is until the new one is whole, which gets its permissions. A device
 * or a pipe gets what others would write to it.
 */
final class ReportFile implements Closeable {
  /** The umask takes from it, as from those of any new file. */
  private static final Set<PosixFilePermission> USUAL =
      PosixFilePermissions.fromString("rw-rw-rw-");

  private static final String PREFIX = ".posthorn-";
  private static final String SUFFIX = ".new";

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
      throw Failures.ofFolder(file);
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
      Path target = target(file);
      return new ReportFile(target, beside(target));
    } catch (FileSystemException failed) {
      throw Failures.ofCreation(file.toString(), failed);
    }
  }

  /**
   * What a link names, not the link, be it there or not, as for whoever opens a file to write it; a
   * name that no file can have is refused.
   */
  private static Path target(Path file) throws IOException {
    try {
      return file.toRealPath();
    } catch (NoSuchFileException none) {
      Path named = file;
      while (Files.isSymbolicLink(named)) { // not in a circle: that is another error
        named = named.resolveSibling(Files.readSymbolicLink(named));
      }
      return named;
    }
  }

  /** A new file whose name nobody could foresee, and lay a link there; of the usual permissions. */
  private static Path beside(Path target) throws IOException {
    Path folder = target.toAbsolutePath().getParent();
    return hasPermissions(target)
        ? Files.createTempFile(folder, PREFIX, SUFFIX, PosixFilePermissions.asFileAttribute(USUAL))
        : Files.createTempFile(folder, PREFIX, SUFFIX);
  }

  private static boolean hasPermissions(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix");
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
  void write(Supplier<String> text) throws IOException, Failure {
    Path to = file;
    if (to == null) {
      return;
    }
    try {
      write(to, text);
    } catch (FileSystemException failed) {
      throw Failures.ofCreation(to.toString(), failed);
    } catch (IOException failed) {
      if (Failures.of(failed).code() == ExitCode.BROKEN_PIPE) {
        throw failed;
      }
      throw new Failure(
          ExitCode.IO,
          "cannot write " + to + ": " + failed.getMessage(),
          "make room on the disk, or name another file",
          failed);
    }
  }

  private void write(Path to, Supplier<String> text) throws IOException {
    Path own = beside;
    if (own == null) {
      Files.writeString(to, text.get(), StandardOpenOption.WRITE, StandardOpenOption.APPEND);
      return;
    }
    Files.writeString(
        own,
        text.get(),
        StandardOpenOption.WRITE,
        StandardOpenOption.TRUNCATE_EXISTING,
        LinkOption.NOFOLLOW_LINKS);
    if (hasPermissions(to) && Files.exists(to)) {
      Files.setPosixFilePermissions(own, Files.getPosixFilePermissions(to));
    }
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
