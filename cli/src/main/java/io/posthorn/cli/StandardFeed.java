package io.posthorn.cli;

import io.posthorn.cli.session.TwoWaySession;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Standard input as it comes, or line by line with a pause after each. */
final class StandardFeed implements TwoWaySession.Feed {
  private final InputStream in;
  private final byte[] chunk;
  private final long pauseMillis;
  private boolean begun;

  StandardFeed(InputStream in, int largestBytes, Duration pause) {
    this.in = in;
    chunk = new byte[largestBytes];
    pauseMillis = pause.toMillis();
  }

  @Override
  public byte @Nullable [] next() throws IOException, InterruptedException {
    if (begun && pauseMillis > 0) {
      Thread.sleep(pauseMillis);
    }
    begun = true;
    int count = pauseMillis > 0 ? readLine() : in.read(chunk);
    return count < 0 ? null : Arrays.copyOf(chunk, count);
  }

  private int readLine() throws IOException {
    int filled = 0;
    while (filled < chunk.length) {
      int b = in.read();
      if (b < 0) {
        return filled == 0 ? -1 : filled;
      }
      chunk[filled++] = (byte) b;
      if (b == '\n') {
        break;
      }
    }
    return filled;
  }
}
