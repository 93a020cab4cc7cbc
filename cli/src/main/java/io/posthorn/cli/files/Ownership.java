package io.posthorn.cli.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileOwnerAttributeView;

/**
 * Whose a file is. In a folder where others may make files too, one under a known name may be
 * theirs: they would read all that is written to it.
 */
final class Ownership {
  private static final String NAMES = "nlink";

  private Ownership() {}

  /**
   * Whether a file is this user's: its owner is the one that a new file beside it gets, which is
   * not always the process's user, as on a file system from the network.
   */
  static boolean isOurs(Path file) throws IOException {
    if (Files.getFileAttributeView(file, FileOwnerAttributeView.class) == null) {
      return true;
    }
    Path made = Files.createTempFile(file.getParent(), PartName.PREFIX, PartName.SUFFIX);
    try {
      return Files.getOwner(made).equals(Files.getOwner(file, LinkOption.NOFOLLOW_LINKS));
    } finally {
      Files.deleteIfExists(made);
    }
  }

  /** Whether a file has other names, under which its content and permissions change too. */
  static boolean hasOtherNames(Path file) throws IOException {
    return file.getFileSystem().supportedFileAttributeViews().contains("unix")
        && Files.readAttributes(file, "unix:" + NAMES, LinkOption.NOFOLLOW_LINKS).get(NAMES)
            instanceof Integer names
        && names > 1;
  }
}
