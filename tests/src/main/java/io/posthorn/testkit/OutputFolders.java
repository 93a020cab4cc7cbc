package io.posthorn.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a build keeps what its tests leave behind: Maven's folder, Gradle's, or a temporary one.
 */
final class OutputFolders {
  private static final List<String> BUILDS = List.of("target", "build");
  private static final String FOLDER = "posthorn";

  private OutputFolders() {}

  /** Those to try, in this order. */
  static List<Path> all() {
    List<Path> folders = new ArrayList<>();
    for (String output : BUILDS) {
      if (Files.isDirectory(Path.of(output))) {
        folders.add(Path.of(output, FOLDER).toAbsolutePath());
      }
    }
    folders.add(Path.of(System.getProperty("java.io.tmpdir"), FOLDER));
    return folders;
  }
}
