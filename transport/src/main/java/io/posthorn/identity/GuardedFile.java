package io.posthorn.identity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes files of keys. What others may read (a private key) or write (any of them) is
 * refused; what is written is whole or not there, and for its owner alone. Where the file system
 * has no modes, as on Windows, whoever may enter the folder is trusted.
 */
final class GuardedFile {
  private static final int MOST_BYTES = 16 << 20;

  /** Somebody would have to replace the file as often at just that moment. */
  private static final int APPENDING_ATTEMPTS = 100;

  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.GROUP_EXECUTE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE,
          PosixFilePermission.OTHERS_EXECUTE);

  private static final Set<PosixFilePermission> OTHERS_WRITE =
      EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private GuardedFile() {}

  /** The text of a file that nobody else may read or write; null if there is no file. */
  static @Nullable String readSecret(Path file) throws IOException {
    return read(file, OTHERS, "0600");
  }

  /** The text of a file that nobody else may write; null if there is no file. */
  static @Nullable String readPublic(Path file) throws IOException {
    return read(file, OTHERS_WRITE, "0644");
  }

  private static @Nullable String read(Path file, Set<PosixFilePermission> wrong, String right)
      throws IOException {
    try {
      Set<PosixFilePermission> modes = modes(file);
      Set<PosixFilePermission> found = EnumSet.copyOf(wrong);
      found.retainAll(modes);
      if (!found.isEmpty()) {
        boolean written = found.removeAll(OTHERS_WRITE);
        throw new IdentityFileException(
            file,
            file
                + " has mode "
                + octal(modes)
                + ", so others may "
                + (written ? "change" : "read")
                + " it: look whether it still says what it should, then chmod "
                + right
                + " it");
      }
      if (Files.isDirectory(file)) {
        throw new IdentityFileException(file, file + " is a folder: name a file");
      }
      if (Files.size(file) > MOST_BYTES) {
        throw new IdentityFileException(
            file, file + " has more than " + MOST_BYTES + " bytes: this is no file of keys");
      }
      return Files.readString(file);
    } catch (NoSuchFileException missing) {
      return null;
    } catch (CharacterCodingException damaged) {
      throw new IdentityFileException(
          file, file + " is not text: it is damaged, restore it from a copy", damaged);
    } catch (IdentityFileException told) {
      throw told;
    } catch (IOException failed) {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null && !Files.isDirectory(folder)) {
        return null;
      }
      throw new IdentityFileException(
          file, "cannot read " + file + ": " + reason(failed) + "; check who may read it", failed);
    }
  }

  /**
   * Makes a file for its owner alone, or leaves things as they were.
   *
   * @throws FileAlreadyExistsException if there is one, which stays as it is
   */
  static void create(Path file, String text) throws IOException {
    Path beside = writeBeside(file, text);
    try {
      try {
        Files.createLink(file, beside); // fails where a rename would replace
      } catch (UnsupportedOperationException noLinks) {
        if (Files.exists(file)) {
          throw new FileAlreadyExistsException(file.toString());
        }
        Files.move(beside, file);
      }
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /** Writes a file anew, for its owner alone; at every moment it is the old or the new one. */
  static void replace(Path file, String text) throws IOException {
    Path beside = writeBeside(file, text);
    try {
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /** Adds one line at the end; several processes may do so at once, and others take lines out. */
  static void append(Path file, String line) throws IOException {
    for (int attempt = 0; attempt < APPENDING_ATTEMPTS; attempt++) {
      appendOnce(file, line);
      String now = readPublic(file);
      if (now != null && now.lines().anyMatch(line::equals)) {
        return; // else another file was put in place of the one that has it
      }
    }
    throw new IdentityFileException(
        file, "cannot add to " + file + ": others change it all the time; try again");
  }

  private static void appendOnce(Path file, String line) throws IOException {
    String before = readPublic(file);
    if (before == null) {
      try {
        create(file, line + "\n");
        return;
      } catch (FileAlreadyExistsException another) {
        before = readPublic(file); // made by somebody else meanwhile
      }
    }
    boolean isOpenLine = before != null && !before.isEmpty() && !before.endsWith("\n");
    byte[] bytes = ((isOpenLine ? "\n" : "") + line + "\n").getBytes(StandardCharsets.UTF_8);
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      writeAll(out, bytes);
    }
  }

  private static Path writeBeside(Path file, String text) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IdentityFileException(file, file + " is no name for a file");
    }
    createFolder(folder);
    boolean posix = hasModes(folder);
    FileAttribute<?>[] ownerOnly =
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    Path beside = Files.createTempFile(folder, "." + file.getFileName() + "-", "", ownerOnly);
    try (FileChannel out = FileChannel.open(beside, StandardOpenOption.WRITE)) {
      writeAll(out, text.getBytes(StandardCharsets.UTF_8));
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

  private static void writeAll(FileChannel out, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      out.write(buffer);
    }
    out.force(true);
  }

  private static boolean hasModes(Path path) throws IOException {
    return Files.getFileStore(path).supportsFileAttributeView("posix");
  }

  private static Set<PosixFilePermission> modes(Path file) throws IOException {
    try {
      return Files.getPosixFilePermissions(file);
    } catch (UnsupportedOperationException noModes) {
      return Set.of();
    }
  }

  private static String octal(Set<PosixFilePermission> modes) {
    int bits = 0;
    for (PosixFilePermission mode : modes) {
      bits |= 0400 >> mode.ordinal(); // the enum stands in the order of the bits
    }
    return String.format(java.util.Locale.ROOT, "%04o", bits);
  }

  static String reason(IOException failed) {
    String message = failed.getMessage();
    return failed.getClass().getSimpleName() + (message == null ? "" : " (" + message + ")");
  }
}
