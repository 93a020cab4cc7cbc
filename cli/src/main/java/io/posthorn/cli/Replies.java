package io.posthorn.cli;

import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.SocketClosedException;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Prints what comes back to a sender, on a thread of its own, until the socket closes. */
final class Replies implements Closeable {
  private static final long END_MILLIS = 2_000;

  private final MessageSocket socket;
  private final MessageWriter writer;
  private final Thread thread = new Thread(this::print, "posthorn-replies");
  private volatile @Nullable IOException failure;
  private final AtomicLong count = new AtomicLong();

  Replies(MessageSocket socket, Output output, @Nullable Framing framing) throws Failure {
    this.socket = socket;
    Framing how = framing != null ? framing : output.isJson() ? Framing.JSON : Framing.LINE;
    writer = new MessageWriter(how, output, null);
    thread.setDaemon(true);
    thread.start();
  }

  private void print() {
    try {
      while (true) {
        Message message = socket.receive(Duration.ZERO);
        if (message == null) {
          writer.flush();
          message = socket.receive();
        }
        writer.write(message);
        count.incrementAndGet();
      }
    } catch (SocketClosedException end) {
      return;
    } catch (IOException failed) {
      failure = failed;
    }
  }

  /** Waits so long for replies, less if they cannot be printed any more. */
  void await(Duration time) throws InterruptedException {
    long millis = time.toMillis();
    if (millis > 0) {
      thread.join(millis);
    }
  }

  /** Whoever reads standard output may be gone, as after "head -1": then no more is sent. */
  void requireReader() throws IOException {
    IOException failed = failure;
    if (failed != null && Failures.of(failed).code() == ExitCode.BROKEN_PIPE) {
      throw failed;
    }
  }

  /** How many came so far. */
  long count() {
    return count.get();
  }

  /** Waits for the last to be printed; the socket is closed by now. */
  void finish() throws IOException, InterruptedException {
    thread.join(END_MILLIS);
    writer.flush();
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
