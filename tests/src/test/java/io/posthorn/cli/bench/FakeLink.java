package io.posthorn.cli.bench;

import java.util.ArrayList;
import java.util.List;

/** A reliable link on which nothing waits. */
final class FakeLink implements BenchLink {
  final List<byte[]> sent = new ArrayList<>();
  boolean full;
  boolean closed;
  long blockedNanos;
  volatile int tried;

  @Override
  public boolean isReliable() {
    return true;
  }

  @Override
  public synchronized void send(byte[] message) {
    sent.add(message);
    notifyAll();
  }

  @Override
  public synchronized boolean trySend(byte[] message) {
    tried++;
    notifyAll();
    return !full && sent.add(message);
  }

  synchronized byte[] awaitSent() throws InterruptedException {
    while (sent.isEmpty()) {
      wait();
    }
    return sent.remove(0);
  }

  @Override
  public void flush() {
    // Nothing is held back.
  }

  @Override
  public long blockedNanos(long nowNanos) {
    return blockedNanos;
  }

  @Override
  public LinkState state() {
    return LinkState.UNKNOWN;
  }

  @Override
  public void close() {
    closed = true;
  }
}
