package io.posthorn.cli.files;

import io.posthorn.Connection;
import io.posthorn.Outcome;
import io.posthorn.Receipt;
import io.posthorn.TransportException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A receiver's conversation as others see it that want the file which it holds. A sender that was
 * killed has said nothing, and its conversation would hold the file until the connection's idle
 * timeout; so if its peer, known by its key, comes again for the file, the older one is asked
 * whether anybody is there, and ended if not.
 */
final class Conversation implements Closeable {
  /** Several round trips and losses of any path that files are sent over. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Set<Conversation> GOING = ConcurrentHashMap.newKeySet();

  private final Connection connection;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile @Nullable Path place;
  private volatile long storedBytes;

  Conversation(Connection connection) {
    this.connection = connection;
  }

  /** Content for this place is about to come; whoever else has it from the same peer lets go. */
  void begins(Path wanted) throws IOException {
    for (Conversation other : GOING) {
      if (other != this && wanted.equals(other.place) && isSamePeer(other) && !other.isAnswered()) {
        other.end();
      }
    }
    place = wanted;
    GOING.add(this);
  }

  /** So much content is stored by now. */
  void stored(long bytes) {
    storedBytes = bytes;
  }

  private boolean isSamePeer(Conversation other) {
    String key = connection.peerFingerprint();
    return key != null && key.equals(other.connection.peerFingerprint());
  }

  /** Whether the peer acknowledges a word, which it may be told at any time. */
  private boolean isAnswered() throws IOException {
    byte[] word = CopyMessage.encode(new CopyMessage.Progress(storedBytes));
    try {
      Receipt told = connection.trySend(connection.message().body(word));
      if (told == null) {
        return true; // so much is on its way to it that nothing can be said
      }
      Outcome outcome = told.await(PATIENCE);
      return outcome != null && outcome.kind() == Outcome.Kind.ACKNOWLEDGED;
    } catch (TransportException ended) {
      return false;
    }
  }

  /** Ends it, and waits until it holds nothing. */
  private void end() throws InterruptedIOException {
    connection.close(Refused.TRY_AGAIN, "the same sender has begun anew", Duration.ZERO);
    try {
      over.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while an earlier sender lets go");
    }
  }

  /** It holds nothing any more. */
  @Override
  public void close() {
    GOING.remove(this);
    over.countDown();
  }
}
