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
  private final CopyBounds bounds = new CopyBounds();
  private TreeHash hash = new TreeHash();
  private @Nullable File current;

  /** Whether content may come: at once, or after the start that was waited for. */
  private boolean started;

  /** Whether what comes is the content of a file that was refused. */
  private boolean passedOver;

  private boolean whole = true;
  private int id;
  private long files;
  private long bytes;

  /** A receiver for one sender. */
  public StreamReceiver(Connection connection, OutputStream out) {
    this.connection = connection;
    this.out = out;
  }

  /** Files written in full so far. */
  public long files() {
    return files;
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
    CopyBounds.hello(first);
    send(new CopyMessage.Welcome());
  }

  private boolean all() throws IOException {
    while (true) {
      CopyMessage message = next();
      if (message instanceof File file) {
        begin(file);
      } else if (message instanceof CopyMessage.Folder folder) {
        requireNoFile();
        bounds.entry();
        send(new Result(folder.id(), CopyMessage.STORED, ""));
      } else if (message instanceof CopyMessage.Done) {
        requireNoFile();
        out.flush();
        send(new CopyMessage.Progress(bytes));
        send(new CopyMessage.Done());
        return whole;
      } else if (message instanceof CopyMessage.End end) {
        end(end);
      } else if (message instanceof CopyMessage.GiveUp) {
        giveUp();
      } else if (!passedOver) {
        content(message);
      } else if (!isContent(message)) {
        throw outOfTurn();
      }
    }
  }

  private static boolean isContent(@Nullable CopyMessage message) {
    return message instanceof CopyMessage.Start
        || message instanceof CopyMessage.Piece
        || message instanceof CopyMessage.Hole;
  }

  private static BreachException outOfTurn() {
    return new BreachException("a message that is none of copy's, or out of its turn");
  }

  private void content(@Nullable CopyMessage message) throws IOException {
    if (message instanceof CopyMessage.Piece piece) {
      int length = piece.bytes().length - piece.from();
      CopyBounds.requireFits(requireStarted(), hash.length(), length);
      write(piece.bytes(), piece.from(), length);
    } else if (message instanceof CopyMessage.Hole hole) {
      CopyBounds.requireHoleFits(requireStarted(), hash.length(), hole.length());
      zeros(hole.length());
    } else if (message instanceof CopyMessage.Start start) {
      requireFile();
      if (started || start.offset() != 0) {
        throw new BreachException("a start of what has started, or from where nothing was kept");
      }
      started = true;
    } else {
      throw outOfTurn();
    }
  }

  private void requireNoFile() throws BreachException {
    if (current != null || passedOver) {
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

  private File requireStarted() throws BreachException {
    File file = requireFile();
    if (!started) {
      throw new BreachException("content without its start");
    }
    return file;
  }

  private void send(CopyMessage message) throws IOException {
    connection.send(CopyMessage.encode(message));
  }

  private void begin(File file) throws IOException {
    requireNoFile();
    bounds.entry();
    id = file.id();
    hash = new TreeHash();
    int code = CopyMessage.STORED;
    try {
      CopyBounds.requireSize(file);
      current = file;
      started = !file.waits();
    } catch (Refused refused) {
      code = refused.code();
      passedOver = !file.waits();
      fail(code, refused.reason());
    }
    if (file.waits()) {
      send(new CopyMessage.Answer(id, code, 0, new byte[0]));
    }
  }

  private void fail(int code, String reason) throws IOException {
    whole = false;
    send(new Result(id, code, reason));
  }

  private void giveUp() throws IOException {
    if (passedOver) {
      passedOver = false;
      return;
    }
    requireFile();
    current = null;
    fail(Refused.BAD_DATA, "the sender gave up");
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

  private void end(CopyMessage.End end) throws IOException {
    if (passedOver) {
      passedOver = false;
      return;
    }
    requireStarted();
    current = null;
    out.flush();
    if (end.size() == hash.length() && Arrays.equals(hash.hash(), end.hash())) {
      files++;
      send(new Result(id, CopyMessage.STORED, ""));
    } else {
      fail(Refused.BAD_DATA, "what arrived is not what was sent");
    }
  }
}
