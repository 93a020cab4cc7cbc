package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads that wait for a message of one connection: each turn of the loop wakes only those for
 * whom there is one. Driver's lock.
 */
final class ConnectionReaders {
  private final ReentrantLock lock;
  private final Map<Long, Reader> waiting = new HashMap<>();

  /** Those who wait for the messages of one connection. */
  static final class Reader {
    private final long connection;
    private final Condition readable;
    private int threads;

    private Reader(long connection, Condition readable) {
      this.connection = connection;
      this.readable = readable;
    }

    /** Signalled when there is a message, or none will come any more. */
    Condition readable() {
      return readable;
    }
  }

  ConnectionReaders(ReentrantLock lock) {
    this.lock = lock;
  }

  /** A thread begins to wait. */
  Reader enter(long connection) {
    Reader reader =
        waiting.computeIfAbsent(connection, handle -> new Reader(handle, lock.newCondition()));
    reader.threads++;
    return reader;
  }

  /** A thread has waited. */
  void leave(Reader reader) {
    if (--reader.threads == 0) {
      waiting.remove(reader.connection);
    }
  }

  /** Wakes those for whom there is a message. */
  void wakeReadable(Endpoint endpoint) {
    if (waiting.isEmpty()) {
      return;
    }
    for (Reader reader : waiting.values()) {
      if (endpoint.hasMessage(reader.connection)) {
        reader.readable.signalAll();
      }
    }
  }

  /** Wakes those who wait for a connection that has ended. */
  void wake(long connection) {
    @Nullable Reader reader = waiting.get(connection);
    if (reader != null) {
      reader.readable.signalAll();
    }
  }

  /** Wakes all. */
  void wakeAll() {
    for (Reader reader : waiting.values()) {
      reader.readable.signalAll();
    }
  }
}
