package io.posthorn.identity;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Predicate;

/** Takes lines out of a file of keys. */
final class Lines {
  private Lines() {}

  /** Writes the file without the lines that are meant; answers how many went. */
  static int remove(Path file, Predicate<String> meant) throws IOException {
    String text = GuardedFile.readPublic(file);
    if (text == null) {
      return 0;
    }
    int removed = 0;
    StringBuilder left = new StringBuilder();
    for (String line : text.lines().toList()) {
      if (meant.test(line)) {
        removed++;
      } else {
        left.append(line).append('\n');
      }
    }
    if (removed > 0) {
      GuardedFile.replace(file, left.toString());
    }
    return removed;
  }
}
