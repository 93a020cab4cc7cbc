package io.posthorn.cli.files;

import io.posthorn.Connection;
import io.posthorn.Message;
import io.posthorn.TransportException;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The content of all files that one sender sends, one behind the other, to a stream. */
public final class StreamReceiver {
  private static final byte[] ZEROS = new byte[64 << 10];

  private final Connection connection;
  private final OutputStream out;
  private TreeHash hash = new TreeHash();
  private @Nullable File current;
  private int id;
  private long bytes;

  /** A receiver for one sender. */
  public StreamReceiver(Connection connection, OutputStream out) {
    this.connection = connection;
    this.out = out;
  }

  /** Bytes written so far. */
  public long bytes() {
    return bytes;
  }

  /**
   * Takes all that the sender sends.
   *
   * @return whether all of it is what the sender has
   * @throws IOException if the connection ends before, the sender breaks the conversation, or the
   *     stream cannot be written
   */
  public boolean run() throws IOException {
    try {
      hello(next());
      return all();
    } catch (BreachException breach) {
      connection.close(
          FileReceiver.CODE_PROTOCOL,
          String.valueOf(breach.getMessage()),
          connection.socket().linger());
      throw breach;
    }
  }

  /** What has come is let out before more is waited for, and where no more comes. */
  private @Nullable CopyMessage next() throws IOException {
    Message message;
    try {
      message = connection.receive(Duration.ZERO);
      if (message == null) {
        out.flush();
        message = connection.receive();
      }
    } catch (TransportException ended) {
      out.flush();
      throw ended;
    }
    return CopyMessage.decode(message.bytes());
  }

  private void hello(@Nullable CopyMessage first) throws IOException {
    if (!(first instanceof CopyMessage.Hello)) {
      throw new BreachException("a conversation that does not begin with its hello");
    }
    send(new CopyMessage.Welcome());
  }

  private boolean all() throws IOException {
    boolean whole = true;
    while (true) {
      CopyMessage message = next();
      if (message instanceof File file) {
        begin(file);
      } else if (message instanceof CopyMessage.Folder folder) {
        requireNoFile();
        send(new Result(folder.id(), CopyMessage.STORED, ""));
      } else if (message instanceof CopyMessage.Piece piece) {
        int length = piece.bytes().length - piece.from();
        requireFits(length);
        write(piece.bytes(), piece.from(), length);
      } else if (message instanceof CopyMessage.Hole hole) {
        if (requireFile().size() < 0) {
          throw new BreachException("a hole in a stream");
        }
        requireFits(hole.length());
        zeros(hole.length());
      } else if (message instanceof CopyMessage.End end) {
        whole &= end(end);
      } else if (message instanceof CopyMessage.GiveUp) {
        requireFile();
        current = null;
        whole = false;
        send(new Result(id, Refused.BAD_DATA, "the sender gave up"));
      } else if (message instanceof CopyMessage.Done) {
        requireNoFile();
        out.flush();
        send(new CopyMessage.Progress(bytes));
        send(new CopyMessage.Done());
        return whole;
      } else if (!(message instanceof CopyMessage.Start)) {
        throw new BreachException("a message that is none of copy's, or out of its turn");
      }
    }
  }

  private void requireNoFile() throws BreachException {
    if (current != null) {
      throw new BreachException("the next begins before the file before has ended");
    }
  }

  private File requireFile() throws BreachException {
    File file = current;
    if (file == null) {
      throw new BreachException("content without a file");
    }
    return file;
  }

  /** A file of unknown size ends when it ends. */
  private void requireFits(long length) throws BreachException {
    long size = requireFile().size();
    if (size >= 0 && length > size - hash.length()) {
      throw new BreachException("a file longer than it was declared");
    }
  }

  private void send(CopyMessage message) throws IOException {
    connection.send(CopyMessage.encode(message));
  }

  private void begin(File file) throws IOException {
    requireNoFile();
    current = file;
    id = file.id();
    hash = new TreeHash();
    if (file.waits()) {
      send(new CopyMessage.Answer(id, CopyMessage.STORED, 0, new byte[0]));
    }
  }

  private void write(byte[] from, int at, int count) throws IOException {
    out.write(from, at, count);
    hash.update(from, at, count);
    long before = bytes;
    bytes += count;
    if (before >> 20 != bytes >> 20) {
      send(new CopyMessage.Progress(bytes));
    }
  }

  /** Written out as they are declared; whoever reads the stream sees each of them. */
  private void zeros(long count) throws IOException {
    for (long left = count; left > 0; left -= ZEROS.length) {
      write(ZEROS, 0, (int) Math.min(left, ZEROS.length));
    }
  }

  private boolean end(CopyMessage.End end) throws IOException {
    requireFile();
    current = null;
    boolean same = end.size() == hash.length() && Arrays.equals(hash.hash(), end.hash());
    out.flush();
    send(
        same
            ? new Result(id, CopyMessage.STORED, "")
            : new Result(id, Refused.BAD_DATA, "what arrived is not what was sent"));
    return same;
  }
}
