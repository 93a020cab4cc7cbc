package io.posthorn.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard output. That nobody reads it any more the system says in words of its user's language;
 * here that becomes an exception of its own.
 */
final class StandardOutput extends FilterOutputStream {
  private final Path descriptor;

  /**
   * Writes to a stream.
   *
   * @param descriptor the link that tells what it leads to
   */
  StandardOutput(OutputStream out, Path descriptor) {
    super(out);
    this.descriptor = descriptor;
  }

  /** Nobody reads the other end of a pipe. */
  static final class UnreadException extends IOException {
    private static final long serialVersionUID = 1L;

    UnreadException(IOException cause) {
      super("broken pipe", cause);
    }
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    try {
      out.write(bytes, from, length);
    } catch (IOException failed) {
      throw leadsToAReader() ? new UnreadException(failed) : failed;
    }
  }

  /** Whether there is a program at the other end, the one thing that can fail in a pipe. */
  private boolean leadsToAReader() {
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      return target.startsWith("pipe:") || target.startsWith("socket:");
    } catch (IOException | RuntimeException elsewhere) {
      return false;
    }
  }
}
