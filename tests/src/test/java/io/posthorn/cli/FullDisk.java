package io.posthorn.cli;

import java.io.IOException;
import java.io.OutputStream;

/** A file on a disk that is full. */
final class FullDisk extends OutputStream {
  static final String WORDS = "No space left on device";

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    throw new IOException(WORDS);
  }
}
