package io.posthorn.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** An input that may have to be waited for: what was printed before that is let out. */
final class WaitingInput extends FilterInputStream {
  private final Output output;

  WaitingInput(InputStream in, Output output) {
    super(in);
    this.output = output;
  }

  @Override
  public int read() throws IOException {
    flushIfWaiting();
    return in.read();
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    flushIfWaiting();
    return in.read(into, from, length);
  }

  private void flushIfWaiting() throws IOException {
    if (in.available() == 0) {
      output.flush();
    }
  }
}
