package io.posthorn.cli.files;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Gives a file another name in one step that fails if the name is taken. */
final class Rename {
  private static final int AT_FDCWD = -100;
  private static final int NO_REPLACE = 1;
  private static final int EEXIST = 17;

  private Rename() {}

  /**
   * Renames a file, never over another one. A second name fails if it is taken, where a move would
   * replace; a file system without such names may have Linux's renameat2(2). Elsewhere nothing is
   * left but to look first, and whoever makes a file of the name in between loses it.
   *
   * @throws FileAlreadyExistsException if the name is taken
   */
  static void noReplace(Path from, Path to) throws IOException {
    try {
      Files.createLink(to, from);
    } catch (FileAlreadyExistsException taken) {
      throw taken;
    } catch (UnsupportedOperationException | FileSystemException noLinks) {
      if (!atOnce(from, to)) {
        Files.move(from, to);
      }
      return;
    }
    Files.deleteIfExists(from);
  }

  /** By renameat2; false if it cannot be had. */
  static boolean atOnce(Path from, Path to) throws FileAlreadyExistsException {
    if (!System.getProperty("os.name").equals("Linux")) {
      return false;
    }
    try {
      int failed =
          NativeLibrary.getInstance("c")
              .getFunction("renameat2")
              .invokeInt(new Object[] {AT_FDCWD, bytes(from), AT_FDCWD, bytes(to), NO_REPLACE});
      if (failed != 0 && Native.getLastError() == EEXIST) {
        throw new FileAlreadyExistsException(to.toString());
      }
      return failed == 0;
    } catch (UnsatisfiedLinkError | NoClassDefFoundError withoutNativeCode) {
      return false;
    }
  }

  /** As C has the text of a path. */
  private static byte[] bytes(Path path) {
    byte[] bytes = Utf8Name.bytesOf(path.toAbsolutePath());
    byte[] ended = new byte[bytes.length + 1];
    System.arraycopy(bytes, 0, ended, 0, bytes.length);
    return ended;
  }
}
