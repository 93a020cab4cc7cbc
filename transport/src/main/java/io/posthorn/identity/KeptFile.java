package io.posthorn.identity;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What stands in a file of keys, kept until the file changes: it is asked for at each handshake,
 * and then costs a look at the file's state, and no lock.
 *
 * <p>A stream, such as a shell makes of {@code <(pass show hosts)}, can be read once, and is empty
 * from then on: what it said, or that it made no sense, is kept for good.
 *
 * <p>Two changes shortly one after the other may leave the same state, since times of files are as
 * coarse as two seconds. So what is read is kept for good only once the file has had its state for
 * that long; until then it is read at each question. That is measured by the monotonic clock, so a
 * wall clock that is set misleads nobody.
 */
final class KeptFile<T> {
  /** The coarsest time of a file that is common, that of FAT. */
  static final long SETTLED_NANOS = 2_000_000_000L;

  /** Makes an entry of a line. */
  interface Parser<T> {
    /**
     * The entry of a line that says something.
     *
     * @param number of the line, from 1 on
     * @return null if it makes no sense
     */
    @Nullable T parse(String line, int number);
  }

  /**
   * What was read.
   *
   * @param sinceNanos when the file was first seen in this state
   * @param isSettled whether that was long enough before it was read
   */
  private record Kept<T>(FileState state, long sinceNanos, boolean isSettled, List<T> entries) {}

  /**
   * What a stream said.
   *
   * @param problem why that makes no sense; null if it does
   */
  private record Said<T>(List<T> entries, @Nullable IOException problem) {
    List<T> orThrow() throws IOException {
      if (problem != null) {
        throw problem;
      }
      return entries;
    }
  }

  private final Path file;
  private final Parser<T> parser;
  private final String complaint;
  private final LongSupplier nanoTime;
  private volatile @Nullable Kept<T> kept;
  private volatile @Nullable Said<T> said;
  private int reads; // as good as threads that race count

  /**
   * The file of this name, which need not be there.
   *
   * @param complaint what is said of a line that makes no sense, behind its number
   */
  KeptFile(Path file, Parser<T> parser, String complaint, LongSupplier nanoTime) {
    this.file = file;
    this.parser = parser;
    this.complaint = complaint;
    this.nanoTime = nanoTime;
  }

  /** What stands there now; nothing if there is no file. Throws what reading or parsing does. */
  List<T> entries() throws IOException {
    Said<T> stream = said;
    if (stream != null) {
      return stream.orThrow();
    }
    Kept<T> last = kept;
    if (last != null && last.isSettled && isStill(last.state)) {
      return last.entries;
    }
    if (isStream()) {
      return readStream().orThrow();
    }
    long nowNanos = nanoTime.getAsLong();
    GuardedFile.Content content = GuardedFile.readPublic(file);
    reads++;
    if (content == null) {
      kept = null;
      return List.of();
    }
    List<T> entries = parse(content.text());
    boolean seenBefore = last != null && last.state.equals(content.state());
    long sinceNanos = last != null && seenBefore ? last.sinceNanos : nanoTime.getAsLong();
    boolean settled = nowNanos - sinceNanos >= SETTLED_NANOS;
    kept = new Kept<>(content.state(), sinceNanos, settled, entries);
    return entries;
  }

  private List<T> parse(String text) throws IOException {
    List<T> entries = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (KeyLine.isBlank(line)) {
        continue;
      }
      T entry = parser.parse(line, number);
      if (entry == null) {
        throw new IdentityFileException(
            file, file + " line " + number + " " + complaint + "; correct or remove it");
      }
      entries.add(entry);
    }
    return List.copyOf(entries);
  }

  private boolean isStream() {
    try {
      return FileState.of(file).isStream();
    } catch (IOException unreadable) {
      return false; // whoever reads it says why
    }
  }

  private synchronized Said<T> readStream() {
    Said<T> read = said;
    if (read == null) {
      reads++;
      try {
        GuardedFile.Content content = GuardedFile.readPublic(file);
        String text = content == null ? "" : content.text();
        read = new Said<>(parse(text), null);
      } catch (IOException problem) {
        read = new Said<>(List.of(), problem);
      }
      said = read;
    }
    return read;
  }

  private boolean isStill(FileState state) throws IOException {
    try {
      return FileState.of(file).equals(state);
    } catch (NoSuchFileException gone) {
      return false;
    }
  }

  /** How often the file was read. */
  int reads() {
    return reads;
  }
}
