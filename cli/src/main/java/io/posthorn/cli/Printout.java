package io.posthorn.cli;

import io.posthorn.Message;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What {@code listen} prints of all its peers, a message at a time. After the first failure to
 * write nothing more is printed. Safe for all threads.
 */
final class Printout {
  private final MessageWriter writer;
  private long messages;
  private long bytes;
  private boolean ended;
  private volatile @Nullable IOException failure;

  Printout(MessageWriter writer) {
    this.writer = writer;
  }

  private interface Writing {
    void run() throws IOException;
  }

  private boolean tryTo(Writing writing) {
    if (ended) {
      return false;
    }
    try {
      writing.run();
      return true;
    } catch (IOException failed) {
      failure = failed;
      ended = true;
      return false;
    }
  }

  /**
   * Prints a message.
   *
   * @param session whether it is a piece of a stream of bytes
   * @return false if nothing can be printed any more
   */
  synchronized boolean print(Message message, boolean session) {
    count(1, message.size());
    return tryTo(
        () -> {
          if (session) {
            writer.writeSession(message);
          } else {
            writer.write(message);
          }
        });
  }

  /**
   * Prints a message that came in parts, or a part of one, with no end behind it.
   *
   * @param owner whose it is: if another prints in between, that begins on a line of its own
   * @return false if nothing can be printed any more
   */
  synchronized boolean printPart(Object owner, byte[] part, boolean session) {
    count(0, part.length);
    return tryTo(() -> writer.writePart(owner, part, session));
  }

  /**
   * Ends a message that was printed in parts.
   *
   * @return false if nothing can be printed any more
   */
  synchronized boolean endParts(Object owner) {
    count(1, 0);
    return tryTo(() -> writer.endParts(owner));
  }

  private void count(long newMessages, long newBytes) {
    if (!ended) {
      messages += newMessages;
      bytes += newBytes;
    }
  }

  /**
   * Lets out what waits.
   *
   * @return false if nothing can be printed any more
   */
  synchronized boolean flush() {
    return tryTo(writer::flush);
  }

  /** Prints nothing more. */
  synchronized void end() {
    ended = true;
  }

  /** Does not wait for what is being printed. */
  void throwIfFailed() throws IOException {
    IOException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  synchronized ListenSummary summary() {
    return new ListenSummary(messages, bytes, null);
  }

  synchronized long messages() {
    return messages;
  }
}
