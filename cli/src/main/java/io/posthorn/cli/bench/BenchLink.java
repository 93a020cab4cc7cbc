package io.posthorn.cli.bench;

import java.io.Closeable;
import java.io.IOException;

/** What carries the messages of one stream from one end. Many threads may send. */
interface BenchLink extends Closeable {
  /** Takes what comes in at the other end of a link; called by one thread at a time. */
  interface Sink {
    /** A message, which is the sink's. */
    void onMessage(byte[] message);

    /** Nothing comes any more. */
    void onEnd(IOException why);
  }

  /** Whether what is sent arrives, so that nothing needs to be asked twice. */
  boolean isReliable();

  /** Sends a copy of a message; waits while there is no room. */
  void send(byte[] message) throws IOException;

  /** Sees that nothing waits in a buffer for more to come. */
  void flush() throws IOException;

  /**
   * For how many nanoseconds the other side has taken nothing of what is being sent; 0 where
   * nothing is, or where the link itself ends when that lasts.
   */
  long blockedNanos(long nowNanos);

  /** How it fares; {@link LinkState#UNKNOWN} where nobody tells. */
  LinkState state();

  @Override
  void close();
}
