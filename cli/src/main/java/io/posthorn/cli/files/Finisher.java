package io.posthorn.cli.files;

import io.posthorn.Connection;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Brings whole files to the disk and under their names, several at once, for the disk serves many
 * that wait as fast as one; and tells the sender what became of each.
 */
final class Finisher implements Closeable {
  private static final int THREADS = 8;
  private static final int WAITING_FILES = 64;

  private final Connection connection;
  private final FileReceiver.Journal journal;
  private final BlockingQueue<IncomingFile> waiting = new ArrayBlockingQueue<>(WAITING_FILES);
  private final Set<Path> places = new HashSet<>(); // of those under way
  private int underWay;
  private final List<Thread> workers = new ArrayList<>();
  private boolean closed;
  private @Nullable IOException failure;

  Finisher(Connection connection, FileReceiver.Journal journal) {
    this.connection = connection;
    this.journal = journal;
  }

  /** Takes a whole file; waits if many wait already. */
  void finish(IncomingFile file) throws IOException {
    synchronized (this) {
      underWay++;
      places.add(file.place());
      if (workers.size() < THREADS && underWay > workers.size()) {
        Thread thread = new Thread(this::work, "posthorn-receive-disk");
        thread.setDaemon(true);
        workers.add(thread);
        thread.start();
      }
    }
    try {
      waiting.put(file);
    } catch (InterruptedException interrupted) {
      file.giveUp();
      ended(file, null);
      throw interrupted();
    }
  }

  /** Tells the sender what became of a file or folder. */
  void done(Result result) throws IOException {
    connection.send(CopyMessage.encode(result));
  }

  private void work() {
    try {
      while (!isClosed()) {
        store(waiting.take());
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private void store(IncomingFile file) {
    IOException failed = null;
    try {
      Result result = new Result(file.file().id(), CopyMessage.STORED, "");
      try {
        file.finish();
        journal.stored(file.file().path(), file.position());
      } catch (Refused refused) {
        file.giveUp();
        journal.refused(file.file().path(), refused.reason());
        result = new Result(file.file().id(), refused.code(), refused.reason());
      }
      done(result);
    } catch (IOException gone) {
      failed = gone;
    } finally {
      ended(file, failed);
    }
  }

  private synchronized void ended(IncomingFile file, @Nullable IOException failed) {
    underWay--;
    places.remove(file.place());
    if (failed != null && failure == null) {
      failure = failed;
    }
    notifyAll();
  }

  /** Waits until no file on its way to this place is left, so that the next one finds it there. */
  synchronized void await(Path place) throws IOException {
    try {
      while (places.contains(place)) {
        wait();
      }
    } catch (InterruptedException interrupted) {
      throw interrupted();
    }
  }

  private static InterruptedIOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while files go to the disk");
  }

  /** Waits until all are on the disk and told. */
  synchronized void awaitAll() throws IOException {
    try {
      while (underWay > 0) {
        wait();
      }
    } catch (InterruptedException interrupted) {
      throw interrupted();
    }
    IOException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }

  /** Whole files are still finished: they have arrived, whatever became of their sender. */
  @Override
  public void close() {
    boolean interrupted = Thread.interrupted();
    synchronized (this) {
      closed = true;
    }
    for (IncomingFile left = waiting.poll(); left != null; left = waiting.poll()) {
      store(left);
    }
    synchronized (this) {
      try {
        while (underWay > 0) {
          wait();
        }
      } catch (InterruptedException again) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      workers.forEach(Thread::interrupt);
    }
  }
}
