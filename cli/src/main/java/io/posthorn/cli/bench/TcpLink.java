package io.posthorn.cli.bench;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;

/** A link over the kernel's TCP: each message behind its length in four bytes. */
final class TcpLink implements BenchLink {
  private static final int BUFFER_BYTES = 64 << 10;

  private final Socket socket;
  private final WatchedOutput written;
  private final DataOutputStream out;

  TcpLink(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    written = new WatchedOutput(socket.getOutputStream());
    out = new DataOutputStream(new BufferedOutputStream(written, BUFFER_BYTES));
  }

  @Override
  public boolean isReliable() {
    return true;
  }

  @Override
  public synchronized void send(byte[] message) throws IOException {
    out.writeInt(message.length);
    out.write(message);
  }

  @Override
  public synchronized void flush() throws IOException {
    out.flush();
  }

  @Override
  public long blockedNanos(long nowNanos) {
    return written.blockedNanos(nowNanos);
  }

  @Override
  public LinkState state() {
    return LinkState.UNKNOWN;
  }

  /** Begins to read on a thread of its own. */
  void deliverTo(Sink sink, String threadName) {
    Thread reader = new Thread(() -> read(sink), threadName);
    reader.setDaemon(true);
    reader.start();
  }

  private void read(Sink sink) {
    try {
      DataInputStream in =
          new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES));
      while (true) {
        int length = in.readInt();
        if (length < 0 || length > BenchPlan.MOST_MESSAGE_BYTES) {
          throw new IOException("a message of " + length + " bytes: the other side is no bench");
        }
        // A length is only a claim: what is not there is not allocated in advance.
        byte[] message = in.readNBytes(length);
        if (message.length < length) {
          throw new EOFException("the connection ended in a message");
        }
        sink.onMessage(message);
      }
    } catch (EOFException end) {
      sink.onEnd(new IOException("the other side closed the connection", end));
    } catch (IOException failed) {
      sink.onEnd(failed);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException ignored) {
      // It is given up either way, and what counts has been reported.
      Thread.onSpinWait();
    }
  }
}
