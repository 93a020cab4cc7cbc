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

  /**
   * Sends a copy of a message at once, with nothing held back; false if there is no room. For the
   * thread that brings what comes in, which must not wait for one link where it serves others; it
   * waits where each link has a thread of its own.
   */
  default boolean trySend(byte[] message) throws IOException {
    send(message);
    flush();
    return true;
  }

  /** Sees that nothing waits in a buffer for more to come. */
  void flush() throws IOException;

  /**
   * For how many nanoseconds the other side has taken nothing of what is being sent; 0 where
   * nothing is.
   */
  long blockedNanos(long nowNanos);

  /** How it fares; {@link LinkState#UNKNOWN} where nobody tells. */
  LinkState state();

  /** Ends it, and all that waits to send; what is under way may be lost. */
  @Override
  void close();
}
