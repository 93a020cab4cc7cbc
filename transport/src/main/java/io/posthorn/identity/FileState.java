package io.posthorn.identity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the file system says of a file: which one it is, when it last changed, whose it is, and who
 * else may do what with it. A file that was replaced, written, or given to others has another.
 *
 * @param key names the file itself, whatever its path; null where nothing does, as on Windows
 * @param bytes its length
 * @param modified when it was written, which whoever may write it can set back
 * @param changed when anything of it changed, which nobody sets; as {@code modified} where there is
 *     no such time
 * @param mode type and permissions as in stat(2), or {@link #NO_MODE}
 * @param uid number of its owner, or {@link #NO_MODE}
 */
record FileState(
    @Nullable Object key, long bytes, FileTime modified, FileTime changed, int mode, int uid) {
  /** Of a file system that has neither modes nor owners, as on Windows. */
  static final int NO_MODE = -1;

  /** Of the mode, as in inode(7). */
  private static final int TYPE = 0170000;

  private static final int REGULAR = 0100000;
  private static final int FOLDER = 0040000;

  private static final String OF_UNIX = "unix:fileKey,size,lastModifiedTime,ctime,mode,uid";

  /** Looks at a file; a link is followed. */
  static FileState of(Path file) throws IOException {
    if (!file.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      BasicFileAttributes basic = Files.readAttributes(file, BasicFileAttributes.class);
      FileTime modified = basic.lastModifiedTime();
      return new FileState(basic.fileKey(), basic.size(), modified, modified, NO_MODE, NO_MODE);
    }
    Map<String, Object> all = Files.readAttributes(file, OF_UNIX); // one stat(2)
    return new FileState(
        all.get("fileKey"),
        (Long) named(all, "size"),
        (FileTime) named(all, "lastModifiedTime"),
        (FileTime) named(all, "ctime"),
        (Integer) named(all, "mode"),
        (Integer) named(all, "uid"));
  }

  private static Object named(Map<String, Object> all, String name) {
    return Objects.requireNonNull(all.get(name), name);
  }

  /** Whether it is a pipe, a terminal or the like: read once, it is gone, and lies nowhere. */
  boolean isStream() {
    int type = mode & TYPE;
    return hasMode() && type != REGULAR && type != FOLDER;
  }

  /** Whether the file system has modes and owners. */
  boolean hasMode() {
    return mode != NO_MODE;
  }
}
