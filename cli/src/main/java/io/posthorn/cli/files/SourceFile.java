package io.posthorn.cli.files;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;

/** Reads one file from front to back and hashes it; holes are passed over unread. */
final class SourceFile implements Closeable {
  private static final int READ_BYTES = CopyMessage.LARGEST_PIECE_BYTES;

  /** Zeros in data are worth a hole from this length on. */
  private static final byte[] ZEROS = new byte[READ_BYTES];

  /** Takes the content. */
  interface Sink {
    /** The next bytes, of which there is at least one. */
    void data(byte[] bytes, int count) throws IOException;

    /** Zeros. */
    void zeros(long count) throws IOException;
  }

  private final Path path;
  private final long size;
  private final FileChannel file;
  private final List<Holes.Range> ranges;
  private TreeHash hash = new TreeHash();

  private SourceFile(Path path, long size, FileChannel file, List<Holes.Range> ranges) {
    this.path = path;
    this.size = size;
    this.file = file;
    this.ranges = ranges;
  }

  static SourceFile open(Path path, long size) throws IOException {
    // By its path, not by the text of it, which cannot spell every name.
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
    return new SourceFile(path, size, file, Holes.dataOf(path, size));
  }

  /** Bytes that are not in holes, at most. */
  long dataBytes() {
    long sum = 0;
    for (Holes.Range range : ranges) {
      sum += range.to() - range.from();
    }
    return sum;
  }

  /** Hashes up to here without giving it to anyone; the end of a block. */
  byte[] hashUpTo(long offset) throws IOException {
    read(
        0,
        offset,
        new Sink() {
          @Override
          public void data(byte[] bytes, int count) {
            hash.update(bytes, 0, count);
          }

          @Override
          public void zeros(long count) {
            hash.zeros(count);
          }
        });
    return hash.hashSoFar();
  }

  /** What was hashed does not count. */
  void startAgain() {
    hash = new TreeHash();
  }

  /** Reads from where it stands to the end; answers the hash of all. */
  byte[] readRest(Sink sink) throws IOException {
    read(
        hash.length(),
        size,
        new Sink() {
          @Override
          public void data(byte[] bytes, int count) throws IOException {
            hash.update(bytes, 0, count);
            if (count == READ_BYTES && Arrays.equals(bytes, ZEROS)) {
              sink.zeros(count);
            } else {
              sink.data(bytes, count);
            }
          }

          @Override
          public void zeros(long count) throws IOException {
            hash.zeros(count);
            sink.zeros(count);
          }
        });
    return hash.hash();
  }

  private void read(long from, long to, Sink sink) throws IOException {
    byte[] buffer = new byte[READ_BYTES];
    long at = from;
    for (Holes.Range range : ranges) {
      long start = Math.max(at, range.from());
      long end = Math.min(to, range.to());
      if (start >= end) {
        continue;
      }
      if (start > at) {
        sink.zeros(start - at);
      }
      at = start;
      while (at < end) {
        int count = readAt(at, buffer, (int) Math.min(buffer.length, end - at));
        if (count < 0) {
          throw new ChangedException();
        }
        if (count > 0) {
          sink.data(buffer, count);
          at += count;
        }
      }
    }
    if (at < to) {
      sink.zeros(to - at);
    }
  }

  private int readAt(long position, byte[] buffer, int most) throws IOException {
    try {
      return file.read(ByteBuffer.wrap(buffer, 0, most), position);
    } catch (ClosedByInterruptException interrupted) {
      throw new InterruptedIOException("interrupted while a file is read");
    }
  }

  /** Whether it is still as it was when its attributes were read. */
  boolean isUnchanged(BasicFileAttributes before) throws IOException {
    BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
    return now.size() == before.size() && now.lastModifiedTime().equals(before.lastModifiedTime());
  }

  /** The file became shorter under our eyes. */
  static final class ChangedException extends IOException {
    private static final long serialVersionUID = 1L;

    ChangedException() {
      super("it changed while it was read");
    }
  }

  /** The hash of a whole file. */
  static byte[] hash(Path path) throws IOException {
    TreeHash hash = new TreeHash();
    byte[] buffer = new byte[READ_BYTES];
    try (InputStream in = Files.newInputStream(path)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        SourceTree.requireUninterrupted();
        hash.update(buffer, 0, count);
      }
    }
    return hash.hash();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
