package io.posthorn.cli;

import java.io.IOException;

/** Standard output cannot be written, which is no failure of a file or a connection. */
final class OutputException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Failure failure;

  private OutputException(IOException cause) {
    super(cause);
    failure = Failures.of(cause);
  }

  /** Something that is written to standard output. */
  interface Writing {
    /** Writes it. */
    void run() throws IOException;
  }

  /** Writes something to standard output. */
  static void writing(Writing writing) throws OutputException {
    try {
      writing.run();
    } catch (IOException failed) {
      throw new OutputException(failed);
    }
  }

  /** What the command ends with. */
  Failure failure() {
    return failure;
  }
}
