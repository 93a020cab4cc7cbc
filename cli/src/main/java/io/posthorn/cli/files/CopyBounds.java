package io.posthorn.cli.files;

import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Hello;
import org.jspecify.annotations.Nullable;

/** How much a receiver takes of one sender (COPY.md §2), wherever it puts it. */
final class CopyBounds {
  private static final long MOST_ENTRIES = 10_000_000;

  /** What common file systems hold in one file. */
  private static final long LARGEST_FILE_BYTES = 1L << 44;

  private long entries;

  /** Takes what a conversation begins with. */
  static Hello hello(@Nullable CopyMessage first) throws BreachException {
    if (!(first instanceof Hello hello)) {
      throw new BreachException("a conversation that does not begin with its hello");
    }
    requireEntries(hello.entries());
    return hello;
  }

  /** One more file or folder begins. */
  void entry() throws BreachException {
    requireEntries(++entries);
  }

  private static void requireEntries(long entries) throws BreachException {
    if (entries > MOST_ENTRIES) {
      throw new BreachException("more than " + MOST_ENTRIES + " files and folders");
    }
  }

  /** Refuses a file that is too large; one that cannot be breaks the conversation. */
  static void requireSize(File file) throws Refused, BreachException {
    if (file.size() > LARGEST_FILE_BYTES) {
      throw new Refused(Refused.BAD_DATA, "it is larger than 16 TiB");
    }
    if (file.size() < CopyMessage.UNKNOWN_SIZE
        || (file.size() >= 0 && file.dataBytes() > file.size())) {
      throw new BreachException("a file of an impossible size");
    }
  }

  /**
   * Takes so much more content.
   *
   * @param position where in the file it comes
   */
  static void requireFits(File file, long position, long length) throws BreachException {
    long most = file.size() < 0 ? LARGEST_FILE_BYTES : file.size();
    if (length > most - position) {
      throw new BreachException("a file longer than it was declared");
    }
  }

  /** Takes a hole, which there is only in what has a size. */
  static void requireHoleFits(File file, long position, long length) throws BreachException {
    if (file.size() < 0) {
      throw new BreachException("a hole in a stream");
    }
    requireFits(file, position, length);
  }
}
