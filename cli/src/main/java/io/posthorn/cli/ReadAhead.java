package io.posthorn.cli;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Reads a source a little ahead by a thread of its own, for a thread that waits for a pipe or a
 * terminal can neither be interrupted nor hear anything else.
 *
 * @param <E> what the source may throw beside {@link IOException}
 */
public final class ReadAhead<E extends Exception> implements Closeable {
  private static final int MOST_PIECES = 4;

  /**
   * What is read, by the reading thread alone, which closes it after its end or a failure.
   *
   * @param <E> what it may throw beside {@link IOException}
   */
  public interface Source<E extends Exception> extends Closeable {
    /** The next bytes, or null at the end. */
    byte @Nullable [] next() throws IOException, E;

    @Override
    default void close() throws IOException {}
  }

  /** What the reading thread hands over: bytes, or the end with what caused it. */
  private record Item(byte @Nullable [] bytes, @Nullable Exception failure) {}

  private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(MOST_PIECES);
  private final Thread reader;

  /**
   * Begins to read.
   *
   * @param arrived called, by the reading thread, whenever {@link #isReady} may have become true
   */
  public ReadAhead(Source<E> source, Runnable arrived) {
    reader = new Thread(() -> readAll(source, arrived), "posthorn-input");
    reader.setDaemon(true);
    reader.start();
  }

  private void readAll(Source<E> source, Runnable arrived) {
    try (source) {
      Item item;
      do {
        item = read(source);
        queue.put(item);
        arrived.run();
      } while (item.bytes != null);
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    } catch (IOException ofClosing) {
      return; // all that was in it has been read
    }
  }

  private Item read(Source<E> source) {
    try {
      return new Item(source.next(), null);
    } catch (Exception failed) {
      return new Item(null, failed);
    }
  }

  /** Whether {@link #next} has something at once. */
  public boolean isReady() {
    return !queue.isEmpty();
  }

  /** The next bytes, or null at the end; waits for them. */
  @SuppressWarnings("unchecked") // the source throws nothing else, but for what needs no word
  public byte @Nullable [] next() throws IOException, InterruptedException, E {
    Item item = queue.take();
    Exception failure = item.failure;
    if (failure instanceof IOException io) {
      throw io;
    }
    if (failure != null) {
      throw (E) failure;
    }
    return item.bytes;
  }

  /** Reads no more than what a read under way still brings. */
  @Override
  public void close() {
    reader.interrupt();
  }
}
