package io.posthorn.cli.exec;

import io.posthorn.Connection;
import io.posthorn.Message;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Carries what a child writes on one of its streams to one channel of the client's connection. When
 * the client is gone it goes on reading, so that the child does not stand still.
 */
final class ChildOutput {
  private static final int CHUNK_BYTES = 16 << 10;

  private final InputStream from;
  private final Connection to;
  private final int channel;
  private final Runnable onEnd;
  private long messages;
  private boolean ended;
  private boolean stopped;
  private boolean sending;

  ChildOutput(InputStream from, Connection to, int channel, Runnable onEnd) {
    this.from = from;
    this.to = to;
    this.channel = channel;
    this.onEnd = onEnd;
  }

  void start(String name) {
    Thread thread = new Thread(this::carry, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void carry() {
    byte[] chunk = new byte[CHUNK_BYTES];
    try {
      boolean gone = false;
      for (int count = from.read(chunk); count >= 0; count = from.read(chunk)) {
        gone = gone || !send(Arrays.copyOf(chunk, count));
      }
    } catch (IOException closed) {
      // The child has ended, and its streams with it.
    }
    synchronized (this) {
      ended = true;
    }
    onEnd.run();
  }

  /** Sends a piece; false if the client is gone or takes no more. */
  private boolean send(byte[] bytes) {
    synchronized (this) {
      if (stopped) {
        return false;
      }
      sending = true;
    }
    boolean sent = false;
    try {
      Message message = to.message().channel(channel).body(bytes);
      to.send(message);
      sent = true;
    } catch (IOException gone) {
      sent = false;
    }
    synchronized (this) {
      sending = false;
      if (sent) {
        messages++;
      }
      notifyAll();
    }
    return sent;
  }

  /** Whether all that the child wrote was read. */
  synchronized boolean isEnded() {
    return ended;
  }

  /** Whether a piece is under way to the client, who takes it slowly. */
  synchronized boolean isSending() {
    return sending;
  }

  /** How many pieces were sent so far. */
  synchronized long messages() {
    return messages;
  }

  /** Sends nothing more from now on; answers how many pieces were sent. */
  synchronized long stop() throws InterruptedException {
    stopped = true;
    while (sending) {
      wait();
    }
    return messages;
  }
}
