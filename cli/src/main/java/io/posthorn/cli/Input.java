package io.posthorn.cli;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The messages to send: one repeated, or those of a stream, read ahead a little by a thread of its
 * own, for a thread that waits for a terminal or a pipe cannot be interrupted.
 */
final class Input implements Closeable {
  private static final int READ_AHEAD = 4;

  /** What the reading thread hands over: a message, or the end with what caused it. */
  private record Item(byte @Nullable [] body, @Nullable Exception failure) {}

  private final byte @Nullable [] repeated;
  private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(READ_AHEAD);
  private final @Nullable Thread reader;
  private long left;

  private Input(byte @Nullable [] repeated, @Nullable MessageSource source, long limit) {
    this.repeated = repeated;
    this.left = limit;
    if (source == null) {
      reader = null;
    } else {
      Thread thread = new Thread(() -> readAll(source), "posthorn-input");
      thread.setDaemon(true);
      thread.start();
      reader = thread;
    }
  }

  /** One message, so many times. */
  static Input repeated(byte[] body, long times) {
    return new Input(body, null, times);
  }

  /** The messages of a source, so many at most. */
  static Input reading(MessageSource source, long limit) {
    return new Input(null, source, limit);
  }

  /** The next message, or null at the end; waits for it. */
  byte @Nullable [] next() throws IOException, InterruptedException, Failure {
    if (left == 0) {
      return null;
    }
    left--;
    if (repeated != null) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      return repeated;
    }
    Item item = queue.take();
    Exception failure = item.failure;
    if (failure instanceof IOException io) {
      throw io;
    }
    if (failure instanceof Failure wrong) {
      throw wrong;
    }
    if (item.body == null) {
      left = 0;
    }
    return item.body;
  }

  private void readAll(MessageSource source) {
    try (source) {
      byte[] body;
      do {
        body = source.next();
        queue.put(new Item(body, null));
      } while (body != null);
    } catch (IOException | Failure failed) {
      offerLast(new Item(null, failed));
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  private void offerLast(Item item) {
    try {
      queue.put(item);
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    Thread thread = reader;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
