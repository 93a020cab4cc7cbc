package io.posthorn.bench.stack;

import java.io.IOException;

/**
 * One way to carry messages between two ends in this process. The sender's methods are called by
 * one thread; what arrives is counted by whatever thread the contender receives on.
 */
interface Contender extends AutoCloseable {
  /** As it stands in the table. */
  String name();

  /** Sends one message of the size that was asked for; may wait for room. */
  void send() throws IOException;

  /** Whatever was sent is to leave now; nothing to do where that happens by itself. */
  default void flush() throws IOException {}

  /** Messages that have arrived so far. */
  long received();

  /** Whether messages may be lost: then the run ends when no more come. */
  default boolean isLossy() {
    return false;
  }

  /** Sends one message and waits for it to come back. */
  void roundTrip() throws IOException;

  @Override
  void close() throws IOException;
}
