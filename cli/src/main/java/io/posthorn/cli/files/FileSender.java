package io.posthorn.cli.files;

import io.posthorn.Connection;
import io.posthorn.TransportException;
import io.posthorn.cli.files.CopyMessage.Answer;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Folder;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sends files and folders to a receiver (COPY.md). The thread in {@link #send} reads and sends;
 * another takes what the receiver says.
 */
public final class FileSender {
  /** Files of this size are worth a question before they are sent. */
  private static final long ASK_FROM_BYTES = IncomingFile.LEAST_KEPT_BYTES;

  private static final int FILE_MODE = 0644;

  private final Connection connection;
  private final Settings settings;
  private final Watcher watcher;
  private final Map<Integer, String> unsettled = new HashMap<>();
  private int lastId;
  private @Nullable Answer answer;
  private boolean welcome;
  private boolean done;
  private @Nullable IOException ended;
  private int firstCode;
  private Totals totals = new Totals(0, 0, 0, 0);

  /**
   * How files are sent.
   *
   * @param folder where below the receiver's folder; empty for there itself
   * @param checksum whether files are compared by their content rather than by size and time
   * @param pace waits until so many bytes may leave
   */
  public record Settings(String folder, boolean checksum, Pace pace) {}

  /** Holds content back to a rate. */
  public interface Pace {
    /** Waits until so many bytes may leave. */
    void await(int bytes) throws InterruptedException;
  }

  /** Is told how it goes; called by two threads. */
  public interface Watcher {
    /** So many bytes of content more were given to the connection. */
    void sent(long bytes);

    /** So much there is to do. */
    void total(long entries, long bytes);

    /** A file begins. */
    void begins(String name);

    /** So many bytes of content are stored at the receiver. */
    void stored(long bytes);

    /** A file or folder is settled: stored, or there already. */
    void settled(String name, boolean wasThere);

    /** A file or folder was not copied. */
    void failed(String name, String reason);
  }

  /**
   * What became of all.
   *
   * @param stored files and folders that are in their place
   * @param there of these, those that were there already
   * @param failed those that are not
   * @param bytes of content at the receiver
   */
  public record Totals(long stored, long there, long failed, long bytes) {}

  /** A sender over a connection to a receiver. */
  public FileSender(Connection connection, Settings settings, Watcher watcher) {
    this.connection = connection;
    this.settings = settings;
    this.watcher = watcher;
  }

  /** What became of all, so far. */
  public synchronized Totals totals() {
    return totals;
  }

  /** The exit status of the first that failed; 0 if none did. */
  public synchronized int firstCode() {
    return firstCode;
  }

  /**
   * Sends all of a tree and waits until it is stored.
   *
   * @throws IOException if the connection ends
   * @throws InterruptedException if the thread is interrupted
   */
  public void send(SourceTree tree) throws IOException, InterruptedException {
    SourceTree.Totals expected = tree.totals();
    begin(expected.entries(), expected.bytes());
    tree.walk(
        new SourceTree.Visitor() {
          @Override
          public void folder(String name, Path path, BasicFileAttributes attributes)
              throws IOException {
            sendFolder(name, path, attributes);
          }

          @Override
          public void file(String name, Path path, BasicFileAttributes attributes)
              throws IOException {
            sendFile(name, path, attributes);
          }

          @Override
          public void refused(String name, Refused why) {
            notSent(name, why);
          }
        });
    end();
  }

  /** Sends a stream under a name; nothing of it is kept if it does not come to its end. */
  public void send(InputStream in, String name) throws IOException, InterruptedException {
    begin(1, 0);
    int id = newId(name);
    watcher.begins(name);
    Instant now = Instant.now();
    put(
        new File(
            id,
            name,
            FILE_MODE,
            now.getEpochSecond(),
            now.getNano(),
            CopyMessage.UNKNOWN_SIZE,
            0,
            false,
            new byte[0]));
    TreeHash hash = new TreeHash();
    byte[] buffer = new byte[CopyMessage.LARGEST_PIECE_BYTES];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      hash.update(buffer, 0, count);
      piece(buffer, count);
    }
    put(new CopyMessage.End(hash.length(), hash.hash()));
    end();
  }

  private void begin(long entries, long bytes) throws IOException, InterruptedException {
    watcher.total(entries, bytes);
    Thread thread = new Thread(this::takeAnswers, "posthorn-copy-answers");
    thread.setDaemon(true);
    thread.start();
    put(new CopyMessage.Hello(entries, bytes, settings.folder()));
    synchronized (this) {
      while (!welcome) {
        requireGoing();
        wait();
      }
    }
  }

  private void end() throws IOException, InterruptedException {
    put(new CopyMessage.Done());
    synchronized (this) {
      while (!done) {
        requireGoing();
        wait();
      }
    }
  }

  private synchronized void requireGoing() throws IOException {
    IOException failed = ended;
    if (failed != null) {
      throw failed;
    }
  }

  private void put(CopyMessage message) throws IOException {
    try {
      connection.send(CopyMessage.encode(message));
    } catch (TransportException gone) {
      throw toldReason(gone);
    }
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

  private synchronized int newId(String name) {
    int id = ++lastId;
    unsettled.put(id, name);
    return id;
  }

  private void notSent(String name, Refused why) {
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
        new Totals(
            totals.stored + stored, totals.there + there, totals.failed + failed, totals.bytes);
  }

  private void sendFolder(String name, Path path, BasicFileAttributes attributes)
      throws IOException {
    Instant time = SourceTree.time(attributes);
    int id = newId(name);
    put(new Folder(id, name, SourceTree.mode(path, true), time.getEpochSecond(), time.getNano()));
  }

  private void sendFile(String name, Path path, BasicFileAttributes attributes) throws IOException {
    String refusal = RelativeName.refusal(name);
    if (refusal != null) {
      notSent(name, new Refused(Refused.BAD_DATA, refusal));
      return;
    }
    watcher.begins(name);
    try (SourceFile source = SourceFile.open(path, attributes.size())) {
      byte[] hash = settings.checksum() ? SourceFile.hash(path) : new byte[0];
      boolean waits = settings.checksum() || attributes.size() >= ASK_FROM_BYTES;
      Instant time = SourceTree.time(attributes);
      int id = newId(name);
      put(
          new File(
              id,
              name,
              SourceTree.mode(path, false),
              time.getEpochSecond(),
              time.getNano(),
              attributes.size(),
              source.dataBytes(),
              waits,
              hash));
      if (!waits || isWanted(id, source)) {
        sendContent(id, source, attributes);
      }
    } catch (TransportException | InterruptedIOException gone) {
      throw gone;
    } catch (ReadException unreadable) {
      notSent(name, Refused.ofReading(unreadable.failed));
    } catch (IOException failed) {
      requireGoing();
      notSent(name, Refused.ofReading(failed));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  /** A file cannot be read any more, which its receiver knows by now. */
  private static final class ReadException extends Exception {
    private static final long serialVersionUID = 1L;

    private final IOException failed;

    ReadException(IOException failed) {
      super(failed);
      this.failed = failed;
    }
  }

  /** Asks what the receiver has, and begins where that ends. */
  private boolean isWanted(int id, SourceFile source)
      throws IOException, InterruptedException, ReadException {
    Answer said = awaitAnswer(id);
    if (said.code() != CopyMessage.STORED) {
      return false;
    }
    try {
      long kept = said.kept();
      boolean same = kept > 0 && Arrays.equals(said.hash(), source.hashUpTo(kept));
      if (!same) {
        source.startAgain();
      }
      put(new CopyMessage.Start(same ? kept : 0));
      watcher.sent(same ? kept : 0);
      return true;
    } catch (TransportException gone) {
      throw gone;
    } catch (IOException failed) {
      throw giveUp(id, failed);
    }
  }

  private synchronized Answer awaitAnswer(int id) throws IOException, InterruptedException {
    while (answer == null || answer.id() != id) {
      requireGoing();
      wait();
    }
    Answer said = answer;
    answer = null;
    if (said == null) {
      throw new IllegalStateException("an answer went away");
    }
    return said;
  }

  private ReadException giveUp(int id, IOException failed) throws IOException {
    synchronized (this) {
      unsettled.remove(id); // it is counted here, whatever the receiver says of it
    }
    put(new CopyMessage.GiveUp(String.valueOf(failed.getMessage())));
    return new ReadException(failed);
  }

  private void sendContent(int id, SourceFile source, BasicFileAttributes before)
      throws IOException, ReadException {
    byte[] hash;
    try {
      hash =
          source.readRest(
              new SourceFile.Sink() {
                @Override
                public void data(byte[] bytes, int count) throws IOException {
                  requireUnsettled(id);
                  piece(bytes, count);
                }

                @Override
                public void zeros(long count) throws IOException {
                  requireUnsettled(id);
                  put(new CopyMessage.Hole(count));
                  watcher.sent(count);
                }
              });
      if (!source.isUnchanged(before)) {
        throw new SourceFile.ChangedException();
      }
    } catch (SettledException refused) {
      put(new CopyMessage.GiveUp("refused"));
      return;
    } catch (TransportException | InterruptedIOException gone) {
      throw gone;
    } catch (IOException failed) {
      requireGoing();
      throw giveUp(id, failed);
    }
    put(new CopyMessage.End(before.size(), hash));
  }

  /** The receiver has refused the file: the rest of it need not be sent. */
  private static final class SettledException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  private synchronized void requireUnsettled(int id) throws SettledException {
    if (!unsettled.containsKey(id)) {
      throw new SettledException();
    }
  }

  private void piece(byte[] bytes, int count) throws IOException {
    try {
      settings.pace().await(count);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
    put(new CopyMessage.Piece(Arrays.copyOf(bytes, count), 0));
    watcher.sent(count);
  }

  // What the receiver says.

  private void takeAnswers() {
    try {
      while (true) {
        CopyMessage message = CopyMessage.decode(connection.receive().bytes());
        if (message == null) {
          throw new IOException("the receiver says what no receiver says: check its version");
        }
        take(message);
      }
    } catch (IOException gone) {
      synchronized (this) {
        ended = gone;
        notifyAll();
      }
    }
  }

  private void take(CopyMessage message) {
    if (message instanceof CopyMessage.Progress progress) {
      synchronized (this) {
        totals = new Totals(totals.stored, totals.there, totals.failed, progress.bytes());
      }
      watcher.stored(progress.bytes());
    } else if (message instanceof Result result) {
      settle(result);
    }
    synchronized (this) {
      if (message instanceof Answer said) {
        answer = said;
      } else if (message instanceof CopyMessage.Welcome) {
        welcome = true;
      } else if (message instanceof CopyMessage.Done) {
        done = true;
      }
      notifyAll();
    }
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
