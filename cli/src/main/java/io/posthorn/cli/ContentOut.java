package io.posthorn.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** Standard output as a stream of what others sent; harmless where a terminal looks. */
final class ContentOut extends OutputStream {
  private final Output output;
  private final TerminalText shown = new TerminalText();

  ContentOut(Output output) {
    this.output = output;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    if (output.outIsTerminal()) {
      byte[] harmless = shown.show(Arrays.copyOfRange(bytes, from, from + length));
      OutputException.writing(() -> output.write(harmless, 0, harmless.length));
    } else {
      OutputException.writing(() -> output.write(bytes, from, length));
    }
  }

  @Override
  public void flush() throws IOException {
    OutputException.writing(output::flush);
  }
}
