package io.posthorn.house;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A source file of this repository, by its path from the root. */
record SourceFile(String path, String text) {
  static final Path ROOT = Path.of(System.getProperty("posthorn.root", "..")).toAbsolutePath();

  /** All files below a folder whose name ends so, sorted; none if there is no such folder. */
  static List<SourceFile> under(String folder, String end) throws IOException {
    Path top = ROOT.resolve(folder).normalize();
    List<SourceFile> files = new ArrayList<>();
    if (!Files.isDirectory(top)) {
      return files;
    }
    try (Stream<Path> tree = Files.walk(top)) {
      for (Path file : (Iterable<Path>) tree.sorted()::iterator) {
        if (Files.isRegularFile(file) && file.toString().endsWith(end)) {
          files.add(read(file));
        }
      }
    }
    return files;
  }

  static SourceFile read(Path file) throws IOException {
    String path = ROOT.normalize().relativize(file.toAbsolutePath().normalize()).toString();
    return new SourceFile(path, Files.readString(file));
  }

  /** Each match as {@code path:line: text}. */
  List<String> linesMatching(Pattern pattern) {
    List<String> found = new ArrayList<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      long line = 1 + text.substring(0, matcher.start()).chars().filter(c -> c == '\n').count();
      found.add(path + ":" + line + ": " + matcher.group().strip());
    }
    return found;
  }
}
