package io.posthorn.cli.files;

import io.posthorn.ChannelLimitException;
import io.posthorn.Connection;
import io.posthorn.MessageTooLargeException;
import io.posthorn.TransportException;
import io.posthorn.cli.files.CopyMessage.Answer;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The sender's side of the conversation in COPY.md: one thread says what it has to say, another
 * takes what the receiver says, and both count what became of each file.
 */
final class SenderDialogue {
  private final Connection connection;
  private final CopyWatcher watcher;
  private final Map<Integer, String> unsettled = new HashMap<>();
  private int lastId;
  private @Nullable File asked;
  private @Nullable Answer answer;
  private boolean helloSaid;
  private boolean welcome;
  private boolean doneSaid;
  private boolean done;
  private @Nullable IOException ended;
  private int firstCode;
  private CopyTotals totals = new CopyTotals(0, 0, 0, 0, 0);

  SenderDialogue(Connection connection, CopyWatcher watcher) {
    this.connection = connection;
    this.watcher = watcher;
  }

  /** Says what is to come, and waits until the receiver takes it. */
  void begin(long entries, long bytes, String folder) throws IOException, InterruptedException {
    watcher.total(entries, bytes);
    Thread thread = new Thread(this::takeAnswers, "posthorn-copy-answers");
    thread.setDaemon(true);
    thread.start();
    synchronized (this) {
      helloSaid = true;
    }
    put(new CopyMessage.Hello(entries, bytes, folder));
    await(() -> welcome);
  }

  /** Says that all has been sent, and waits until it is stored. */
  void end() throws IOException, InterruptedException {
    synchronized (this) {
      doneSaid = true;
    }
    put(new CopyMessage.Done());
    await(() -> done);
  }

  /** Waits until the receiver has said something. */
  private void await(BooleanSupplier said) throws IOException, InterruptedException {
    watcher.waits(true);
    synchronized (this) {
      while (!said.getAsBoolean()) {
        requireGoing();
        wait();
      }
    }
    watcher.waits(false);
  }

  /** Says something. */
  void put(CopyMessage message) throws IOException {
    watcher.waits(true);
    try {
      connection.send(CopyMessage.encode(message));
    } catch (MessageTooLargeException | ChannelLimitException refused) {
      throw refused; // the connection goes on without it
    } catch (TransportException gone) {
      throw toldReason(gone);
    }
    watcher.waits(false);
  }

  /** The other thread knows better why the connection has ended, and knows it at once. */
  private IOException toldReason(TransportException gone) throws InterruptedIOException {
    synchronized (this) {
      try {
        while (ended == null) {
          wait();
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      }
      IOException failed = ended;
      return failed != null ? failed : gone;
    }
  }

  /** A new id, for something of which the receiver says what became of it. */
  synchronized int newId(String name) {
    int id = ++lastId;
    unsettled.put(id, name);
    return id;
  }

  /**
   * What becomes of an id is counted elsewhere.
   *
   * @return false if it is counted here already, since the receiver has said what became of it
   */
  synchronized boolean forget(int id) {
    return unsettled.remove(id) != null;
  }

  /** The receiver has refused the file: the rest of it need not be sent. */
  static final class SettledException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** Fails if the receiver has said already what becomes of this id. */
  synchronized void requireUnsettled(int id) throws SettledException {
    if (!unsettled.containsKey(id)) {
      throw new SettledException();
    }
  }

  /**
   * Waits for something that does not come from the receiver; {@link #wake} has it looked for
   * again.
   *
   * @throws SettledException if the receiver has said what becomes of this id
   * @throws IOException if the conversation has ended
   */
  synchronized void awaitUnsettled(int id, BooleanSupplier something)
      throws IOException, InterruptedException {
    requireUnsettled(id);
    while (!something.getAsBoolean()) {
      requireGoing();
      wait();
      requireUnsettled(id);
    }
  }

  /** Something may have come for {@link #awaitUnsettled}. */
  synchronized void wake() {
    notifyAll();
  }

  /** Asks how the receiver wants a file, and waits until it answers. */
  Answer ask(File file) throws IOException, InterruptedException {
    synchronized (this) {
      asked = file;
      answer = null;
    }
    put(file);
    await(() -> answer != null);
    synchronized (this) {
      return Objects.requireNonNull(answer);
    }
  }

  /** Fails if the conversation has ended. */
  synchronized void requireGoing() throws IOException {
    IOException failed = ended;
    if (failed != null) {
      throw failed;
    }
  }

  /** Something that cannot be sent. */
  void notSent(String name, Refused why) {
    watcher.failed(name, why.reason());
    synchronized (this) {
      count(0, 0, 1);
      if (firstCode == 0) {
        firstCode = why.code();
      }
    }
  }

  private synchronized void count(int stored, int there, int failed) {
    totals =
        new CopyTotals(
            totals.stored() + stored,
            totals.there() + there,
            totals.failed() + failed,
            totals.bytes(),
            totals.sentBytes());
  }

  /** So much more content was sent. */
  synchronized void sent(int bytes) {
    totals =
        new CopyTotals(
            totals.stored(),
            totals.there(),
            totals.failed(),
            totals.bytes(),
            totals.sentBytes() + bytes);
  }

  /** What became of all, so far. */
  synchronized CopyTotals totals() {
    return totals;
  }

  /** The exit status of the first that failed; 0 if none did. */
  synchronized int firstCode() {
    return firstCode;
  }

  // What the receiver says.

  private void takeAnswers() {
    try {
      while (true) {
        CopyMessage message = CopyMessage.decode(connection.receive().bytes());
        if (message == null || !take(message)) {
          throw new BreachException("the receiver says what no receiver says: check its version");
        }
      }
    } catch (IOException gone) {
      if (gone instanceof BreachException) {
        connection.close(
            FileReceiver.CODE_PROTOCOL, String.valueOf(gone.getMessage()), Duration.ZERO);
      }
      synchronized (this) {
        ended = gone;
        notifyAll();
      }
    }
  }

  /** Answers whether a receiver may say this now. */
  private boolean take(CopyMessage message) {
    if (message instanceof CopyMessage.Progress progress) {
      synchronized (this) {
        totals =
            new CopyTotals(
                totals.stored(),
                totals.there(),
                totals.failed(),
                progress.bytes(),
                totals.sentBytes());
      }
      watcher.stored(progress.bytes());
    } else if (message instanceof Result result) {
      settle(result);
    }
    synchronized (this) {
      if (message instanceof Answer said && answers(asked, said)) {
        asked = null;
        answer = said;
      } else if (message instanceof CopyMessage.Welcome && helloSaid && !welcome) {
        welcome = true;
      } else if (message instanceof CopyMessage.Done && doneSaid && unsettled.isEmpty()) {
        done = true;
      } else if (!(message instanceof CopyMessage.Progress || message instanceof Result)) {
        return false;
      }
      notifyAll();
    }
    return true;
  }

  /** Whether this is an answer to what was asked; what is kept is hashed in whole blocks. */
  private static boolean answers(@Nullable File file, Answer said) {
    return file != null
        && file.id() == said.id()
        && said.kept() <= file.size()
        && said.kept() % TreeHash.BLOCK_BYTES == 0;
  }

  private void settle(Result result) {
    String name;
    boolean good = result.code() == CopyMessage.STORED || result.code() == CopyMessage.THERE;
    synchronized (this) {
      name = unsettled.remove(result.id());
      if (name == null) {
        return;
      }
      count(good ? 1 : 0, result.code() == CopyMessage.THERE ? 1 : 0, good ? 0 : 1);
      if (!good && firstCode == 0) {
        firstCode = result.code();
      }
    }
    if (good) {
      watcher.settled(name, result.code() == CopyMessage.THERE);
    } else {
      watcher.failed(name, result.reason());
    }
  }
}
