package io.posthorn.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Whether there is a standard input, and whether it may be read without harm. */
final class StandardInput {
  // Of /proc/self/stat, counted after the name of the program, which may hold anything.
  private static final int PROCESS_GROUP = 2;
  private static final int TERMINAL_GROUP = 5;

  private StandardInput() {}

  /**
   * False if the program was started with its standard input closed, as daemons are: the first file
   * that the Java runtime opens for itself has its number then, and must be neither read nor
   * closed. Where that cannot be found out it is true.
   *
   * @param descriptors the folder with a link for each descriptor that is open
   */
  static boolean isGiven(Path descriptors) {
    try (Stream<Path> links = Files.list(descriptors)) {
      Path zero = target(descriptors.resolve("0"));
      // Of a file that somebody gave as standard input the runtime has one more of its own.
      return zero != null
          && (!isOfRuntime(zero)
              || links.anyMatch(link -> !link.endsWith("0") && zero.equals(target(link))));
    } catch (IOException | UncheckedIOException elsewhere) {
      return true;
    }
  }

  private static @Nullable Path target(Path link) {
    try {
      return Files.readSymbolicLink(link);
    } catch (IOException | RuntimeException closed) {
      return null;
    }
  }

  /** Whether the runtime keeps this file open: its own modules and the program's classes. */
  private static boolean isOfRuntime(Path file) {
    List<String> own = new ArrayList<>();
    own.add(Path.of(System.getProperty("java.home", ""), "lib", "modules").toString());
    own.addAll(List.of(System.getProperty("java.class.path", "").split(File.pathSeparator, -1)));
    for (String name : own) {
      try {
        if (!name.isEmpty() && Files.isSameFile(file, Path.of(name))) {
          return true;
        }
      } catch (IOException | RuntimeException absent) {
        // A file that is not there is not the one that was opened.
      }
    }
    return false;
  }

  /**
   * False for a shell's background job on a terminal: the kernel stops it when it reads. Where that
   * cannot be found out it is true.
   */
  static boolean mayBeRead() {
    try {
      if (!Files.readSymbolicLink(Path.of("/proc/self/fd/0")).startsWith("/dev")) {
        return true;
      }
      String stat = Files.readString(Path.of("/proc/self/stat"), StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      String terminalGroup = fields[TERMINAL_GROUP];
      return terminalGroup.equals("-1") || terminalGroup.equals(fields[PROCESS_GROUP]);
    } catch (IOException | RuntimeException elsewhere) {
      return true;
    }
  }
}
