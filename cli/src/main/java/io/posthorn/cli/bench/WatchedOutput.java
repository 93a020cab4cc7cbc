package io.posthorn.cli.bench;

import java.io.IOException;
import java.io.OutputStream;

/**
 * The output of a TCP connection, which waits for as long as the other side takes nothing: others
 * can see for how long it has. Written to by one thread at a time.
 */
final class WatchedOutput extends OutputStream {
  /** Less than the other side takes within a second, however slow the way is. */
  private static final int PIECE_BYTES = 64 << 10;

  private final OutputStream out;
  private volatile boolean writing;
  private volatile long sinceNanos;

  WatchedOutput(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    int end = from + length;
    for (int at = from; at < end; at += PIECE_BYTES) {
      sinceNanos = System.nanoTime();
      writing = true;
      try {
        out.write(bytes, at, Math.min(PIECE_BYTES, end - at));
      } finally {
        writing = false;
      }
    }
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  /** For how many nanoseconds the piece that is being written has waited; 0 if there is none. */
  long blockedNanos(long nowNanos) {
    return writing ? Math.max(0, nowNanos - sinceNanos) : 0;
  }
}
