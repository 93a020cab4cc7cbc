package io.posthorn.cli;

import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.SocketClosedException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Prints what comes back to a sender, on a thread of its own. */
final class Replies implements Closeable {
  private static final long END_MILLIS = 2_000;

  /** More than a socket holds cannot have come by the end of the wait. */
  private static final long MOST_WAITING_BYTES = 256L << 20;

  private static final int MESSAGE_BYTES = 64; // beside its content

  private final MessageSocket socket;
  private final MessageWriter writer;
  private final Thread thread = new Thread(this::run, "posthorn-replies");
  private final CountDownLatch printed = new CountDownLatch(1);
  private volatile @Nullable IOException failure;
  private volatile boolean ending;
  private long bytesAfterEnd; // of the thread that prints
  private final AtomicLong count = new AtomicLong();

  Replies(MessageSocket socket, Output output, @Nullable Framing framing) throws Failure {
    this.socket = socket;
    Framing how = framing != null ? framing : output.isJson() ? Framing.JSON : Framing.LINE;
    writer = new MessageWriter(how, output, null);
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    print();
    printed.countDown();
    passOver();
  }

  /**
   * What cannot be printed is taken all the same: or the peer might take nothing from us either.
   */
  private void passOver() {
    try {
      while (failure != null && !ending) {
        var unused = socket.receive();
      }
    } catch (IOException ended) {
      return;
    }
  }

  private void print() {
    try {
      for (Message message = next(); message != null; message = next()) {
        writer.write(message);
        count.incrementAndGet();
      }
    } catch (SocketClosedException end) {
      return;
    } catch (IOException failed) {
      failure = failed;
    }
  }

  /** Waits for a reply; null when all that came are taken and no more are waited for. */
  private @Nullable Message next() throws IOException {
    while (true) {
      try {
        boolean last = ending;
        Message message = bytesAfterEnd > MOST_WAITING_BYTES ? null : socket.receive(Duration.ZERO);
        if (message != null) {
          bytesAfterEnd += last ? message.size() + MESSAGE_BYTES : 0;
          return message;
        }
        writer.flush();
        if (last) {
          return null;
        }
        return socket.receive();
      } catch (InterruptedIOException stopped) {
        if (!ending) {
          throw stopped;
        }
        boolean unused = Thread.interrupted();
      }
    }
  }

  /** Waits so long for replies, less if they cannot be printed any more. */
  void await(Duration time) throws InterruptedException {
    long millis = time.toMillis();
    if (millis > 0) {
      var unused = printed.await(millis, TimeUnit.MILLISECONDS);
    }
  }

  /**
   * Whoever reads standard output may be gone, as after "head -1", or its disk be full: then no
   * more is sent.
   */
  void requirePrinting() throws IOException {
    throwIfFailed();
  }

  /** How many came so far. */
  long count() {
    return count.get();
  }

  /**
   * Waits until all that came are printed. Whoever reads standard output slowly is waited for; a
   * signal ends that.
   */
  void finish() throws IOException, InterruptedException {
    ending = true;
    thread.interrupt();
    thread.join();
    throwIfFailed();
  }

  /** After a signal: what can be printed at once, from a socket that is closed. */
  void stop() throws IOException, InterruptedException {
    thread.join(END_MILLIS);
    writer.flush();
    throwIfFailed();
  }

  private void throwIfFailed() throws IOException {
    IOException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
