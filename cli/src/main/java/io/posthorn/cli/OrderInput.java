package io.posthorn.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The lines of standard input, read beside a command's work, as orders to it. The end of input is
 * no order: a command in the background has none and goes on.
 *
 * <p>A job in the background that reads from its terminal is stopped by the system; so from a
 * terminal nothing is read but what is there, while the program is in the foreground.
 */
final class OrderInput {
  private static final int MOST_WAITING = 64;
  private static final long LOOK_MILLIS = 100;

  private final InputStream in;
  private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(MOST_WAITING);

  private OrderInput(InputStream in) {
    this.in = in;
  }

  /** Begins to read. */
  static OrderInput start(Streams streams) {
    OrderInput input = new OrderInput(streams.in());
    boolean terminal = Streams.isTerminal(0);
    Thread reader = new Thread(() -> input.read(terminal), "posthorn-orders");
    reader.setDaemon(true);
    reader.start();
    return input;
  }

  /** Waits for the next line for at most this long; null if none came. */
  @Nullable String next(Duration timeout) throws InterruptedException {
    return lines.poll(Math.max(0, timeout.toNanos()), TimeUnit.NANOSECONDS);
  }

  /** Puts a line that came another way after those that wait, when there is room for it. */
  void add(String line) throws InterruptedException {
    lines.put(line);
  }

  private void read(boolean terminal) {
    try {
      BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      while (true) {
        while (terminal && !reader.ready() && !(StandardInput.mayBeRead() && in.available() > 0)) {
          Thread.sleep(LOOK_MILLIS);
        }
        String line = reader.readLine();
        if (line == null) {
          return;
        }
        lines.put(line);
      }
    } catch (IOException | InterruptedException ended) {
      // Nobody has anything to say any more, which is no concern of the work.
      Thread.currentThread().interrupt();
    }
  }
}
