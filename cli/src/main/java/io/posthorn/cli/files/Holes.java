package io.posthorn.cli.files;

import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the data of a file lies and where it has holes, by lseek(2) with {@code SEEK_DATA} and
 * {@code SEEK_HOLE}. Where the system does not tell, all of a file is data.
 */
final class Holes {
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int O_CLOEXEC = 0x80000;

  /** A file in more pieces than this is read as a whole. */
  private static final int MOST_RANGES = 100_000;

  /** Smaller files are read as a whole: that is faster than to ask. */
  private static final long LEAST_BYTES = 16L << 20;

  /**
   * A stretch of data.
   *
   * @param from the first byte
   * @param to behind the last
   */
  record Range(long from, long to) {}

  private Holes() {}

  /** The stretches of data in a file of this size, in their order. */
  static List<Range> dataOf(Path file, long size) {
    List<Range> ranges = size < LEAST_BYTES ? null : ask(file, size);
    return ranges != null ? ranges : size == 0 ? List.of() : List.of(new Range(0, size));
  }

  private static @Nullable List<Range> ask(Path file, long size) {
    if (!System.getProperty("os.name").equals("Linux")
        || !System.getProperty("os.arch").matches("amd64|x86_64|aarch64")) {
      return null;
    }
    if (file.toString().indexOf('\ufffd') >= 0) {
      return null; // the text of the path does not spell its bytes
    }
    try {
      NativeLibrary c = NativeLibrary.getInstance("c");
      int descriptor = c.getFunction("open").invokeInt(new Object[] {file.toString(), O_CLOEXEC});
      if (descriptor < 0) {
        return null;
      }
      try {
        return ask(c, descriptor, size);
      } finally {
        c.getFunction("close").invokeInt(new Object[] {descriptor});
      }
    } catch (UnsatisfiedLinkError | NoClassDefFoundError withoutNativeCode) {
      return null;
    }
  }

  private static @Nullable List<Range> ask(NativeLibrary c, int descriptor, long size) {
    List<Range> ranges = new java.util.ArrayList<>();
    long at = 0;
    while (at < size) {
      long from = seek(c, descriptor, at, SEEK_DATA);
      if (from < 0) {
        break; // there is no data behind
      }
      long to = seek(c, descriptor, from, SEEK_HOLE);
      if (to <= from || ranges.size() == MOST_RANGES) {
        return null;
      }
      if (from < size) {
        ranges.add(new Range(from, Math.min(to, size)));
      }
      at = to;
    }
    if (ranges.isEmpty() && at == 0 && seek(c, descriptor, 0, SEEK_HOLE) != 0) {
      return null; // not a hole from the start: the file system does not tell
    }
    return ranges;
  }

  private static long seek(NativeLibrary c, int descriptor, long offset, int whence) {
    return c.getFunction("lseek").invokeLong(new Object[] {descriptor, offset, whence});
  }
}
