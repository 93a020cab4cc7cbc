package io.posthorn.cli.files;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The files and folders that are to be sent, walked in the order of their names. Of a symbolic link
 * to a file the file is sent; links to folders, devices, sockets and pipes are not.
 */
public final class SourceTree {
  private static final int DEFAULT_FILE_MODE = 0644;
  private static final int DEFAULT_FOLDER_MODE = 0755;

  private final List<Path> sources;
  private final List<NamePattern> excluded;

  /** Takes what is found. */
  interface Visitor {
    /** A folder, before what is in it. */
    void folder(String name, Path path, BasicFileAttributes attributes) throws IOException;

    /** A file. */
    void file(String name, Path path, BasicFileAttributes attributes) throws IOException;

    /** Something that is not sent. */
    void refused(String name, Refused why) throws IOException;
  }

  /**
   * How much there is.
   *
   * @param entries files and folders
   * @param bytes sum of the files' lengths
   */
  public record Totals(long entries, long bytes) {}

  /**
   * A tree of these files and folders.
   *
   * @param excluded patterns as of a shell: of a name anywhere, or of a path with a slash in it
   * @throws java.util.regex.PatternSyntaxException if one is malformed
   */
  public SourceTree(List<Path> sources, List<String> excluded) {
    this.sources = List.copyOf(sources);
    this.excluded = excluded.stream().map(NamePattern::new).toList();
  }

  /**
   * A name under which two different ones of the sources would be sent, of which the receiver could
   * keep but one; null if there is none.
   */
  public @Nullable String sharedName() {
    Map<String, Path> named = new HashMap<>();
    for (Path source : sources) {
      try {
        Path path = source.toRealPath();
        String name = Utf8Name.of(name(source, path));
        Path other = name == null || isExcluded("", name) ? path : named.putIfAbsent(name, path);
        if (other != null && !other.equals(path)) {
          return name;
        }
      } catch (IOException unreadable) {
        // It is said when its turn comes.
      }
    }
    return null;
  }

  /** Counts what is there now. */
  Totals totals() throws IOException {
    long[] sums = new long[2];
    walk(
        new Visitor() {
          @Override
          public void folder(String name, Path path, BasicFileAttributes attributes) {
            sums[0]++;
          }

          @Override
          public void file(String name, Path path, BasicFileAttributes attributes) {
            sums[0]++;
            sums[1] += attributes.size();
          }

          @Override
          public void refused(String name, Refused why) {
            sums[0]++;
          }
        });
    return new Totals(sums[0], sums[1]);
  }

  /** Walks through all. */
  void walk(Visitor visitor) throws IOException {
    for (Path source : sources) {
      Path path;
      try {
        path = source.toRealPath();
      } catch (IOException failed) {
        visitor.refused(source.toString(), Refused.ofReading(failed));
        continue;
      }
      visit("", name(source, path), path, visitor);
    }
  }

  /** The last part of what was given; of the folder itself where that is none, as with a dot. */
  private static Path name(Path source, Path path) {
    Path given = source.normalize().getFileName();
    if (given != null && !given.toString().isEmpty() && !given.toString().equals("..")) {
      return given;
    }
    Path last = path.getFileName();
    return last == null ? Path.of("root") : last;
  }

  private boolean isExcluded(String folder, String last) {
    for (NamePattern pattern : excluded) {
      if (pattern.matches(folder + last) || pattern.matches(last)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Visits a file or folder and what is in it.
   *
   * @param folder the names above it with a slash after each, as they are sent
   * @param below the same and its own, as the system has them
   */
  private void visit(String folder, Path below, Path path, Visitor visitor) throws IOException {
    requireUninterrupted();
    String last = Utf8Name.of(below);
    String shown = last == null ? String.valueOf(below.getFileName()) : last;
    if (isExcluded(folder, shown)) {
      return;
    }
    String name = folder + shown;
    if (last == null) {
      visitor.refused(name, new Refused(Refused.BAD_DATA, "its name is no UTF-8"));
      return;
    }
    BasicFileAttributes attributes;
    try {
      attributes = Files.readAttributes(path, BasicFileAttributes.class);
    } catch (IOException failed) {
      visitor.refused(name, Refused.ofReading(failed));
      return;
    }
    if (attributes.isRegularFile()) {
      visitor.file(name, path, attributes);
    } else if (!attributes.isDirectory()) {
      visitor.refused(
          name, new Refused(Refused.BAD_DATA, "it is a device, a socket or a pipe, not a file"));
    } else if (Files.isSymbolicLink(path)) {
      visitor.refused(
          name, new Refused(Refused.BAD_DATA, "it is a symbolic link to a folder: not followed"));
    } else {
      visitor.folder(name, path, attributes);
      for (Path child : children(name, path, visitor)) {
        visit(name + "/", below.resolve(child.getFileName()), child, visitor);
      }
    }
  }

  /** Fails if the thread is interrupted: nothing here waits, and much of it may take long. */
  static void requireUninterrupted() throws InterruptedIOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted while files are read");
    }
  }

  private static List<Path> children(String name, Path folder, Visitor visitor) throws IOException {
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(children::add);
    } catch (IOException failed) {
      visitor.refused(name, Refused.ofReading(failed));
    } catch (java.nio.file.DirectoryIteratorException failed) {
      IOException cause = failed.getCause();
      visitor.refused(
          name, Refused.ofReading(cause == null ? new IOException("unreadable", failed) : cause));
    }
    children.sort(null);
    return children;
  }

  /** The permission bits of a file or folder. */
  static int mode(Path path, boolean folder) {
    PosixFileAttributeView view =
        Files.getFileAttributeView(path, PosixFileAttributeView.class, new LinkOption[0]);
    if (view == null) {
      return folder ? DEFAULT_FOLDER_MODE : DEFAULT_FILE_MODE;
    }
    try {
      Set<PosixFilePermission> set = view.readAttributes().permissions();
      int mode = 0;
      for (PosixFilePermission one : PosixFilePermission.values()) {
        mode = mode << 1 | (set.contains(one) ? 1 : 0);
      }
      return mode;
    } catch (IOException unreadable) {
      return folder ? DEFAULT_FOLDER_MODE : DEFAULT_FILE_MODE;
    }
  }

  /** When it was last changed. */
  static Instant time(BasicFileAttributes attributes) {
    return attributes.lastModifiedTime().toInstant();
  }
}
