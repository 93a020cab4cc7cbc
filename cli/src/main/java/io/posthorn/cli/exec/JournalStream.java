package io.posthorn.cli.exec;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * A child's standard error for a client that does not take it: what is read goes to the journal,
 * and the reader finds it empty.
 */
final class JournalStream extends FilterInputStream {
  private final ExecServer.ChildErrors errors;

  JournalStream(InputStream from, ExecServer.Journal journal) {
    super(from);
    errors = journal.childErrors();
  }

  @Override
  public int read(byte[] into, int from, int length) throws IOException {
    int count = super.read(into, from, length);
    while (count >= 0) {
      errors.write(Arrays.copyOfRange(into, from, from + count));
      count = super.read(into, from, length);
    }
    errors.end();
    return -1;
  }
}
