package io.posthorn.cli.files;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Reads a stream a little ahead by a thread of its own, for a thread that waits for a pipe or a
 * terminal can neither be interrupted nor hear anything else.
 */
final class ReadAhead implements Closeable {
  private static final int MOST_PIECES = 4;

  /** What the reading thread hands over: bytes, or the end with what caused it. */
  private record Item(byte @Nullable [] bytes, @Nullable IOException failure) {}

  private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(MOST_PIECES);
  private final Thread reader;

  /**
   * Begins to read.
   *
   * @param arrived called, by the reading thread, whenever {@link #isReady} may have become true
   */
  ReadAhead(InputStream in, Runnable arrived) {
    reader = new Thread(() -> readAll(in, arrived), "posthorn-copy-input");
    reader.setDaemon(true);
    reader.start();
  }

  private void readAll(InputStream in, Runnable arrived) {
    byte[] buffer = new byte[CopyMessage.LARGEST_PIECE_BYTES];
    try {
      int count;
      do {
        Item item;
        try {
          count = in.read(buffer);
          item = new Item(count < 0 ? null : Arrays.copyOf(buffer, count), null);
        } catch (IOException failed) {
          count = -1;
          item = new Item(null, failed);
        }
        queue.put(item);
        arrived.run();
      } while (count >= 0);
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether {@link #next} has something at once. */
  boolean isReady() {
    return !queue.isEmpty();
  }

  /** The next bytes, or null at the end; waits for them. */
  byte @Nullable [] next() throws IOException, InterruptedException {
    Item item = queue.take();
    IOException failure = item.failure;
    if (failure != null) {
      throw failure;
    }
    return item.bytes;
  }

  /** Reads no more than what a read under way still brings. */
  @Override
  public void close() {
    reader.interrupt();
  }
}
