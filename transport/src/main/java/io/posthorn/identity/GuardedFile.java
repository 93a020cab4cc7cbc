package io.posthorn.identity;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes files of keys. What others may read (a private key) or write (any of them) is
 * refused, see {@link OwnerChecks}; what is written is whole or not there. A new file is for its
 * owner alone; one that is written anew stays open to those who could read it.
 */
final class GuardedFile {
  private static final int MOST_BYTES = 16 << 20;

  /** Somebody would have to replace the file as often at just that moment. */
  private static final int APPENDING_ATTEMPTS = 100;

  /** Likewise, where whoever adds a line changes it too. */
  private static final int READING_ATTEMPTS = 1000;

  private GuardedFile() {}

  /**
   * What stands in a file.
   *
   * @param state of the file that this was read from, unchanged meanwhile
   */
  record Content(String text, FileState state) {}

  /** The text of a file that nobody else may read or write; null if there is no file. */
  static @Nullable String readSecret(Path file) throws IOException {
    Content content = read(file, OwnerChecks.NOBODY_ELSE);
    return content == null ? null : content.text;
  }

  /** The content of a file that nobody else may write; null if there is no file. */
  static @Nullable Content readPublic(Path file) throws IOException {
    return read(file, OwnerChecks.NO_OTHER_WRITER);
  }

  private static @Nullable Content read(Path file, int wrong) throws IOException {
    try {
      for (int attempt = 0; attempt < READING_ATTEMPTS; attempt++) {
        if (Files.isDirectory(file)) {
          throw new IdentityFileException(file, file + " is a folder: name a file");
        }
        FileState state = FileState.of(file);
        OwnerChecks.check(file, state, wrong);
        if (state.bytes() > MOST_BYTES) {
          throw new IdentityFileException(
              file, file + " has more than " + MOST_BYTES + " bytes: this is no file of keys");
        }
        String text = Files.readString(file);
        // Else another was read than was checked.
        if (state.isStream() || FileState.of(file).equals(state)) {
          return new Content(text, state);
        }
      }
      throw new IdentityFileException(
          file, "cannot read " + file + ": others change it all the time; try again");
    } catch (NoSuchFileException missing) {
      return null;
    } catch (CharacterCodingException damaged) {
      throw new IdentityFileException(
          file, file + " is not text: it is damaged, restore it from a copy", damaged);
    } catch (IdentityFileException told) {
      throw told;
    } catch (IOException failed) {
      if (isBehindAFile(file)) {
        return null;
      }
      throw new IdentityFileException(
          file, "cannot read " + file + ": " + reason(failed) + "; check who may read it", failed);
    }
  }

  /**
   * Whether one of its folders is a file, so that there is nothing behind it. What lies behind a
   * folder that cannot be entered is not known, and may well be there.
   */
  private static boolean isBehindAFile(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    while (folder != null && !Files.exists(folder)) {
      folder = folder.getParent();
    }
    return folder != null && !Files.isDirectory(folder);
  }

  /**
   * Makes a file for its owner alone, or leaves things as they were. Where the system gives no
   * second names, the file is empty for a moment.
   *
   * @throws FileAlreadyExistsException if there is one, which stays as it is
   */
  static void create(Path file, String text) throws IOException {
    create(file, text, Files::createLink);
  }

  /** How a file gets a second name; other than the system's in tests. */
  interface Linker {
    void link(Path name, Path file) throws IOException;
  }

  static void create(Path file, String text, Linker linker) throws IOException {
    Path beside = writeBeside(file, text);
    try {
      linker.link(file, beside); // fails where a rename would replace
    } catch (FileAlreadyExistsException there) {
      throw there;
    } catch (UnsupportedOperationException | FileSystemException noLinks) {
      moveOverNothing(beside, file);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /** The name is taken first, by an empty file, or the move might replace what another made. */
  private static void moveOverNothing(Path beside, Path file) throws IOException {
    Files.createFile(file, ownerOnly(beside));
    try {
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException failed) {
      Files.deleteIfExists(file);
      throw failed;
    }
  }

  /**
   * Writes a file anew, open to whom it was: a service may run as another user than the one who
   * changes its keys. At every moment it is the old or the new one.
   *
   * @throws NoSuchFileException if there is none
   */
  static void replace(Path file, String text) throws IOException {
    Path beside = writeBeside(file, text);
    try {
      if (hasModes(file)) {
        openAs(beside, Files.readAttributes(file, PosixFileAttributes.class));
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private static void openAs(Path file, PosixFileAttributes old) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    Set<PosixFilePermission> permissions = EnumSet.copyOf(old.permissions());
    try {
      view.setGroup(old.group());
    } catch (IOException notAMember) {
      permissions.remove(PosixFilePermission.GROUP_READ); // another group is like all others
      if (permissions.contains(PosixFilePermission.OTHERS_READ)) {
        permissions.add(PosixFilePermission.GROUP_READ);
      }
    }
    view.setPermissions(permissions);
  }

  /** Adds one line at the end; several processes may do so at once, and others take lines out. */
  static void append(Path file, String line) throws IOException {
    append(file, line, (to, bytes) -> write(to, bytes, StandardOpenOption.APPEND));
  }

  /** How bytes get to the end of a file; other than the system's in tests. */
  interface Appender {
    void append(Path file, byte[] bytes) throws IOException;
  }

  static void append(Path file, String line, Appender appender) throws IOException {
    refuseStream(file);
    for (int attempt = 0; attempt < APPENDING_ATTEMPTS; attempt++) {
      appendOnce(file, line, appender);
      Content now = readPublic(file);
      if (now != null && now.text.lines().anyMatch(line::equals)) {
        return; // else another file was put in place of the one that has it
      }
    }
    throw new IdentityFileException(
        file, "cannot add to " + file + ": others change it all the time; try again");
  }

  /** A pipe, a terminal or the like takes no lines: what is written there stands nowhere. */
  static void refuseStream(Path file) throws IOException {
    if (Files.exists(file) && FileState.of(file).isStream()) {
      throw new IdentityFileException(
          file, "cannot change " + file + ": it is a pipe or the like; name a file");
    }
  }

  private static void appendOnce(Path file, String line, Appender appender) throws IOException {
    Content before = readPublic(file);
    if (before == null) {
      try {
        create(file, line + "\n");
        return;
      } catch (FileAlreadyExistsException another) {
        before = readPublic(file); // made by somebody else meanwhile
      }
    }
    String text = before == null ? "" : before.text;
    boolean isOpenLine = !text.isEmpty() && !text.endsWith("\n");
    byte[] bytes = ((isOpenLine ? "\n" : "") + line + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      appender.append(file, bytes);
    } catch (IOException failed) {
      try {
        blankTornLine(file, text, line);
      } catch (IOException torn) {
        failed.addSuppressed(torn);
      }
      throw failed;
    }
  }

  /**
   * Makes what a full disk left of a line blank, for half a line makes no sense, and the file would
   * be refused from then on. In its place, which takes no room; and the file is not cut, since
   * others may have added to it meanwhile.
   */
  private static void blankTornLine(Path file, String before, String line) throws IOException {
    byte[] all = Files.readAllBytes(file);
    int start = all.length;
    while (start > 0 && all[start - 1] != '\n') {
      start--;
    }
    start = Math.max(start, before.getBytes(StandardCharsets.UTF_8).length);
    byte[] meant = line.getBytes(StandardCharsets.UTF_8);
    int torn = all.length - start;
    if (torn <= 0
        || torn > meant.length
        || !Arrays.equals(all, start, all.length, meant, 0, torn)) {
      return;
    }
    try (RandomAccessFile whole = new RandomAccessFile(file.toFile(), "rws")) {
      byte[] blank = new byte[torn];
      Arrays.fill(blank, (byte) '\n');
      whole.seek(start);
      whole.write(blank);
    }
  }

  private static Path writeBeside(Path file, String text) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IdentityFileException(file, file + " is no name for a file");
    }
    createFolder(folder);
    OwnerChecks.checkFolder(file, folder);
    Path beside =
        Files.createTempFile(folder, "." + file.getFileName() + "-", "", ownerOnly(folder));
    try {
      write(beside, text.getBytes(StandardCharsets.UTF_8), StandardOpenOption.WRITE);
    } catch (IOException failed) {
      Files.deleteIfExists(beside);
      throw failed;
    }
    return beside;
  }

  private static void createFolder(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.getParent();
    try {
      if (parent != null && !Files.isDirectory(parent)) {
        Files.createDirectories(parent);
      }
      if (parent != null && hasModes(parent)) {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } else {
        Files.createDirectory(folder);
      }
    } catch (FileAlreadyExistsException there) {
      if (!Files.isDirectory(folder)) {
        throw new NotDirectoryException(there.getFile()); // and not made by somebody else meanwhile
      }
    }
  }

  /**
   * Until it is on the disk. By a stream, which unlike a channel no interrupt of a sender closes.
   */
  private static void write(Path file, byte[] bytes, OpenOption how) throws IOException {
    try (OutputStream out = Files.newOutputStream(file, how, StandardOpenOption.SYNC)) {
      out.write(bytes);
    }
  }

  /** What a new file in a folder is made with, to be for its owner alone. */
  static FileAttribute<?>[] ownerOnly(Path folder) throws IOException {
    return hasModes(folder)
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  private static boolean hasModes(Path path) throws IOException {
    return Files.getFileStore(path).supportsFileAttributeView("posix");
  }

  static String reason(IOException failed) {
    String message = failed.getMessage();
    return failed.getClass().getSimpleName() + (message == null ? "" : " (" + message + ")");
  }
}
