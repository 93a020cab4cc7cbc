package io.posthorn.cli;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The messages to send: one repeated, or those of a source. */
final class Input implements Closeable {
  private final byte @Nullable [] repeated;
  private final @Nullable ReadAhead<Failure> source;
  private long left;

  private Input(byte @Nullable [] repeated, @Nullable ReadAhead<Failure> source, long limit) {
    this.repeated = repeated;
    this.source = source;
    this.left = limit;
  }

  /** One message, so many times. */
  static Input repeated(byte[] body, long times) {
    return new Input(body, null, times);
  }

  /** The messages of a source, so many at most. */
  static Input reading(MessageSource source, long limit) {
    return new Input(null, new ReadAhead<>(source, () -> {}), limit);
  }

  /** The next message, or null at the end; waits for it. */
  byte @Nullable [] next() throws IOException, InterruptedException, Failure {
    if (left == 0) {
      return null;
    }
    left--;
    if (source == null) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      return repeated;
    }
    byte[] body = source.next();
    if (body == null) {
      left = 0;
    }
    return body;
  }

  @Override
  public void close() {
    if (source != null) {
      source.close();
    }
  }
}
