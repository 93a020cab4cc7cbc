package io.posthorn.identity;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Takes lines out of a file of keys, to which other processes may add meanwhile: the new file has
 * what they add, be it a key that is revoked. Who takes lines out does so alone, or the one would
 * put back what the other took: in this process under the lock of this class, among processes under
 * that of an empty file beside, {@code .NAME.lock}, which stays. (A lock of the file itself would
 * be lost whenever a handshake reads it: closing a file gives up all locks that the process has of
 * it.) Nothing but files is touched under them.
 */
final class Lines {
  /** Somebody would have to change the file as often at just that moment. */
  private static final int ATTEMPTS = 100;

  private static final Set<OpenOption> LOCK =
      Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

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
    GuardedFile.refuseStream(file);
    Path real;
    try {
      real = file.toRealPath(); // a link stays one, and all who know the file meet at one lock
    } catch (NoSuchFileException missing) {
      return replaceNothing(file, with);
    }
    synchronized (Lines.class) {
      boolean wasInterrupted = Thread.interrupted(); // it would close each channel
      try {
        FileChannel lock = lockBeside(real);
        try {
          return replaceAlone(real, meant, with);
        } finally {
          lock.close();
        }
      } finally {
        if (wasInterrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  private static int replaceNothing(Path file, String with) throws IOException {
    if (!with.isEmpty()) {
      GuardedFile.append(file, with);
    }
    return 0;
  }

  /** Waits until no other process takes lines out; until this is closed, none does. */
  private static FileChannel lockBeside(Path file) throws IOException {
    Path lock = file.resolveSibling("." + file.getFileName() + ".lock");
    FileChannel beside = FileChannel.open(lock, LOCK, GuardedFile.ownerOnly(file));
    try {
      beside.lock();
    } catch (FileLockInterruptionException interrupted) {
      beside.close();
      throw interrupted;
    } catch (IOException noLocks) {
      // There are file systems without any: there, whoever is last wins.
    }
    return beside;
  }

  private static int replaceAlone(Path file, Predicate<String> meant, String with)
      throws IOException {
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
        return replaceNothing(file, with);
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
