package io.posthorn.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A file written by a thread of its own: {@link #write} copies into a bounded buffer and never
 * waits for the disk. Two buffers change places: one is filled while the other is written.
 *
 * <p>{@code lock} guards everything but the file; nothing is written under it.
 */
public final class BackgroundFile implements Closeable {
  /** Bytes that may wait for the disk. */
  public static final int BUFFER_BYTES = 4 << 20;

  private static final int FIRST_BYTES = 64 << 10;
  private static final long CLOSE_NANOS = 10_000_000_000L;

  private final Path path;
  private final FileChannel file;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition filled = lock.newCondition();
  private final Condition ended = lock.newCondition();
  private byte[] filling = new byte[FIRST_BYTES];
  private int length;
  private byte[] spare = new byte[FIRST_BYTES];
  private boolean closing;
  private long closingSinceNanos;
  private boolean over;
  private @Nullable IOException failure;

  /**
   * Creates the file, or empties it, and starts its thread.
   *
   * @throws IOException if it cannot be written
   */
  public BackgroundFile(Path path) throws IOException {
    this(
        path,
        Set.of(
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING));
  }

  /**
   * Opens the file and starts its thread.
   *
   * @throws IOException if it cannot be opened
   */
  public BackgroundFile(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    this.path = path;
    this.file = FileChannel.open(path, options, attributes);
    this.thread = new Thread(this::run, "posthorn-trace");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Takes one record whole, or leaves it whole; never waits.
   *
   * @param bytes borrowed for the call
   * @return whether it was taken
   */
  public boolean write(byte[] bytes, int from, int count) {
    lock.lock();
    try {
      if (closing || failure != null || length + count > BUFFER_BYTES) {
        return false;
      }
      if (filling.length - length < count) {
        int larger = Math.max(2 * filling.length, length + count);
        filling = Arrays.copyOf(filling, Math.min(larger, BUFFER_BYTES));
      }
      System.arraycopy(bytes, from, filling, length, count);
      length += count;
      filled.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (true) {
      ByteBuffer next = take();
      if (next == null) {
        finish(null);
        return;
      }
      try {
        while (next.hasRemaining()) {
          file.write(next);
        }
      } catch (IOException failed) {
        finish(failed);
        return;
      }
    }
  }

  /** What has been filled meanwhile; null if there is nothing more and never will be. */
  private @Nullable ByteBuffer take() {
    lock.lock();
    try {
      while (length == 0) {
        if (closing) {
          return null;
        }
        filled.awaitUninterruptibly();
      }
      byte[] full = filling;
      int bytes = length;
      filling = spare;
      spare = full; // being written until the next call
      length = 0;
      return ByteBuffer.wrap(full, 0, bytes);
    } finally {
      lock.unlock();
    }
  }

  private void finish(@Nullable IOException why) {
    boolean closed = why instanceof ClosedChannelException;
    IOException problem = why;
    try {
      file.close();
    } catch (IOException failed) {
      problem = problem == null ? failed : problem;
    }
    if (problem != null) {
      String reason = closed ? "it was not written in time" : String.valueOf(problem.getMessage());
      System.getLogger("io.posthorn.trace")
          .log(
              System.Logger.Level.WARNING,
              path + " is incomplete: " + reason + "; the socket goes on without it");
    }
    lock.lock();
    try {
      failure = problem;
      over = true;
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more: what waits is written, and then the file closed. Does not wait for that. */
  public void beginClose() {
    lock.lock();
    try {
      if (!closing) {
        closing = true;
        closingSinceNanos = System.nanoTime();
        filled.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes what waits, for at most ten seconds from the moment that closing began, and closes the
   * file.
   */
  @Override
  public void close() {
    beginClose();
    lock.lock();
    try {
      long left = CLOSE_NANOS - (System.nanoTime() - closingSinceNanos);
      boolean interrupted = false;
      while (!over && left > 0) {
        try {
          left = ended.awaitNanos(left);
        } catch (InterruptedException e) {
          interrupted = true;
          left = Math.min(left, TimeUnit.MILLISECONDS.toNanos(100));
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      if (over) {
        return;
      }
    } finally {
      lock.unlock();
    }
    try {
      file.close(); // wakes a thread that hangs in a write
    } catch (IOException alreadySaid) {
      // The thread finds the file closed, and says so.
    }
  }
}
