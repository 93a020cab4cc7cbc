package io.posthorn.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.LinkedBlockingQueue;

/** What one thread writes and another reads, as a pipe of the system, but as much as it likes. */
final class Pipe {
  private static final byte[] END = {};

  private final LinkedBlockingQueue<byte[]> chunks = new LinkedBlockingQueue<>();
  private final InputStream reader = new Reader();
  private final OutputStream writer = new Writer();
  private volatile boolean ended;

  InputStream reader() {
    return reader;
  }

  OutputStream writer() {
    return writer;
  }

  /** Nothing more is written. */
  void end() {
    ended = true;
    chunks.add(END);
  }

  private final class Writer extends OutputStream {
    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (ended) {
        throw new IOException("Broken pipe");
      }
      if (length > 0) {
        chunks.add(Arrays.copyOfRange(bytes, offset, offset + length));
      }
    }

    @Override
    public void close() {
      end();
    }
  }

  private final class Reader extends InputStream {
    private byte[] chunk = new byte[0];
    private int at;

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
      while (at == chunk.length && chunk != END) {
        chunk = next();
        at = 0;
      }
      if (chunk == END) {
        return -1;
      }
      int count = Math.min(length, chunk.length - at);
      System.arraycopy(chunk, at, bytes, offset, count);
      at += count;
      return count;
    }

    @Override
    public int available() {
      return chunk.length - at;
    }

    /** As a read of the system, which no interrupt ends. */
    private byte[] next() {
      boolean interrupted = false;
      try {
        while (true) {
          try {
            return chunks.take();
          } catch (InterruptedException later) {
            interrupted = true;
          }
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
