package io.posthorn.cli.files;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/** Permission bits as chmod(2) has them. */
final class FileModes {
  /** Of what is under way: nobody else is to read it before its own permissions are set. */
  static final int OWNER_FILE = 0600;

  /** What an owner needs to fill a folder. */
  static final int OWNER_FOLDER = 0700;

  private FileModes() {}

  /** The bits as the JDK has them. */
  static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] all = PosixFilePermission.values(); // owner first, as the bits
    for (int bit = 0; bit < all.length; bit++) {
      if ((mode >> (all.length - 1 - bit) & 1) != 0) {
        set.add(all[bit]);
      }
    }
    return set;
  }

  /** Makes a file or folder at a place with these bits from the start; empty where none exist. */
  static FileAttribute<?>[] fromTheStart(Path place, int mode) {
    return Files.getFileAttributeView(place, PosixFileAttributeView.class) == null
        ? new FileAttribute<?>[0]
        : new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions(mode))};
  }
}
