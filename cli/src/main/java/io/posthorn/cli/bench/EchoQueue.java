package io.posthorn.cli.bench;

import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Sends messages back to where they came from, on a thread of its own: a client that does not read
 * holds up nobody else, and can make the server keep so much and no more.
 */
final class EchoQueue {
  private static final long MOST_BYTES = 16 << 20;

  private final BenchLink link;
  private final EchoBudget budget;
  private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private boolean closed;

  /**
   * An empty queue.
   *
   * @param budget what all queues of the server have together
   */
  EchoQueue(BenchLink link, EchoBudget budget) {
    this.link = link;
    this.budget = budget;
  }

  void start() {
    Thread thread = new Thread(this::sendAll, "posthorn-bench-echo");
    thread.setDaemon(true);
    thread.start();
  }

  /** Takes a message, which is the queue's then; false if too much waits, or nothing goes back. */
  synchronized boolean offer(byte[] message) {
    if (closed || waitingBytes + message.length > MOST_BYTES || !budget.take(message.length)) {
      return false;
    }
    waiting.add(message);
    waitingBytes += message.length;
    notifyAll();
    return true;
  }

  /** Sends nothing more. */
  synchronized void close() {
    closed = true;
    waiting.clear();
    budget.giveBack(waitingBytes);
    waitingBytes = 0;
    notifyAll();
  }

  private void sendAll() {
    try {
      for (byte[] message = take(); message != null; message = take()) {
        link.send(message);
        if (isEmpty()) {
          link.flush();
        }
      }
    } catch (IOException gone) {
      close(); // the link tells its session itself
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized byte @Nullable [] take() throws InterruptedException {
    while (waiting.isEmpty() && !closed) {
      wait();
    }
    byte[] message = waiting.poll();
    if (message != null) {
      waitingBytes -= message.length;
      budget.giveBack(message.length);
    }
    return message;
  }

  private synchronized boolean isEmpty() {
    return waiting.isEmpty();
  }
}
