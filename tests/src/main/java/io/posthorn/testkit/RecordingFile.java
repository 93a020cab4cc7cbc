package io.posthorn.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Where the fates of a test's datagrams are kept until it is known whether it failed. */
final class RecordingFile {
  private RecordingFile() {}

  /** A name that no other run of any test has; null if no file can be made anywhere. */
  static @Nullable Path of(ExtensionContext context) {
    String type = context.getTestClass().map(Class::getSimpleName).orElse("Test");
    String method = context.getTestMethod().map(each -> each.getName()).orElse("test");
    for (Path folder : OutputFolders.all()) {
      Path file = in(folder, type + "." + method + "-");
      if (file != null) {
        return file;
      }
    }
    return null;
  }

  private static @Nullable Path in(Path folder, String prefix) {
    try {
      Files.createDirectories(folder);
      return Files.createTempFile(folder, prefix, ".recording");
    } catch (IOException notWritable) {
      return null; // without any, a failure is told without its trace
    }
  }

  /** Those that hold a datagram; the others are deleted. */
  static List<Path> withDatagrams(List<Path> files) {
    List<Path> full = new ArrayList<>();
    List<Path> empty = new ArrayList<>();
    for (Path file : files) {
      (holdsDatagram(file) ? full : empty).add(file);
    }
    delete(empty);
    return full;
  }

  private static boolean holdsDatagram(Path file) {
    try (var lines = Files.lines(file)) {
      return lines.skip(1).anyMatch(line -> !line.startsWith("#"));
    } catch (IOException unreadable) {
      return false;
    }
  }

  static void delete(List<Path> files) {
    for (Path file : files) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException inUse) {
        file.toFile().deleteOnExit();
      }
    }
  }
}
