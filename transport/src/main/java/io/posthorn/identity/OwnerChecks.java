package io.posthorn.identity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Refuses files of keys that others may read or change, as sshd does with {@code StrictModes}: the
 * file has to be this user's or root's and closed to others, and so has the folder, for who may
 * write there puts another file in its place. A folder with the sticky bit, such as /tmp, may be
 * written by all: in it nobody replaces what is not his. Folders further up are trusted, as is all
 * where the file system has no modes.
 */
final class OwnerChecks {
  /** All that group and others can have. */
  static final int NOBODY_ELSE = 077;

  /** That group and others can write. */
  static final int NO_OTHER_WRITER = 022;

  private static final String NOBODY = "?";
  private static final int STICKY = 01000;
  private static final int PERMISSIONS = 07777;

  private OwnerChecks() {}

  /**
   * Checks a file.
   *
   * @param wrong the permissions that it must not have
   */
  static void check(Path file, FileState state, int wrong) throws IOException {
    check(file, state, wrong, named(), running());
  }

  /** As above, for a user who has one of these names; "?" is none. */
  static void check(Path file, FileState state, int wrong, String named, String running)
      throws IOException {
    if (!state.hasMode()) {
      return;
    }
    int found = state.mode() & wrong;
    if (found != 0) {
      boolean written = (found & NO_OTHER_WRITER) != 0;
      throw new IdentityFileException(
          file,
          file
              + " has mode "
              + octal(state)
              + ", so others may "
              + (written ? "change" : "read")
              + " it: look whether it still says what it should, then chmod "
              + (wrong == NOBODY_ELSE ? "0600" : "0644")
              + " it");
    }
    String owner = otherOwner(file, state, named, running);
    if (owner != null) {
      throw new IdentityFileException(
          file,
          file
              + " belongs to "
              + owner
              + ", who may change it: look whether it says what it should, then chown it to this"
              + " user, or put a copy in its place");
    }
    if (state.isStream()) {
      return; // it was opened by whoever named it, and nobody puts another in its place
    }
    checkFolder(file, file.toAbsolutePath().getParent());
    if (Files.isSymbolicLink(file)) {
      checkFolder(file, file.toRealPath().getParent());
    }
  }

  /** Checks the folder that a file is in, or is about to be. */
  static void checkFolder(Path file, @Nullable Path folder) throws IOException {
    FileState state = folder == null ? null : FileState.of(folder);
    if (folder == null || state == null || !state.hasMode()) {
      return;
    }
    if ((state.mode() & NO_OTHER_WRITER) != 0 && (state.mode() & STICKY) == 0) {
      throw new IdentityFileException(
          file,
          "the folder of "
              + file
              + " has mode "
              + octal(state)
              + ", so others may put another file in its place: look whether it still says what it"
              + " should, then chmod go-w "
              + folder);
    }
    String owner = otherOwner(folder, state, named(), running());
    if (owner != null) {
      throw new IdentityFileException(
          file,
          "the folder of "
              + file
              + " belongs to "
              + owner
              + ", who may put another file in its place: look whether it still says what it"
              + " should, then chown "
              + folder
              + " to this user, or move the file to a folder of one's own");
    }
  }

  /** Whose it is, if neither this user's nor root's; null if that cannot be told. */
  private static @Nullable String otherOwner(
      Path path, FileState state, String named, String running) throws IOException {
    if (state.uid() == 0) {
      return null; // who may do anything anyway
    }
    String owner = Files.getOwner(path).getName();
    boolean isKnown = !named.equals(NOBODY) || !running.equals(NOBODY);
    return !isKnown || owner.equals(named) || owner.equals(running) ? null : owner;
  }

  /** Of the user, by the passwords of the system; some containers have users without a name. */
  private static String named() {
    return System.getProperty("user.name", NOBODY);
  }

  /** Of the process, by the system; one with privileges of its own shows as root's. */
  private static String running() {
    return ProcessHandle.current().info().user().orElse(NOBODY);
  }

  private static String octal(FileState state) {
    return String.format(Locale.ROOT, "%04o", state.mode() & PERMISSIONS);
  }
}
