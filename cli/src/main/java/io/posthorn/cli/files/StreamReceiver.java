package io.posthorn.cli.files;

import io.posthorn.Connection;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** The content of all files that one sender sends, one behind the other, to a stream. */
public final class StreamReceiver {
  private static final byte[] ZEROS = new byte[64 << 10];

  private final Connection connection;
  private final OutputStream out;
  private TreeHash hash = new TreeHash();
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
    boolean whole = true;
    while (true) {
      CopyMessage message = CopyMessage.decode(connection.receive().bytes());
      if (message instanceof CopyMessage.Hello) {
        send(new CopyMessage.Welcome());
      } else if (message instanceof File file) {
        begin(file);
      } else if (message instanceof CopyMessage.Folder folder) {
        send(new Result(folder.id(), CopyMessage.STORED, ""));
      } else if (message instanceof CopyMessage.Piece piece) {
        write(piece.bytes(), piece.from(), piece.bytes().length - piece.from());
      } else if (message instanceof CopyMessage.Hole hole) {
        zeros(hole.length());
      } else if (message instanceof CopyMessage.End end) {
        whole &= end(end);
      } else if (message instanceof CopyMessage.GiveUp) {
        whole = false;
        send(new Result(id, Refused.BAD_DATA, "the sender gave up"));
      } else if (message instanceof CopyMessage.Done) {
        out.flush();
        send(new CopyMessage.Progress(bytes));
        send(new CopyMessage.Done());
        return whole;
      } else if (!(message instanceof CopyMessage.Start)) {
        connection.close(
            FileReceiver.CODE_PROTOCOL,
            "a message that is none of copy's",
            connection.socket().linger());
        throw new IOException("the sender breaks the conversation");
      }
    }
  }

  private void send(CopyMessage message) throws IOException {
    connection.send(CopyMessage.encode(message));
  }

  private void begin(File file) throws IOException {
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
    boolean same = end.size() == hash.length() && Arrays.equals(hash.hash(), end.hash());
    out.flush();
    send(
        same
            ? new Result(id, CopyMessage.STORED, "")
            : new Result(id, Refused.BAD_DATA, "what arrived is not what was sent"));
    return same;
  }
}
