package io.posthorn.identity;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Predicate;

/**
 * Takes lines out of a file of keys, to which other processes may add meanwhile: the new file has
 * what they add, be it a key that is revoked.
 */
final class Lines {
  /** Somebody would have to change the file as often at just that moment. */
  private static final int ATTEMPTS = 100;

  private Lines() {}

  /** Writes the file without the lines that are meant; answers how many went. */
  static int remove(Path file, Predicate<String> meant) throws IOException {
    return replace(file, meant, "");
  }

  /**
   * Writes the file without the lines that are meant, and with another at its end.
   *
   * @param with the line; empty for none
   * @return how many went
   */
  static int replace(Path file, Predicate<String> meant, String with) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try (FileChannel old = FileChannel.open(file, StandardOpenOption.READ)) {
        GuardedFile.Content content = GuardedFile.readPublic(file);
        String text = content == null ? "" : content.text();
        if (content == null || !read(old).equals(text)) {
          continue; // changed since it was opened
        }
        StringBuilder left = new StringBuilder();
        int removed = 0;
        for (String line : text.lines().toList()) {
          if (meant.test(line)) {
            removed++;
          } else {
            left.append(line).append('\n');
          }
        }
        if (removed == 0 && with.isEmpty()) {
          return 0;
        }
        GuardedFile.replace(file, left + (with.isEmpty() ? "" : with + "\n"));
        addLate(file, read(old), text);
        return removed;
      } catch (NoSuchFileException missing) {
        if (!with.isEmpty()) {
          GuardedFile.append(file, with);
        }
        return 0;
      }
    }
    throw new IdentityFileException(
        file, "cannot change " + file + ": others do so all the time; try again");
  }

  /** Adds what came to the old file between reading and replacing it. */
  private static void addLate(Path file, String now, String before) throws IOException {
    int end = now.lastIndexOf('\n') + 1; // who is still writing looks for the line afterwards
    if (now.startsWith(before) && end > before.length()) {
      for (String line : now.substring(before.length(), end).lines().toList()) {
        if (!line.isEmpty()) {
          GuardedFile.append(file, line);
        }
      }
    }
  }

  private static String read(FileChannel channel) throws IOException {
    channel.position(0);
    byte[] all = Channels.newInputStream(channel).readAllBytes();
    return new String(all, StandardCharsets.UTF_8);
  }
}
